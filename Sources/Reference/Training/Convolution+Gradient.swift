import MobileNet

extension Operations {
  /// Gradient of the weights of a convolution of any kind, from the gradient of its dot products.
  public static func weightsGradient<Terms: Accumulator>(
    _ convolution: Convolution, _ input: Tensor<Terms.Scalar>, gradient: Tensor<Terms.Scalar>,
    accumulating: Terms.Type
  ) -> Tensor<Terms> {
    switch convolution.kind {
    case .standard, .pointwise:
      standardConvolutionWeightsGradient(
        input, gradient: gradient, kernelSize: convolution.kernelSize,
        stride: convolution.stride, accumulating: Terms.self)
    case .depthwise:
      depthwiseConvolutionWeightsGradient(
        input, gradient: gradient, kernelSize: convolution.kernelSize,
        stride: convolution.stride, accumulating: Terms.self)
    }
  }

  /// Gradient of the input of a convolution of any kind, from the gradient of its dot products.
  public static func inputGradient<Terms: Accumulator>(
    _ convolution: Convolution, _ gradient: Tensor<Terms.Scalar>, weights: Tensor<Terms.Scalar>,
    inputShape: [Int], accumulating: Terms.Type
  ) -> Tensor<Terms> {
    switch convolution.kind {
    case .standard, .pointwise:
      standardConvolutionInputGradient(
        gradient, weights: weights, inputShape: inputShape, stride: convolution.stride,
        accumulating: Terms.self)
    case .depthwise:
      depthwiseConvolutionInputGradient(
        gradient, weights: weights, inputShape: inputShape, stride: convolution.stride,
        accumulating: Terms.self)
    }
  }
}
