import MobileNet
import RealModule

/// One layer in training, forwards, with what the way back needs of it.
public struct LayerForward<Terms: Accumulator>: Sendable {
  public typealias Scalar = Terms.Scalar

  /// What the layer's loops read: the end point before it, or the images in [-1, 1], or the features
  /// that dropout left.
  public let input: Tensor<Scalar>
  /// The sums behind each element: a convolution's dot products before batch norm, the pool's sums
  /// before the division, the logits' products before the bias. `nil` for the softmax.
  public let sums: Tensor<Terms>?
  /// Of a convolution's dot products; `nil` for every other layer.
  public let statistics: BatchStatistics<Terms>?
  /// The output before the clamp to [0, 6]; where there is no clamp, the output itself.
  public let preActivation: Tensor<Scalar>
  /// The layer's end point.
  public let output: Tensor<Scalar>
}

/// One layer in training, backwards.
public struct LayerBackward<Terms: Accumulator>: Sendable {
  public typealias Scalar = Terms.Scalar

  /// Gradient of the cross-entropy by every trainable variable of the layer, by TensorFlow name.
  /// Weight decay is not in it.
  public let variables: [String: Tensor<Terms>]
  /// Of batch norm; `nil` for a layer that has none.
  public let norm: BatchNormGradient<Terms>?
  /// The sums behind the gradient of ``LayerForward/input``; `nil` for the pool, which has no sum.
  public let inputSums: Tensor<Terms>?
  /// Gradient by the end point before the layer; for the first layer by the images in [0, 1].
  public let input: Tensor<Scalar>
}

extension TrainingNetwork {
  /// Computes one layer by itself, as training does.
  ///
  /// - Parameters:
  ///   - index: Its place in the architecture.
  ///   - input: The end point before it; for the first layer the images in [0, 1].
  ///   - mask: Of the dropout in front of the logits, `[batch, channels]`.
  @specialized(where Scalar == Double, Terms == Sum<Double>)
  @specialized(where Scalar == Double, Terms == Moments)
  @specialized(where Scalar == Float, Terms == Sum<Float>)
  public func forward<Terms: Accumulator>(
    layer index: Int, input: Tensor<Scalar>, dropoutMask mask: Tensor<Scalar>,
    _ options: TrainingOptions = TrainingOptions(), accumulating: Terms.Type
  ) -> LayerForward<Terms> where Terms.Scalar == Scalar {
    let names = architecture.layers[index].variableNames
    switch architecture.layers[index].operation {
    case .convolution(let convolution):
      let input = index == 0 ? Operations.preprocess(input) : input
      let sums = Operations.products(
        convolution, input, weights: self[names.weights], accumulating: Terms.self)
      let z = sums.map(\.value)
      let statistics = Operations.batchStatistics(z, accumulating: Terms.self)
      let norm = BatchNorm(
        statistics, gamma: self[names.gamma].scalars, beta: self[names.beta].scalars)
      let y = Operations.batchNorm(z, norm)
      return LayerForward(
        input: input, sums: sums, statistics: statistics, preActivation: y,
        output: Operations.relu6(y))
    case .globalPool:
      let count = Scalar(input.shape[1] * input.shape[2])
      let sums = Operations.globalSum(input, accumulating: Terms.self)
      let mean = sums.map { $0.value / count }
      return LayerForward(
        input: input, sums: sums, statistics: nil, preActivation: mean, output: mean)
    case .logits:
      let features = Operations.dropout(
        input, mask: mask, keepProbability: Scalar(options.keepProbability))
      let sums = Operations.fullyConnected(
        features, weights: self[names.weights], accumulating: Terms.self)
      let logits = Operations.addBias(sums.map(\.value), self[names.biases].scalars)
      return LayerForward(
        input: features, sums: sums, statistics: nil, preActivation: logits, output: logits)
    case .softmax:
      let predictions = Operations.softmax(input)
      return LayerForward(
        input: input, sums: nil, statistics: nil, preActivation: predictions,
        output: predictions)
    }
  }

  /// Computes the gradients of one layer by itself.
  ///
  /// - Parameters:
  ///   - index: Its place in the architecture, not that of the softmax: the way back begins at the
  ///     logits, with `Operations.crossEntropyGradient`.
  ///   - forward: The same layer, forwards.
  ///   - gradient: By its end point, of that shape.
  ///   - mask: Of the dropout in front of the logits, `[batch, channels]`.
  @specialized(where Scalar == Double, Terms == Sum<Double>)
  @specialized(where Scalar == Double, Terms == Moments)
  @specialized(where Scalar == Float, Terms == Sum<Float>)
  public func backward<Terms: Accumulator>(
    layer index: Int, _ forward: LayerForward<Terms>, gradient: Tensor<Scalar>,
    dropoutMask mask: Tensor<Scalar>, _ options: TrainingOptions = TrainingOptions()
  ) -> LayerBackward<Terms> where Terms.Scalar == Scalar {
    switch architecture.layers[index].operation {
    case .convolution(let convolution):
      return backward(convolution, layer: index, forward, gradient: gradient)
    case .globalPool:
      let input = Operations.globalMeanGradient(gradient, inputShape: forward.input.shape)
      return LayerBackward(variables: [:], norm: nil, inputSums: nil, input: input)
    case .logits:
      let names = architecture.layers[index].variableNames
      let result = Operations.fullyConnectedGradient(
        gradient, features: forward.input, weights: self[names.weights],
        accumulating: Terms.self)
      return LayerBackward(
        variables: [names.weights: result.weights, names.biases: tensor(result.biases)],
        norm: nil, inputSums: result.features,
        input: Operations.dropout(
          result.features.map(\.value), mask: mask,
          keepProbability: Scalar(options.keepProbability)))
    case .softmax:
      preconditionFailure("the way back begins at the logits")
    }
  }

  private func backward<Terms: Accumulator>(
    _ convolution: Convolution, layer index: Int, _ forward: LayerForward<Terms>,
    gradient: Tensor<Scalar>
  ) -> LayerBackward<Terms> where Terms.Scalar == Scalar {
    guard let sums = forward.sums, let statistics = forward.statistics else {
      preconditionFailure("layer \(index) is a convolution, what went forward is not")
    }
    let names = architecture.layers[index].variableNames
    let norm = Operations.batchNormGradient(
      Operations.relu6Gradient(gradient, y: forward.preActivation), z: sums.map(\.value),
      statistics: statistics, gamma: self[names.gamma].scalars)
    let weights = Operations.weightsGradient(
      convolution, forward.input, gradient: norm.input, accumulating: Terms.self)
    let inputSums = Operations.inputGradient(
      convolution, norm.input, weights: self[names.weights], inputShape: forward.input.shape,
      accumulating: Terms.self)
    // The first layer reads 2x - 1.
    let factor: Scalar = index == 0 ? 2 : 1
    return LayerBackward(
      variables: [
        names.weights: weights, names.gamma: tensor(norm.gamma), names.beta: tensor(norm.beta),
      ],
      norm: norm, inputSums: inputSums, input: inputSums.map { $0.value * factor })
  }

  private func tensor<Element>(_ values: [Element]) -> Tensor<Element> {
    Tensor(shape: [values.count], scalars: values)
  }
}
