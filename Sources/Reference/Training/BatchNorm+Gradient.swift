import MobileNet
import RealModule

extension BatchNorm {
  /// Batch norm in training: normalised by the batch's own mean and biased variance.
  ///
  ///     y = (z - μ) · γ / √(v + ε) + β
  ///
  /// The variance is the biased one whatever the moving average is fed with.
  public init<Terms: Accumulator>(
    _ statistics: BatchStatistics<Terms>, gamma: [Scalar], beta: [Scalar]
  ) where Terms.Scalar == Scalar {
    let epsilon = Scalar(Architecture.batchNormEpsilon)
    self.init(
      mean: statistics.mean,
      scale: zip(gamma, statistics.variance).map { $0 / ($1 + epsilon).squareRoot() },
      offset: beta)
  }
}

/// What batch norm in training passes back.
public struct BatchNormGradient<Terms: Accumulator>: Sendable {
  /// dβ, one for every channel.
  public let beta: [Terms]
  /// dγ, one for every channel.
  public let gamma: [Terms]
  /// dy - dβ / N - x̂ · dγ / N for every element, as a sum of three terms.
  public let centered: Tensor<Terms>
  /// dz, the former times γ / √(v + ε).
  public let input: Tensor<Terms.Scalar>
}

extension Operations {
  /// Gradient of batch norm in training, where mean and variance depend on z as well.
  ///
  /// With x̂ = (z - μ) / √(v + ε) and N values per channel:
  ///
  ///     dβ[c] = Σ_n Σ_y Σ_x dy[n, y, x, c]
  ///     dγ[c] = Σ_n Σ_y Σ_x dy[n, y, x, c] · x̂[n, y, x, c]
  ///     dz    = γ / √(v + ε) · (dy - dβ / N - x̂ · dγ / N)
  ///
  /// dz sums to 0 over a channel: no change of the mean gets past the norm. With a single value
  /// nothing gets past it, and dz is 0.
  ///
  /// Source: Ioffe and Szegedy, *Batch Normalization*, 2015, section 3, with the sums put together.
  ///
  /// - Parameters:
  ///   - gradient: dy, of the shape of `z`.
  ///   - z: What the norm read, `[batch, height, width, channels]`.
  ///   - statistics: Of `z`.
  ///   - gamma: One for every channel.
  @specialized(where Terms == Sum<Double>)
  @specialized(where Terms == Sum<Float>)
  @specialized(where Terms == Moments)
  public static func batchNormGradient<Terms: Accumulator>(
    _ gradient: Tensor<Terms.Scalar>, z: Tensor<Terms.Scalar>,
    statistics: BatchStatistics<Terms>, gamma: [Terms.Scalar]
  ) -> BatchNormGradient<Terms> {
    precondition(gradient.shape == z.shape)
    let channels = gamma.count
    let zeros = [Terms.Scalar](repeating: 0, count: channels)
    let ones = [Terms.Scalar](repeating: 1, count: channels)
    let normalized = batchNorm(z, BatchNorm(statistics, gamma: ones, beta: zeros))
    let scale = BatchNorm(statistics, gamma: gamma, beta: zeros).scale

    let betaGradient = channelSums(
      gradient, times: Tensor(repeating: 1, shape: z.shape), accumulating: Terms.self)
    let gammaGradient = channelSums(gradient, times: normalized, accumulating: Terms.self)
    let count = Terms.Scalar(statistics.count)
    let meanBeta = betaGradient.map { $0.value / count }
    let meanGamma = gammaGradient.map { $0.value / count }

    let centered = withElements(gradient, normalized, shape: z.shape) { dy, normalized, output in
      for index in dy.indices {
        let c = index % channels
        var terms = Terms()
        terms.add(dy[index], times: 1)
        terms.add(-meanBeta[c], times: 1)
        terms.add(-normalized[index], times: meanGamma[c])
        output[index] = terms
      }
    }
    var input = Tensor(repeating: Terms.Scalar(0), shape: z.shape)
    for index in 0..<z.count {
      input[flat: index] = centered[flat: index].value * scale[index % channels]
    }
    return BatchNormGradient(
      beta: betaGradient, gamma: gammaGradient, centered: centered, input: input)
  }
}
