import MobileNet
import RealModule

/// The whole network as plain loops: in `Double` the trusted reference, in `Float` the most
/// straightforward correct implementation there is.
///
/// Batch norm is not folded, nothing is reordered, blocked or fused. A value means the same thing as
/// in the original TensorFlow graph, and in float64 the two agree to about 1e-13.
public struct ReferenceNetwork<Scalar: Real & BinaryFloatingPoint & Sendable>: Sendable {
  public let architecture: Architecture
  let values: [LayerValues<Scalar>]

  public init(parameters: Parameters) {
    architecture = parameters.architecture
    values = architecture.layers.indices.map { LayerValues(parameters, layer: $0) }
  }

  /// Every end point, in order of the layers, each computed from the one before.
  ///
  /// - Parameter images: `[batch, height, width, 3]` in [0, 1].
  @specialized(where Scalar == Double)
  @specialized(where Scalar == Float)
  public func endPoints(images: Tensor<Scalar>) -> [Tensor<Scalar>] {
    var current = images
    return architecture.layers.indices.map { index in
      current = output(layer: index, input: current)
      return current
    }
  }

  /// One layer by itself.
  ///
  /// - Parameters:
  ///   - index: Its place in the architecture.
  ///   - input: The end point before it; for the first layer the images in [0, 1].
  @specialized(where Scalar == Double)
  @specialized(where Scalar == Float)
  public func output(layer index: Int, input: Tensor<Scalar>) -> Tensor<Scalar> {
    switch values[index] {
    case .convolution(let convolution, let weights, let norm):
      let input = index == 0 ? Operations.preprocess(input) : input
      let z = Operations.products(
        convolution, input, weights: weights, accumulating: Sum<Scalar>.self)
      return Operations.relu6(Operations.batchNorm(z.map(\.value), norm))
    case .globalPool:
      let count = Scalar(input.shape[1] * input.shape[2])
      return Operations.globalSum(input, accumulating: Sum<Scalar>.self).map { $0.value / count }
    case .logits(let weights, let biases):
      let products = Operations.fullyConnected(
        input, weights: weights, accumulating: Sum<Scalar>.self)
      return Operations.addBias(products.map(\.value), biases)
    case .softmax:
      return Operations.softmax(input)
    }
  }

  /// The weights of a layer that has some, as TensorFlow stores them.
  package func weights(layer index: Int) -> Tensor<Scalar>? {
    switch values[index] {
    case .convolution(_, let weights, _), .logits(let weights, _): weights
    case .globalPool, .softmax: nil
    }
  }

  /// The feature vector, `[batch, channels]`: the global pool without its two unit axes.
  public func features(globalPool: Tensor<Scalar>) -> Tensor<Scalar> {
    globalPool.reshaped([globalPool.shape[0], globalPool.shape[3]])
  }
}

/// A layer's operation with its trained values in the precision of the computation.
enum LayerValues<Scalar: Real & BinaryFloatingPoint & Sendable>: Sendable {
  case convolution(Convolution, weights: Tensor<Scalar>, norm: BatchNorm<Scalar>)
  case globalPool
  case logits(weights: Tensor<Scalar>, biases: [Scalar])
  case softmax

  init(_ parameters: Parameters, layer index: Int) {
    switch parameters.architecture.layers[index].operation {
    case .convolution(let convolution):
      let values = parameters.convolution(at: index)
      self = .convolution(
        convolution, weights: Tensor(values.weights), norm: BatchNorm(values))
    case .globalPool:
      self = .globalPool
    case .logits:
      self = .logits(
        weights: Tensor(parameters.logits.weights),
        biases: parameters.logits.biases.map { Scalar($0) })
    case .softmax:
      self = .softmax
    }
  }
}

extension Operations {
  /// The dot products of a convolution of any kind, before batch norm.
  public static func products<Terms: Accumulator>(
    _ convolution: Convolution, _ input: Tensor<Terms.Scalar>, weights: Tensor<Terms.Scalar>,
    accumulating: Terms.Type
  ) -> Tensor<Terms> {
    switch convolution.kind {
    case .standard, .pointwise:
      standardConvolution(
        input, weights: weights, stride: convolution.stride, accumulating: Terms.self)
    case .depthwise:
      depthwiseConvolution(
        input, weights: weights, stride: convolution.stride, accumulating: Terms.self)
    }
  }
}
