import MobileNet
import Reference
import Testing

/// The gradients of the linear operations against the operations themselves.
@Suite struct ConvolutionGradientTests {
  /// A convolution and the image it reads.
  struct Geometry: CustomTestStringConvertible, Sendable {
    let kind: Convolution.Kind
    let height: Int
    let width: Int
    let stride: Int

    var kernel: Int { kind == .pointwise ? 1 : 3 }
    var input: Tensor<Double> { noise([2, height, width, 3], seed: 1) }
    var weights: Tensor<Double> {
      noise([kernel, kernel, 3, kind == .depthwise ? 1 : 4], seed: 2)
    }
    var testDescription: String { "\(kind.rawValue) \(height)x\(width) stride \(stride)" }

    func products(_ input: Tensor<Double>, _ weights: Tensor<Double>) -> Tensor<Double> {
      if kind == .depthwise {
        return Operations.depthwiseConvolution(
          input, weights: weights, stride: stride, accumulating: Sum<Double>.self
        ).map(\.value)
      }
      return Operations.standardConvolution(
        input, weights: weights, stride: stride, accumulating: Sum<Double>.self
      ).map(\.value)
    }

    func weightsGradient<Terms: Accumulator>(
      _ input: Tensor<Double>, _ gradient: Tensor<Double>, _: Terms.Type
    ) -> Tensor<Terms> where Terms.Scalar == Double {
      kind == .depthwise
        ? Operations.depthwiseConvolutionWeightsGradient(
          input, gradient: gradient, kernelSize: kernel, stride: stride, accumulating: Terms.self)
        : Operations.standardConvolutionWeightsGradient(
          input, gradient: gradient, kernelSize: kernel, stride: stride, accumulating: Terms.self)
    }

    func inputGradient<Terms: Accumulator>(
      _ gradient: Tensor<Double>, _ weights: Tensor<Double>, _: Terms.Type
    ) -> Tensor<Terms> where Terms.Scalar == Double {
      let shape = [2, height, width, 3]
      return kind == .depthwise
        ? Operations.depthwiseConvolutionInputGradient(
          gradient, weights: weights, inputShape: shape, stride: stride, accumulating: Terms.self)
        : Operations.standardConvolutionInputGradient(
          gradient, weights: weights, inputShape: shape, stride: stride, accumulating: Terms.self)
    }
  }

  static let geometries: [Geometry] = [
    Geometry(kind: .standard, height: 4, width: 5, stride: 1),
    Geometry(kind: .standard, height: 4, width: 4, stride: 2),
    Geometry(kind: .standard, height: 5, width: 4, stride: 2),
    Geometry(kind: .standard, height: 1, width: 2, stride: 2),
    Geometry(kind: .pointwise, height: 3, width: 2, stride: 1),
    Geometry(kind: .depthwise, height: 3, width: 5, stride: 1),
    Geometry(kind: .depthwise, height: 6, width: 5, stride: 2),
    Geometry(kind: .depthwise, height: 1, width: 1, stride: 2),
  ]

  /// z is linear in either, so a central difference of any width is exact but for rounding.
  @Test(arguments: geometries)
  func `central differences of Σ r·z agree to rounding`(geometry: Geometry) {
    let (input, weights) = (geometry.input, geometry.weights)
    let r = noise(geometry.products(input, weights).shape, seed: 3)
    let byWeights = geometry.weightsGradient(input, r, Sum<Double>.self).map(\.value)
    let byInput = geometry.inputGradient(r, weights, Sum<Double>.self).map(\.value)
    let weightDifferences = centralDifferences(at: weights, step: 1) {
      dot(r, geometry.products(input, $0))
    }
    let inputDifferences = centralDifferences(at: input, step: 1) {
      dot(r, geometry.products($0, weights))
    }
    #expect(byWeights.shape == weights.shape)
    #expect(byInput.shape == input.shape)
    #expect(norm(byWeights) > 0 && norm(byInput) > 0)
    #expect(relativeL2(byWeights, weightDifferences) < 1e-13)
    #expect(relativeL2(byInput, inputDifferences) < 1e-13)
  }

  /// The same sums, and A is the sum over absolute values.
  @Test(arguments: geometries)
  func `moments have the value of the sum, and A`(geometry: Geometry) {
    let (input, weights) = (geometry.input, geometry.weights)
    let r = noise(geometry.products(input, weights).shape, seed: 3)
    let byWeights = geometry.weightsGradient(input, r, Moments.self)
    let byInput = geometry.inputGradient(r, weights, Moments.self)
    #expect(
      byWeights.map(\.value) == geometry.weightsGradient(input, r, Sum<Double>.self).map(\.value))
    #expect(
      byInput.map(\.value) == geometry.inputGradient(r, weights, Sum<Double>.self).map(\.value))
    #expect(
      byWeights.map(\.absolute)
        == geometry.weightsGradient(input.map(abs), r.map(abs), Sum<Double>.self).map(\.value))
    #expect(
      byInput.map(\.absolute)
        == geometry.inputGradient(r.map(abs), weights.map(abs), Sum<Double>.self).map(\.value))
  }

  @Test func `a pixel that no window starts at still has its share`() {
    // Ones at stride 2 on 4 x 4, padded (0, 1): windows at rows and columns 0 and 2. Pixel (2, 2) is in
    // all four, (3, 3) in the last only.
    let ones = Tensor(repeating: 1.0, shape: [3, 3, 1, 1])
    let gradient = Operations.depthwiseConvolutionInputGradient(
      Tensor(shape: [1, 2, 2, 1], scalars: [1.0, 2, 4, 8]), weights: ones,
      inputShape: [1, 4, 4, 1], stride: 2, accumulating: Sum<Double>.self)
    #expect(
      gradient.scalars.map(\.value) == [1, 1, 3, 2, 1, 1, 3, 2, 5, 5, 15, 10, 4, 4, 12, 8])
  }

  @Test func `the last layer's gradients`() {
    let (features, weights) = (noise([3, 1, 1, 5], seed: 1), noise([1, 1, 5, 4], seed: 2))
    let r = noise([3, 4], seed: 3)
    func logits(_ features: Tensor<Double>, _ weights: Tensor<Double>, _ biases: [Double]) -> Double
    {
      let products = Operations.fullyConnected(
        features, weights: weights, accumulating: Sum<Double>.self)
      return dot(r, Operations.addBias(products.map(\.value), biases))
    }
    let biases = noise([4], seed: 4)
    let gradient = Operations.fullyConnectedGradient(
      r, features: features, weights: weights, accumulating: Sum<Double>.self)
    let byWeights = centralDifferences(at: weights, step: 1) {
      logits(features, $0, biases.scalars)
    }
    let byFeatures = centralDifferences(at: features, step: 1) {
      logits($0, weights, biases.scalars)
    }
    let byBiases = centralDifferences(at: biases, step: 1) {
      logits(features, weights, $0.scalars)
    }
    #expect(relativeL2(gradient.weights.map(\.value), byWeights) < 1e-13)
    #expect(relativeL2(gradient.features.map(\.value), byFeatures) < 1e-13)
    #expect(
      relativeL2(Tensor(shape: [4], scalars: gradient.biases.map(\.value)), byBiases) < 1e-13)
  }
}
