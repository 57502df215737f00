import MobileNet
import Reference
import Testing

/// Small cases that can be worked out by hand.
@Suite struct ConvolutionTests {
  /// A 1 x size x size x 1 image holding 1, 2, 3, … row by row.
  private func counting(_ size: Int) -> Tensor<Double> {
    Tensor(shape: [1, size, size, 1], scalars: (1...size * size).map(Double.init))
  }

  private let ones = Tensor(repeating: 1.0, shape: [3, 3, 1, 1])

  @Test func `stride 2 on an even size starts at the first pixel`() {
    // Windows of 3 x 3 ones at rows and columns 0 and 2 of
    //    1  2  3  4
    //    5  6  7  8
    //    9 10 11 12
    //   13 14 15 16   with one zero row and column after it.
    let z = Operations.standardConvolution(
      counting(4), weights: ones, stride: 2, accumulating: Sum<Double>.self)
    #expect(z.shape == [1, 2, 2, 1])
    #expect(z.scalars.map(\.value) == [54, 45, 72, 54])
  }

  @Test func `stride 2 on an odd size starts one pixel outside`() {
    // 1 2 3 / 4 5 6 / 7 8 9 with zeros all around.
    let z = Operations.depthwiseConvolution(
      counting(3), weights: ones, stride: 2, accumulating: Sum<Double>.self)
    #expect(z.scalars.map(\.value) == [12, 16, 24, 28])
  }

  @Test func `stride 1 keeps the size`() {
    let z = Operations.depthwiseConvolution(
      counting(2), weights: ones, stride: 1, accumulating: Sum<Double>.self)
    #expect(z.scalars.map(\.value) == [10, 10, 10, 10])
  }

  @Test func `the kernel is not flipped, and height comes before width`() {
    // A single hot tap at row 0, column 1 reads the pixel above.
    var weights = Tensor(repeating: 0.0, shape: [3, 3, 1, 1])
    weights[0, 1, 0, 0] = 1
    let z = Operations.standardConvolution(
      counting(3), weights: weights, stride: 1, accumulating: Sum<Double>.self)
    #expect(z.scalars.map(\.value) == [0, 0, 0, 1, 2, 3, 4, 5, 6])
  }

  @Test func `a pointwise convolution is a matrix product`() {
    let input = Tensor(shape: [1, 1, 2, 3], scalars: [1.0, 2, 3, 4, 5, 6])
    let weights = Tensor(shape: [1, 1, 3, 2], scalars: [1.0, 10, 2, 20, 3, 30])
    let z = Operations.standardConvolution(
      input, weights: weights, stride: 1, accumulating: Sum<Double>.self)
    #expect(z.shape == [1, 1, 2, 2])
    #expect(z.scalars.map(\.value) == [14, 140, 32, 320])
  }

  @Test func `depthwise channels do not meet`() {
    let input = Tensor(shape: [2, 1, 1, 2], scalars: [1.0, 2, 3, 4])
    var weights = Tensor(repeating: 0.0, shape: [3, 3, 2, 1])
    weights[1, 1, 0, 0] = 10
    weights[1, 1, 1, 0] = 100
    let z = Operations.depthwiseConvolution(
      input, weights: weights, stride: 1, accumulating: Sum<Double>.self)
    #expect(z.scalars.map(\.value) == [10, 200, 30, 400])
  }

  @Test func `moments of a dot product`() {
    // Products 2, -6, 12; partial sums 2, -4, 8.
    var terms = Moments()
    for (x, w) in [(1.0, 2.0), (2, -3), (3, 4)] { terms.add(x, times: w) }
    #expect(terms.value == 8)
    #expect(terms.absolute == 20)
    // 4 + 36 + 144 of the products, 16 + 64 of the partial sums.
    #expect(terms.squares == 264)
    // Partial sums 12, 6, 18 with a start of 10.
    #expect(terms.squares(startingWith: 10) == 184 + 144 + 36 + 324)
  }

  @Test func `a product that is zero is added without rounding`() {
    var (terms, dense) = (Moments(), Moments())
    for (x, w) in [(0.0, 5.0), (1, 2), (2, -3), (0, 7), (3, 4), (4, 0)] { terms.add(x, times: w) }
    for (x, w) in [(1.0, 2.0), (2, -3), (3, 4)] { dense.add(x, times: w) }
    #expect(terms == dense)
    #expect(terms.squares(startingWith: -3) == dense.squares(startingWith: -3))
  }

  @Test func `moments have the value of the sum, in the same order`() {
    let input = Tensor<Double>(
      shape: [1, 5, 7, 3], scalars: (0..<105).map { (Double($0) * 0.37).remainder(dividingBy: 1) })
    let weights = Tensor<Double>(
      shape: [3, 3, 3, 4], scalars: (0..<108).map { (Double($0) * 0.73).remainder(dividingBy: 1) })
    let sums = Operations.standardConvolution(
      input, weights: weights, stride: 2, accumulating: Sum<Double>.self)
    let moments = Operations.standardConvolution(
      input, weights: weights, stride: 2, accumulating: Moments.self)
    #expect(sums.scalars.map(\.value) == moments.scalars.map(\.value))
  }
}
