import MobileNet
import RealModule

/// Batch norm of one layer at inference, in the precision of the computation.
public struct BatchNorm<Scalar: Real & BinaryFloatingPoint & Sendable>: Sendable {
  /// Mean of every channel over the training data.
  public let mean: [Scalar]
  /// γ / √(variance + ε) of every channel.
  public let scale: [Scalar]
  /// β of every channel.
  public let offset: [Scalar]

  package init(mean: [Scalar], scale: [Scalar], offset: [Scalar]) {
    self.mean = mean
    self.scale = scale
    self.offset = offset
  }

  public init(_ parameters: ConvolutionParameters) {
    mean = parameters.movingMean.map { Scalar($0) }
    offset = parameters.beta.map { Scalar($0) }
    let epsilon = Scalar(Architecture.batchNormEpsilon)
    scale = zip(parameters.gamma, parameters.movingVariance).map { gamma, variance in
      Scalar(gamma) / (Scalar(variance) + epsilon).squareRoot()
    }
  }
}

extension Operations {
  /// y = (z - mean) · γ / √(variance + ε) + β, channel by channel, not folded into the weights.
  ///
  /// - Parameter z: `[batch, height, width, channels]`.
  public static func batchNorm<Scalar: Real & BinaryFloatingPoint & Sendable>(
    _ z: Tensor<Scalar>, _ norm: BatchNorm<Scalar>
  ) -> Tensor<Scalar> {
    let channels = norm.mean.count
    var y = z
    for index in 0..<z.count {
      let c = index % channels
      y[flat: index] = (z[flat: index] - norm.mean[c]) * norm.scale[c] + norm.offset[c]
    }
    return y
  }
}
