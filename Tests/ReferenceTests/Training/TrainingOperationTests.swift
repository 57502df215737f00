import Foundation
import MobileNet
import Reference
import Testing

@Suite struct TrainingOperationTests {
  @Test func `the clamp passes gradients back only strictly between 0 and 6`() {
    let y = Tensor(
      shape: [10],
      scalars: [-1, -0.0, 0, .leastNonzeroMagnitude, 3, 6.0.nextDown, 6, 7, .infinity, .nan])
    let ones = Tensor(repeating: 1.0, shape: [10])
    let expected: [Double] = [0, 0, 0, 1, 1, 1, 0, 0, 0, 0]
    #expect(Operations.relu6Gradient(ones, y: y).scalars == expected)
    #expect(Operations.relu6Gradient(ones, y: Operations.relu6(y)).scalars == expected)
  }

  @Test func `every pixel has the same share of the mean`() {
    let gradient = Tensor(shape: [1, 1, 1, 2], scalars: [6.0, 12])
    let shares = Operations.globalMeanGradient(gradient, inputShape: [1, 2, 3, 2])
    #expect(shares.scalars == [1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2])
  }

  @Test func `dropout drops what the mask says and makes the rest larger`() {
    let features = Tensor(shape: [2, 1, 1, 2], scalars: [1.0, 2, 3, 4])
    let mask = Tensor(shape: [2, 2], scalars: [1.0, 0, 0, 1])
    let dropped = Operations.dropout(features, mask: mask, keepProbability: 0.5)
    #expect(dropped.shape == features.shape)
    #expect(dropped.scalars == [2, 0, 0, 8])
  }

  @Test func `the cross-entropy of equal logits is the logarithm of their number`() {
    for shift: Double in [0, 1000, -1000] {
      let logits = Tensor(repeating: shift, shape: [3, 8])
      #expect(abs(Operations.crossEntropy(logits, labels: [0, 5, 7]) - log(8.0)) < 1e-15)
    }
  }

  @Test func `the cross-entropy stays finite where the right class has probability 0`() {
    let logits = Tensor(shape: [1, 2], scalars: [0.0, 2000])
    #expect(Operations.softmax(logits).scalars == [0, 1])
    #expect(Operations.crossEntropy(logits, labels: [0]) == 2000)
    let gradient = Operations.crossEntropyGradient(
      predictions: Operations.softmax(logits), labels: [0])
    #expect(gradient.scalars == [-1, 1])
  }

  @Test func `central differences of the cross-entropy agree`() {
    let (logits, labels) = (noise([3, 5], seed: 1).map { $0 * 4 }, [4, 0, 2])
    let gradient = Operations.crossEntropyGradient(
      predictions: Operations.softmax(logits), labels: labels)
    let differences = centralDifferences(at: logits, step: 1e-5) {
      Operations.crossEntropy($0, labels: labels)
    }
    #expect(relativeL2(gradient, differences) < 1e-9)
  }

  @Test func `weight decay is on 15 kernels and on no depthwise one`() throws {
    let layers = try Architecture().layers.filter(\.hasWeightDecay)
    #expect(layers.count == 15)
    #expect(layers.first?.endPoint == EndPoint("Conv2d_0"))
    #expect(layers.last?.endPoint == .logits)
    #expect(layers.allSatisfy { $0.convolution?.kind != .depthwise })
    let weights = Tensor(shape: [3], scalars: [1.0, -2, 3])
    #expect(Operations.weightDecay(weights, factor: 0.5) == 3.5)
  }

  @Test func `a moving average moves by what the momentum leaves`() {
    let average = { Operations.movingAverage([8.0, -4], batch: [4, 4], momentum: $0) }
    #expect(average(1) == [8, -4])
    #expect(average(0.75) == [7, -2])
    #expect(average(0) == [4, 4])
  }

  @Test func `plain descent and descent with momentum`() {
    let gradient = Tensor(shape: [2], scalars: [1.0, -2])
    var (plain, heavy) = (
      SGD<Double>(learningRate: 0.5), SGD<Double>(learningRate: 0.5, momentum: 0.5)
    )
    var w = Tensor(repeating: 0.0, shape: [2])
    for _ in 0..<3 { plain.update(&w, named: "w", gradient: gradient) }
    #expect(w.scalars == [-1.5, 3])
    // v = g, 3/2 g, 7/4 g: together 17/4 g.
    w = Tensor(repeating: 0.0, shape: [2])
    for _ in 0..<3 { heavy.update(&w, named: "w", gradient: gradient) }
    #expect(w.scalars == [-2.125, 4.25])
  }
}
