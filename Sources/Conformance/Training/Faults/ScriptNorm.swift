import MobileNet
import RealModule
import Reference

/// Batch norm in training with room for mistakes: statistics over the batch or over every image, any
/// epsilon, a gradient that knows of the statistics or does not.
struct ScriptNorm<Scalar: Real & BinaryFloatingPoint & Sendable> {
  /// Values that share a mean.
  let count: Int
  private let channels: Int
  /// Elements of one group of images: all, or those of one image.
  private let groupSize: Int
  /// Of every group and channel, channels last.
  private let mean: [Scalar]
  private let variance: [Scalar]
  private let gamma: [Scalar]
  private let beta: [Scalar]
  private let epsilon: Scalar

  init(
    _ z: Tensor<Scalar>, gamma: [Scalar], beta: [Scalar], byImage: Bool, epsilon: Double
  ) {
    let channels = gamma.count
    let groups = byImage ? z.shape[0] : 1
    let size = z.count / groups
    let count = size / channels
    func place(_ index: Int) -> Int { index / size * channels + index % channels }
    var mean = [Scalar](repeating: 0, count: groups * channels)
    for index in 0..<z.count { mean[place(index)] += z[flat: index] }
    mean = mean.map { $0 / Scalar(count) }
    var variance = [Scalar](repeating: 0, count: groups * channels)
    for index in 0..<z.count {
      let distance = z[flat: index] - mean[place(index)]
      variance[place(index)] += distance * distance
    }
    self.mean = mean
    self.variance = variance.map { $0 / Scalar(count) }
    (self.count, self.channels, groupSize) = (count, channels, size)
    (self.gamma, self.beta, self.epsilon) = (gamma, beta, Scalar(epsilon))
  }

  /// Mean of every channel: over the groups, if there are several.
  var channelMean: [Scalar] { overGroups(mean) }
  /// Biased variance of every channel, likewise.
  var channelVariance: [Scalar] { overGroups(variance) }

  private func overGroups(_ values: [Scalar]) -> [Scalar] {
    let groups = values.count / channels
    guard groups > 1 else { return values }
    return (0..<channels).map { c in
      var sum = Scalar(0)
      for group in 0..<groups { sum += values[group * channels + c] }
      return sum / Scalar(groups)
    }
  }

  private func place(_ index: Int) -> Int { index / groupSize * channels + index % channels }

  private func inverse(_ place: Int) -> Scalar { 1 / (variance[place] + epsilon).squareRoot() }

  /// (z - μ) γ / √(v + ε) + β.
  func output(_ z: Tensor<Scalar>) -> Tensor<Scalar> {
    var y = z
    let scale = mean.indices.map { gamma[$0 % channels] * inverse($0) }
    for index in 0..<z.count {
      let place = place(index)
      y[flat: index] = (z[flat: index] - mean[place]) * scale[place] + beta[index % channels]
    }
    return y
  }

  /// dβ and dγ of every channel, and dz.
  func gradient(
    _ dy: Tensor<Scalar>, _ z: Tensor<Scalar>, isDetached: Bool
  ) -> (beta: [Scalar], gamma: [Scalar], input: Tensor<Scalar>) {
    let inverses = mean.indices.map { inverse($0) }
    func normalized(_ index: Int) -> Scalar {
      (z[flat: index] - mean[place(index)]) * inverses[place(index)]
    }
    var betas = [Scalar](repeating: 0, count: mean.count)
    var gammas = betas
    for index in 0..<dy.count {
      betas[place(index)] += dy[flat: index]
      gammas[place(index)] += dy[flat: index] * normalized(index)
    }
    var input = dy
    for index in 0..<dy.count {
      let place = place(index)
      var term = dy[flat: index]
      if !isDetached {
        term -= betas[place] / Scalar(count)
        term -= normalized(index) * (gammas[place] / Scalar(count))
      }
      input[flat: index] = term * (gamma[index % channels] * inverses[place])
    }
    return (sums(betas), sums(gammas), input)
  }

  private func sums(_ values: [Scalar]) -> [Scalar] {
    (0..<channels).map { c in
      var sum = values[c]
      for place in stride(from: c + channels, to: values.count, by: channels) {
        sum += values[place]
      }
      return sum
    }
  }
}
