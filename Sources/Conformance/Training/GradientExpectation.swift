import MobileNet
import Reference

/// The way back through one convolution, in float64 on float32 values, with what float32 may make of
/// it: from the gradient of the layer's end point to those of β, γ, the weights and the input.
///
/// Which elements the gradient passes is taken from the subject's own end point (0 < y < 6), so no
/// element is near a kink here: an element whose side the reference could not tell is counted, and
/// the side that the subject's output shows is taken.
struct GradientExpectation {
  let beta: Expectation
  let gamma: Expectation
  private let given: Given
  private let dz: Tensor<Double>
  private let norm: NormGradientErrors

  /// What a layer's way back starts from.
  struct Given {
    let convolution: Convolution
    let isFirst: Bool
    let weights: Tensor<Double>
    let gamma: [Double]
    /// λ, 0 for kernels without weight decay.
    let weightDecay: Double
    let norm: NormExpectation
    /// Of what the clamp reads.
    let outputBounds: Tensor<Double>
    /// The subject's own end point.
    let output: Tensor<Double>
    /// Gradient of the subject's end point.
    let gradient: Tensor<Double>
  }

  init(_ given: Given) {
    let passed = Operations.relu6Gradient(given.gradient, y: given.output)
    let z = given.norm.forward.products.map(\.value)
    guard let statistics = given.norm.forward.statistics else {
      preconditionFailure("a convolution has statistics")
    }
    let exact = Operations.batchNormGradient(
      passed, z: z, statistics: statistics, gamma: given.gamma)
    let norm = NormGradientErrors(given.norm, passed: passed, exact: exact)
    self.given = given
    self.norm = norm
    dz = exact.input
    let kinks = Self.kinks(given)
    beta = Expectation(
      value: row(exact.beta.map(\.value)), bounds: row(norm.betaBound),
      variance: row(norm.betaVariance), kinks: kinks)
    gamma = Expectation(
      value: row(exact.gamma.map(\.value)), bounds: row(norm.gammaBound),
      variance: row(norm.gammaVariance), kinks: kinks)
  }

  /// Elements within their own bound of 0 or 6.
  private static func kinks(_ given: Given) -> Int {
    let y = given.norm.forward.preActivation
    return (0..<y.count).count { index in
      let value = y[flat: index]
      return min(abs(value), abs(value - Architecture.reluCeiling))
        <= given.outputBounds[flat: index]
    }
  }

  /// Σ x dz over M positions: γ_{M+1} Σ|x||dz|, and what dz brings along; the weight decay λ w is a
  /// product and an addition more.
  func weights() -> Expectation {
    let x = given.norm.forward.input
    let sums = Operations.weightsGradient(
      given.convolution, x, gradient: dz, accumulating: Moments.self)
    let inherited = Operations.weightsGradient(
      given.convolution, x.map(abs), gradient: norm.bounds, accumulating: Sum<Double>.self)
    let variances = Operations.weightsGradient(
      given.convolution, x.map { $0 * $0 }, gradient: norm.variances,
      accumulating: Sum<Double>.self)
    // One rounding more where the first layer computes 2x - 1.
    let growth = Roundoff.gamma(given.norm.count + 2)
    var (value, bounds, variance) = (
      sums.map(\.value), sums.map(\.value), sums.map(\.value)
    )
    for index in 0..<sums.count {
      let decay = given.weightDecay * given.weights[flat: index]
      let brought = inherited[flat: index].value
      value[flat: index] += decay
      bounds[flat: index] =
        growth * (sums[flat: index].absolute + brought) + brought
        + 3 * Roundoff.unit * (abs(decay) + abs(value[flat: index])) + Roundoff.smallestNormal
      let last: Double = 2 * decay * decay + value[flat: index] * value[flat: index]
      variance[flat: index] =
        Roundoff.variance * (sums[flat: index].squares + last) + variances[flat: index].value
    }
    return Expectation(value: value, bounds: bounds, variance: variance)
  }

  /// Σ dz w, and twice that for the images, which the network reads as 2x - 1.
  func input() -> Expectation {
    let convolution = given.convolution
    let shape = given.norm.forward.input.shape
    func sums<Terms: Accumulator>(
      _ gradient: Tensor<Double>, _ weights: Tensor<Double>, _: Terms.Type
    ) -> Tensor<Terms> where Terms.Scalar == Double {
      Operations.inputGradient(
        convolution, gradient, weights: weights, inputShape: shape, accumulating: Terms.self)
    }
    let exact = sums(dz, given.weights, Moments.self)
    let inherited = sums(norm.bounds, given.weights.map(abs), Sum<Double>.self)
    let variances = sums(norm.variances, given.weights.map { $0 * $0 }, Sum<Double>.self)
    let taps = convolution.kernelSize * convolution.kernelSize
    let growth = Roundoff.gamma(
      taps * (convolution.kind == .depthwise ? 1 : convolution.outputChannels) + 1)
    let factor = given.isFirst ? 2.0 : 1
    var (bounds, variance) = (exact.map(\.value), exact.map(\.value))
    for index in 0..<exact.count {
      let brought = inherited[flat: index].value
      bounds[flat: index] =
        factor * (growth * (exact[flat: index].absolute + brought) + brought)
        + Roundoff.smallestNormal
      variance[flat: index] =
        factor * factor
        * (Roundoff.variance * exact[flat: index].squares + variances[flat: index].value)
    }
    return Expectation(
      value: exact.map { $0.value * factor }, bounds: bounds, variance: variance)
  }
}

/// Errors on the way back through batch norm: bounds and variances of dβ, dγ and dz.
///
///     dβ = Σ dy        dγ = Σ dy x̂        dz = s (dy - dβ/N - x̂ dγ/N)
struct NormGradientErrors {
  private(set) var betaBound: [Double]
  private(set) var betaVariance: [Double]
  private(set) var gammaBound: [Double]
  private(set) var gammaVariance: [Double]
  /// Of dz.
  private(set) var bounds: Tensor<Double>
  private(set) var variances: Tensor<Double>

  init(_ norm: NormExpectation, passed dy: Tensor<Double>, exact: BatchNormGradient<Moments>) {
    let channels = norm.scale.count
    let normalized = Normalized(norm)
    let growth = Roundoff.gamma(norm.count + 1)
    betaBound = exact.beta.map { growth * $0.absolute }
    betaVariance = exact.beta.map { Roundoff.variance * $0.squaresInAnyOrder() }
    gammaBound = [Double](repeating: 0, count: channels)
    gammaVariance = [Double](repeating: 0, count: channels)
    for index in 0..<dy.count where dy[flat: index] != 0 {
      let (c, size) = (index % channels, abs(dy[flat: index]))
      let bound = normalized.bounds[flat: index]
      gammaBound[c] += size * (bound + growth * (abs(normalized.values[flat: index]) + bound))
      gammaVariance[c] += size * size * normalized.ownVariances[flat: index]
    }
    for c in 0..<channels {
      // The errors of μ and of r are those of the whole channel, and add up as they stand.
      let (beta, gamma) = (exact.beta[c].value, exact.gamma[c].value)
      let inverse: Double = norm.inverse[c] * norm.inverse[c]
      let common: Double = inverse * norm.mean.variance[c] * beta * beta
      gammaVariance[c] += common + norm.scaleVariance[c] * gamma * gamma
      gammaVariance[c] += Roundoff.variance * exact.gamma[c].squaresInAnyOrder()
    }
    bounds = dy
    variances = dy
    addCentered(norm, normalized, dy: dy, exact: exact)
  }

  /// dz, whose three terms round, whose factors have errors, and which s scales.
  private mutating func addCentered(
    _ norm: NormExpectation, _ normalized: Normalized, dy: Tensor<Double>,
    exact: BatchNormGradient<Moments>
  ) {
    let n = Double(norm.count)
    for index in 0..<dy.count {
      let c = index % norm.scale.count
      let (x, dx) = (abs(normalized.values[flat: index]), normalized.bounds[flat: index])
      let (beta, gamma) = (abs(exact.beta[c].value), abs(exact.gamma[c].value))
      let t = exact.centered[flat: index]
      let scale = abs(norm.scale[c])
      let factors: Double = (betaBound[c] + (x + dx) * gammaBound[c] + dx * gamma) / n
      let terms: Double = abs(dy[flat: index]) + (beta + (x + dx) * gamma) / n
      let sum: Double = factors + 8 * Roundoff.unit * terms
      let scaled: Double = (1 + norm.scaleBound[c]) * sum + abs(t.value) * norm.scaleBound[c]
      let rounded: Double = 2 * Roundoff.unit * (abs(t.value) + sum)
      bounds[flat: index] = scale * (scaled + rounded) + Roundoff.smallestNormal

      let inverse: Double = norm.inverse[c] * norm.inverse[c]
      let common: Double = inverse * norm.mean.variance[c] + x * x * norm.scaleVariance[c]
      let own: Double = normalized.ownVariances[flat: index] + common
      let square: Double = t.value * t.value
      let value: Double = Roundoff.variance * (t.squares + 2 * square)
      let means: Double = betaVariance[c] + x * x * gammaVariance[c] + own * gamma * gamma
      variances[flat: index] =
        scale * scale * (value + means / (n * n) + square * norm.scaleVariance[c])
    }
  }

  /// x̂ = (z - μ) r of every element.
  struct Normalized {
    var values: Tensor<Double>
    var bounds: Tensor<Double>
    /// Variance of what is the element's own error; those of μ and r are the channel's.
    var ownVariances: Tensor<Double>

    init(_ norm: NormExpectation) {
      let z = norm.forward.products
      values = z.map(\.value)
      bounds = values
      ownVariances = values
      for index in 0..<z.count {
        let c = index % norm.scale.count
        let value = (z[flat: index].value - norm.mean.value[c]) * norm.inverse[c]
        values[flat: index] = value
        bounds[flat: index] =
          norm.inverse[c] * norm.normalizedBound(index, c, z[flat: index].value)
          + 3 * Roundoff.unit * abs(value)
        ownVariances[flat: index] =
          norm.inverse[c] * norm.inverse[c] * norm.productVariance[flat: index]
          + 3 * Roundoff.variance * value * value
      }
    }
  }
}
