import MobileNet

extension Operations {
  /// The products of the last layer, without its bias: Σ_c features[n, 0, 0, c] · weights[0, 0, c, k].
  ///
  /// - Parameters:
  ///   - features: `[batch, 1, 1, channels]`.
  ///   - weights: `[1, 1, channels, classes]`.
  /// - Returns: `[batch, classes]`.
  public static func fullyConnected<Terms: Accumulator>(
    _ features: Tensor<Terms.Scalar>, weights: Tensor<Terms.Scalar>, accumulating: Terms.Type
  ) -> Tensor<Terms> {
    // A 1 x 1 convolution over a 1 x 1 image, which is how TF-Slim writes it.
    standardConvolution(features, weights: weights, stride: 1, accumulating: Terms.self)
      .reshaped([features.shape[0], weights.shape[3]])
  }

  /// logits[n, k] = products[n, k] + biases[k].
  public static func addBias<Scalar: AdditiveArithmetic & Sendable>(
    _ products: Tensor<Scalar>, _ biases: [Scalar]
  ) -> Tensor<Scalar> {
    var logits = products
    for index in 0..<logits.count {
      logits[flat: index] += biases[index % biases.count]
    }
    return logits
  }
}
