import MobileNet
import RealModule

/// One layer in float64, with everything that error bounds and budgets need to know about it.
public struct LayerEvaluation: Sendable {
  /// What the layer yields.
  public let output: Tensor<Double>
  /// The same before the clamp to [0, 6]; for a layer without a clamp, the output itself.
  public let preActivation: Tensor<Double>
  /// The sums behind each element: a convolution's dot products before batch norm, the pool's sums
  /// before the division, the logits' products before the bias. `nil` for the softmax.
  public let moments: Tensor<Moments>?
  /// Batch norm of a convolution.
  public let norm: BatchNorm<Double>?
  /// Largest |w| of the layer; 0 without weights.
  public let largestWeight: Double

  package init(
    output: Tensor<Double>, preActivation: Tensor<Double>, moments: Tensor<Moments>?,
    norm: BatchNorm<Double>?, largestWeight: Double = 0
  ) {
    self.output = output
    self.preActivation = preActivation
    self.moments = moments
    self.norm = norm
    self.largestWeight = largestWeight
  }
}

extension ReferenceNetwork where Scalar == Double {
  /// Computes one layer as ``output(layer:input:)`` does, and keeps A, Q and the pre-activation.
  public func evaluate(layer index: Int, input: Tensor<Double>) -> LayerEvaluation {
    switch values[index] {
    case .convolution(let convolution, let weights, let norm):
      let input = index == 0 ? Operations.preprocess(input) : input
      let moments = Operations.products(
        convolution, input, weights: weights, accumulating: Moments.self)
      let normalized = Operations.batchNorm(moments.map(\.value), norm)
      return LayerEvaluation(
        output: Operations.relu6(normalized), preActivation: normalized, moments: moments,
        norm: norm, largestWeight: weights.largestMagnitude)
    case .globalPool:
      let count = Double(input.shape[1] * input.shape[2])
      let moments = Operations.globalSum(input, accumulating: Moments.self)
      let mean = moments.map { $0.value / count }
      return LayerEvaluation(output: mean, preActivation: mean, moments: moments, norm: nil)
    case .logits(let weights, let biases):
      let moments = Operations.fullyConnected(
        input, weights: weights, accumulating: Moments.self)
      let logits = Operations.addBias(moments.map(\.value), biases)
      return LayerEvaluation(
        output: logits, preActivation: logits, moments: moments, norm: nil,
        largestWeight: weights.largestMagnitude)
    case .softmax:
      let predictions = Operations.softmax(input)
      return LayerEvaluation(
        output: predictions, preActivation: predictions, moments: nil, norm: nil)
    }
  }

  /// What independent errors of the input become: variances pass through a linear layer multiplied
  /// by its squared weights.
  ///
  ///     Var z[o] = Σ_k w[k, o]² Var x[k]
  ///
  /// For a convolution this is the variance of z, before batch norm; for the pool that of the mean;
  /// for the logits that of the logits. The softmax is not linear and has no entry here.
  ///
  /// - Parameter inputVariance: Of the shape of the layer's input.
  /// - Returns: Of the shape of the layer's output, or `nil` for the softmax.
  public func propagateVariance(
    layer index: Int, inputVariance: Tensor<Double>
  ) -> Tensor<Double>? {
    switch values[index] {
    case .convolution(let convolution, let weights, _):
      // The first layer reads 2x - 1, so an error of the image counts twice.
      let variance = index == 0 ? inputVariance.map { $0 * 4 } : inputVariance
      return Operations.products(
        convolution, variance, weights: weights.map { $0 * $0 }, accumulating: Sum<Double>.self
      ).map(\.value)
    case .globalPool:
      let count = Double(inputVariance.shape[1] * inputVariance.shape[2])
      return Operations.globalSum(inputVariance, accumulating: Sum<Double>.self)
        .map { $0.value / (count * count) }
    case .logits(let weights, _):
      return Operations.fullyConnected(
        inputVariance, weights: weights.map { $0 * $0 }, accumulating: Sum<Double>.self
      ).map(\.value)
    case .softmax:
      return nil
    }
  }
}
