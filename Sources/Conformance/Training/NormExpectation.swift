import Foundation
import MobileNet
import Reference

/// Batch statistics and batch norm of one convolution in training, in float64 on a float32 input,
/// with what float32 may make of them.
///
/// Notation of this room's README; N values z per channel, d = z - μ, r = 1/√(v+ε), s = γ r.
package struct NormExpectation {
  /// N.
  let count: Int
  let forward: LayerForward<Moments>
  /// μ, with the bound and the variance of its error.
  package let mean: Quantity
  /// v, likewise.
  package let variance: Quantity
  /// s of every channel.
  let scale: [Double]
  /// r of every channel.
  let inverse: [Double]
  /// Bound of the relative error of s and r, channel by channel.
  let scaleBound: [Double]
  /// Variance of it.
  let scaleVariance: [Double]
  /// Bound of every dot product's error.
  let productBounds: Tensor<Double>
  /// Variance of it.
  let productVariance: Tensor<Double>

  /// One number for every channel, with what is known of its error.
  package struct Quantity {
    package let value: [Double]
    package let bound: [Double]
    package let variance: [Double]
  }

  /// - Parameters:
  ///   - length: Of a dot product, padding counted.
  ///   - roundsInput: Whether 2x - 1 is computed in front, as by the first layer.
  ///   - gamma: One for every channel.
  package init(_ forward: LayerForward<Moments>, length: Int, roundsInput: Bool, gamma: [Double]) {
    guard let sums = forward.sums, let statistics = forward.statistics else {
      preconditionFailure("a convolution has dot products and statistics")
    }
    self.forward = forward
    count = statistics.count
    let growth = Roundoff.gamma(length + 2)
    productBounds = sums.map { growth * $0.absolute + Double(length) * Roundoff.smallestNormal }
    productVariance = sums.map {
      Roundoff.variance * ($0.squares + (roundsInput ? $0.productSquares : 0))
    }
    let means = statistics.mean
    var channels = Self.Sums(count: gamma.count)
    for index in 0..<sums.count {
      let c = index % gamma.count
      let distance = abs(sums[flat: index].value - means[c])
      channels.add(
        c, distance: distance, bound: productBounds[flat: index],
        variance: productVariance[flat: index])
    }
    mean = Self.estimatedMean(statistics, channels)
    variance = Self.estimatedVariance(statistics, channels, mean: mean)
    let epsilon = Architecture.batchNormEpsilon
    inverse = variance.value.map { 1 / ($0 + epsilon).squareRoot() }
    scale = zip(gamma, inverse).map { $0 * $1 }
    // r falls with v and is convex: the lower end of v is the worse one. v + ε and ε round (half of each
    // survives the root), a root and a division, or a reciprocal root good to 2 ulp, and a product with γ.
    scaleBound = zip(variance.value, variance.bound).map { v, bound -> Double in
      let least: Double = max(v - bound, 0) + epsilon
      return ((v + epsilon) / least).squareRoot() * (1 + Roundoff.gamma(6)) - 1
    }
    scaleVariance = zip(variance.value, variance.variance).map { v, variance -> Double in
      let square: Double = (v + epsilon) * (v + epsilon)
      return variance / (4 * square) + 3 * Roundoff.variance
    }
  }

  /// Sums over a channel of what its dot products may err by.
  private struct Sums {
    var bounds: [Double]
    var boundSquares: [Double]
    /// Σ|d| B.
    var distances: [Double]
    var variances: [Double]
    /// Σ d² σ².
    var distanceVariances: [Double]

    init(count: Int) {
      let zeros = [Double](repeating: 0, count: count)
      (bounds, boundSquares, distances) = (zeros, zeros, zeros)
      (variances, distanceVariances) = (zeros, zeros)
    }

    mutating func add(_ c: Int, distance: Double, bound: Double, variance: Double) {
      bounds[c] += bound
      boundSquares[c] += bound * bound
      distances[c] += distance * bound
      variances[c] += variance
      distanceVariances[c] += distance * distance * variance
    }
  }

  /// Mean: what the dot products bring along, and γ_{N+1} mean|z| of its own.
  private static func estimatedMean(
    _ statistics: Reference.BatchStatistics<Moments>, _ sums: Sums
  ) -> Quantity {
    let n = Double(statistics.count)
    let growth = Roundoff.gamma(statistics.count + 1)
    let value = statistics.mean
    return Quantity(
      value: value,
      bound: value.indices.map { c -> Double in
        let own: Double = growth * (statistics.sums[c].absolute + sums.bounds[c])
        return (sums.bounds[c] + own) / n + Roundoff.smallestNormal
      },
      variance: value.indices.map { c -> Double in
        let own: Double = Roundoff.variance * statistics.sums[c].squares
        let mean: Double = value[c] * value[c]
        return (sums.variances[c] + own) / (n * n) + Roundoff.variance * mean
      })
  }

  /// Variance: what the dot products bring along, and what a stable formula adds.
  ///
  /// Errors δ of the dot products change Σ(z-μ)²/N by (2/N) Σ d δ, since Σ d = 0, and by at most
  /// (1/N) Σ δ². An error η of the mean changes it by η², not more: the first-order term vanishes for
  /// the same reason. Subtraction (twice, being squared), square, sum and
  /// division, or reciprocal and product, round: γ_{N+4} v for two passes (Chan, Golub and LeVeque 1983,
  /// table 1).
  ///
  /// A single pass over z - K is off by that much of v + (μ-K)², and about twice as much through
  /// the square of its mean. ``shift`` admits it where K is within half a deviation of the mean; not
  /// Σz²/N - μ², whose error is of the size of u (v + μ²).
  private static func estimatedVariance(
    _ statistics: Reference.BatchStatistics<Moments>, _ sums: Sums, mean: Quantity
  ) -> Quantity {
    let n = Double(statistics.count)
    let growth = Roundoff.gamma(statistics.count + 4)
    let value = statistics.variance
    let squares = statistics.squares
    return Quantity(
      value: value,
      bound: value.indices.map { c -> Double in
        let brought: Double = (2 * sums.distances[c] + sums.boundSquares[c]) / n
        let eta: Double = mean.bound[c] * mean.bound[c]
        let own: Double = shift * growth * (value[c] + brought + eta)
        return brought + eta + own + Roundoff.smallestNormal
      },
      variance: value.indices.map { c -> Double in
        let own: Double = squares[c].squares + 4 * squares[c].productSquares
        let (v, eta): (Double, Double) = (value[c], mean.variance[c])
        let brought: Double = 4 * sums.distanceVariances[c]
        let sum: Double = (brought + Roundoff.variance * own) / (n * n)
        return sum + Roundoff.variance * v * v + 3 * eta * eta
      })
  }

  /// See ``estimatedVariance(_:_:mean:)``.
  private static let shift = 4.0

  /// What batch norm and clamp make of it.
  func output(offset: [Double]) -> Expectation {
    let y = forward.preActivation
    var (bounds, variance) = (y, y)
    for index in 0..<y.count {
      let c = index % scale.count
      let (z, offset) = (forward.products[flat: index].value, offset[c])
      let distance = abs(z - mean.value[c])
      let shift = mean.value[c] * scale[c]
      let sizes: Double = abs(offset) + abs(y[flat: index])
      bounds[flat: index] =
        abs(scale[c]) * normalizedBound(index, c, z) + 2 * Roundoff.unit * sizes
        + Roundoff.smallestNormal
      // Folding into z s + (β - μ s) is right as well, and rounds μ s and the difference.
      let folded: Double = shift * shift + (offset - shift) * (offset - shift)
      let factor: Double = scaleVariance[c] + 2 * Roundoff.variance
      let sum: Double =
        productVariance[flat: index] + mean.variance[c] + distance * distance * factor
      let last: Double = folded + y[flat: index] * y[flat: index]
      variance[flat: index] = scale[c] * scale[c] * sum + Roundoff.variance * last
    }
    var clamped = variance
    for index in 0..<y.count {
      let isHeld = ClampStatistics.held(y[flat: index], variance[flat: index]) != nil
      if isHeld { clamped[flat: index] = 0 }
    }
    return Expectation(
      value: forward.output, bounds: bounds, variance: variance, clamped: clamped,
      evaluation: LayerEvaluation(
        output: forward.output, preActivation: y, moments: nil, norm: nil))
  }

  /// Bound of the error of (z - μ) times a computed r, in units of r.
  func normalizedBound(_ index: Int, _ c: Int, _ z: Double) -> Double {
    let brought: Double = (productBounds[flat: index] + mean.bound[c]) * (1 + scaleBound[c])
    let scaled: Double = abs(z - mean.value[c]) * scaleBound[c]
    let sizes: Double = abs(z) + abs(mean.value[c])
    return brought + scaled + 6 * Roundoff.unit * sizes
  }
}

extension LayerForward {
  /// The sums of a layer that has some.
  var products: Tensor<Terms> {
    guard let sums else { preconditionFailure("a softmax has no sums") }
    return sums
  }
}
