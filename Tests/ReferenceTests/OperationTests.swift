import Foundation
import MobileNet
import Reference
import Testing

@Suite struct OperationTests {
  @Test func `preprocessing maps 0, 1/2, 1 to -1, 0, 1`() {
    let images = Tensor(shape: [3], scalars: [0.0, 0.5, 1])
    #expect(Operations.preprocess(images).scalars == [-1, 0, 1])
  }

  @Test func `batch norm by hand`() throws {
    let parameters = ConvolutionParameters(
      weights: Tensor(repeating: 0, shape: [1, 1, 1, 2]), gamma: [2, 3], beta: [0.5, -1],
      movingMean: [1, 2], movingVariance: [0.249, 3.999])
    let z = Tensor(shape: [1, 1, 2, 2], scalars: [1.0, 2, 2, 4])
    let y = Operations.batchNorm(z, BatchNorm(parameters))
    // Standard deviations √0.25 and √4, up to the rounding of the variances to float32.
    let expected = [0.5, -1, 4.5, 2]
    for (value, wanted) in zip(y.scalars, expected) { #expect(abs(value - wanted) < 1e-6) }
  }

  @Test func `relu6 is exact at its ends, keeps NaN, yields no negative zero`() {
    let y = Tensor(shape: [8], scalars: [-1, -0.0, 0, 3, 6, 7, .infinity, .nan])
    let clamped = Operations.relu6(y).scalars
    #expect(clamped.prefix(7) == [0, 0, 0, 3, 6, 6, 6])
    #expect(clamped[1].sign == .plus)
    #expect(clamped[7].isNaN)
  }

  @Test func `the global mean of a rectangle`() {
    let input = Tensor(shape: [1, 2, 3, 2], scalars: (0..<12).map(Double.init))
    let sums = Operations.globalSum(input, accumulating: Moments.self)
    #expect(sums.shape == [1, 1, 1, 2])
    #expect(sums.scalars.map(\.value) == [30, 36])
  }

  @Test func `softmax of known logits, however large`() {
    // exp(log 1) : exp(log 2) : exp(log 5) = 1 : 2 : 5
    let logits: [Double] = [log(1.0), log(2.0), log(5.0)]
    for shift: Double in [0, 1000, -1000] {
      let p = Operations.softmax(Tensor(shape: [1, 3], scalars: logits.map { $0 + shift }))
      for (value, wanted) in zip(p.scalars, [0.125, 0.25, 0.625]) {
        #expect(abs(value - wanted) < 1e-12)
      }
    }
  }

  @Test func `softmax takes each row by itself`() {
    let p = Operations.softmax(Tensor(shape: [2, 2], scalars: [0.0, 0, 700, -700]))
    #expect(p.scalars == [0.5, 0.5, 1, 0])
  }
}
