import MobileNet

/// What the last layer passes back.
public struct FullyConnectedGradient<Terms: Accumulator>: Sendable {
  /// `[1, 1, channels, classes]`.
  public let weights: Tensor<Terms>
  /// One for every class.
  public let biases: [Terms]
  /// Of the features, `[batch, 1, 1, channels]`.
  public let features: Tensor<Terms>
}

extension Operations {
  /// Gradient of the last layer.
  ///
  ///     dW[0, 0, c, k]  = Σ_n features[n, 0, 0, c] · dlogits[n, k]
  ///     db[k]           = Σ_n dlogits[n, k]
  ///     dX[n, 0, 0, c]  = Σ_k dlogits[n, k] · weights[0, 0, c, k]
  ///
  /// - Parameters:
  ///   - gradient: dlogits, `[batch, classes]`.
  ///   - features: What the layer read, `[batch, 1, 1, channels]`.
  ///   - weights: `[1, 1, channels, classes]`.
  public static func fullyConnectedGradient<Terms: Accumulator>(
    _ gradient: Tensor<Terms.Scalar>, features: Tensor<Terms.Scalar>,
    weights: Tensor<Terms.Scalar>, accumulating: Terms.Type
  ) -> FullyConnectedGradient<Terms> {
    // A 1 x 1 convolution over a 1 x 1 image, which is how TF-Slim writes it.
    let gradient = gradient.reshaped([gradient.shape[0], 1, 1, gradient.shape[1]])
    return FullyConnectedGradient(
      weights: standardConvolutionWeightsGradient(
        features, gradient: gradient, kernelSize: 1, stride: 1, accumulating: Terms.self),
      biases: channelSums(
        gradient, times: Tensor(repeating: 1, shape: gradient.shape), accumulating: Terms.self),
      features: standardConvolutionInputGradient(
        gradient, weights: weights, inputShape: features.shape, stride: 1,
        accumulating: Terms.self))
  }
}
