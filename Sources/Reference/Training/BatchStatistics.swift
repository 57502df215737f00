import MobileNet
import RealModule

/// Mean and variance of every channel over a batch: over its N = batch · height · width values.
public struct BatchStatistics<Terms: Accumulator>: Sendable {
  public typealias Scalar = Terms.Scalar

  /// N, values per channel.
  public let count: Int
  /// Σ z of every channel.
  public let sums: [Terms]
  /// Σ (z - μ)² of every channel.
  public let squares: [Terms]

  /// μ = Σ z / N.
  public var mean: [Scalar] { sums.map { $0.value / Scalar(count) } }

  /// v = Σ (z - μ)² / N: the biased variance, which is what batch norm divides by.
  public var variance: [Scalar] { squares.map { $0.value / Scalar(count) } }

  /// Σ (z - μ)² / (N - 1) = v · N / (N - 1): the unbiased variance. With a single value the factor is
  /// 1, as in TensorFlow's CPU kernel (fused_batch_norm_op.cc), and the variance 0.
  public var unbiasedVariance: [Scalar] {
    squares.map { $0.value / Scalar(max(count - 1, 1)) }
  }
}

extension Operations {
  /// Mean and variance in two passes, the second over the deviations from the mean.
  ///
  ///     μ[c] = Σ_n Σ_y Σ_x z[n, y, x, c] / N
  ///     v[c] = Σ_n Σ_y Σ_x (z[n, y, x, c] - μ[c])² / N
  ///
  /// The single pass Σ z² / N - μ² is the same in exact arithmetic, but its rounding errors are those
  /// of numbers as large as μ² + v: where the mean is far from 0 against the deviation, the difference
  /// keeps few digits of v, or becomes negative. Here no term cancels another, and an error δ of the
  /// mean enters only as δ²: Σ (z - μ - δ)² / N = v + δ².
  ///
  /// - Parameter z: `[batch, height, width, channels]`.
  @specialized(where Terms == Sum<Double>)
  @specialized(where Terms == Sum<Float>)
  @specialized(where Terms == Moments)
  public static func batchStatistics<Terms: Accumulator>(
    _ z: Tensor<Terms.Scalar>, accumulating: Terms.Type
  ) -> BatchStatistics<Terms> {
    let (batch, height, width, _) = extents(z)
    let count = batch * height * width
    let ones = Tensor(repeating: Terms.Scalar(1), shape: z.shape)
    let sums = channelSums(z, times: ones, accumulating: Terms.self)
    let mean = sums.map { $0.value / Terms.Scalar(count) }
    var deviations = z
    for index in 0..<z.count { deviations[flat: index] -= mean[index % mean.count] }
    return BatchStatistics(
      count: count, sums: sums,
      squares: channelSums(deviations, times: deviations, accumulating: Terms.self))
  }

  /// Σ_n Σ_y Σ_x x[n, y, x, c] · w[n, y, x, c], one sum for every channel c.
  ///
  /// - Parameters:
  ///   - x: Any number of axes, the last one the channels.
  ///   - w: Of the same shape.
  @specialized(where Terms == Sum<Double>)
  @specialized(where Terms == Sum<Float>)
  @specialized(where Terms == Moments)
  static func channelSums<Terms: Accumulator>(
    _ x: Tensor<Terms.Scalar>, times w: Tensor<Terms.Scalar>, accumulating: Terms.Type
  ) -> [Terms] {
    precondition(x.shape == w.shape)
    let channels = x.shape[x.shape.count - 1]
    return withElements(x, w, shape: [channels]) { x, w, sums in
      for index in x.indices {
        sums[index % channels].add(x[index], times: w[index])
      }
    }.scalars
  }
}
