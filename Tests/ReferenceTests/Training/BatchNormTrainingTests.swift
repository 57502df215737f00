import MobileNet
import Reference
import Testing

@Suite struct BatchNormTrainingTests {
  private func statistics(_ z: Tensor<Double>) -> BatchStatistics<Sum<Double>> {
    Operations.batchStatistics(z, accumulating: Sum<Double>.self)
  }

  @Test func `mean and both variances by hand`() {
    // Channels 1, 2, 3, 6 and 5, 5, 5, 5.
    let z = Tensor(shape: [2, 1, 2, 2], scalars: [1.0, 5, 2, 5, 3, 5, 6, 5])
    let result = statistics(z)
    #expect(result.count == 4)
    #expect(result.mean == [3, 5])
    #expect(result.variance == [3.5, 0])
    #expect(result.unbiasedVariance == [14.0 / 3, 0])
  }

  @Test func `a single value has variance 0 in both conventions and no gradient`() {
    let z = Tensor(shape: [1, 1, 1, 2], scalars: [4.0, -7])
    let result = statistics(z)
    #expect(result.variance == [0, 0])
    #expect(result.unbiasedVariance == [0, 0])
    let norm = BatchNorm(result, gamma: [2, 3], beta: [0.5, -1])
    #expect(Operations.batchNorm(z, norm).scalars == [0.5, -1])
    let gradient = Operations.batchNormGradient(
      Tensor(shape: z.shape, scalars: [3.0, 5]), z: z, statistics: result, gamma: [2, 3])
    #expect(gradient.input.scalars == [0, 0])
    #expect(gradient.beta.map(\.value) == [3, 5])
    #expect(gradient.gamma.map(\.value) == [0, 0])
  }

  /// The variance of 0, 1, 2, 3 does not depend on how far away from 0 they are.
  @Test func `a mean far from 0 costs no digit of the variance`() {
    let values = [0.0, 1, 2, 3].map { $0 + 0x1p30 }
    #expect(statistics(Tensor(shape: [4, 1, 1, 1], scalars: values)).variance == [1.25])
    // What a single pass makes of the same numbers.
    let mean = values.reduce(0, +) / 4
    let singlePass = values.reduce(0) { $0 + $1 * $1 } / 4 - mean * mean
    #expect(singlePass != 1.25)
  }

  @Test func `the moments of the sums are those of the terms`() {
    let z = noise([2, 3, 2, 3], seed: 5)
    let moments = Operations.batchStatistics(z, accumulating: Moments.self)
    #expect(moments.mean == statistics(z).mean)
    #expect(moments.variance == statistics(z).variance)
    // A of the mean is Σ|z|; squares have no sign to lose.
    let absolute = statistics(z.map(abs)).sums.map(\.value)
    #expect(moments.sums.map(\.absolute) == absolute)
    #expect(moments.squares.map(\.absolute) == moments.squares.map(\.value))
  }

  /// Truncation of the differences is h² times a third derivative of order 1, rounding u / h: about
  /// 1e-10 each at h = 1e-5.
  @Test(arguments: [[2, 3, 2, 3], [4, 1, 1, 3], [2, 1, 1, 3], [1, 5, 1, 3]])
  func `central differences of Σ r·y agree`(shape: [Int]) {
    let (z, r) = (noise(shape, seed: 1), noise(shape, seed: 2))
    let (gamma, beta) = (noise([3], seed: 3), noise([3], seed: 4))
    func loss(_ z: Tensor<Double>, _ gamma: Tensor<Double>, _ beta: Tensor<Double>) -> Double {
      let norm = BatchNorm(statistics(z), gamma: gamma.scalars, beta: beta.scalars)
      return dot(r, Operations.batchNorm(z, norm))
    }
    let gradient = Operations.batchNormGradient(
      r, z: z, statistics: statistics(z), gamma: gamma.scalars)
    let byZ = centralDifferences(at: z, step: 1e-5) { loss($0, gamma, beta) }
    let byGamma = centralDifferences(at: gamma, step: 1e-5) { loss(z, $0, beta) }
    let byBeta = centralDifferences(at: beta, step: 1e-5) { loss(z, gamma, $0) }
    // With two values per channel, dz is small: what is left of numbers of the size of γ/√v · r.
    let scale = norm(r)
    #expect(norm(difference(gradient.input, byZ)) < 1e-8 * scale)
    #expect(norm(difference(tensor(gradient.gamma), byGamma)) < 1e-8 * scale)
    #expect(norm(difference(tensor(gradient.beta), byBeta)) < 1e-8 * scale)
    // To differentiate through y alone, as if the statistics were given, is another gradient.
    let scales = BatchNorm(statistics(z), gamma: gamma.scalars, beta: beta.scalars).scale
    var given = r
    for index in 0..<r.count { given[flat: index] *= scales[index % 3] }
    #expect(norm(difference(given, byZ)) > 0.01 * scale)
  }

  /// Neither a change of the mean nor, but for ε, one of the scale gets past the norm.
  @Test func `Σ dz is 0 and Σ dz·z is γ·dγ·ε / (v + ε)`() {
    let shape = [2, 3, 4, 2]
    let (z, r, gamma) = (noise(shape, seed: 1), noise(shape, seed: 2), [1.5, -2])
    let statistics = statistics(z)
    let gradient = Operations.batchNormGradient(r, z: z, statistics: statistics, gamma: gamma)
    for c in 0..<2 {
      let channel = stride(from: c, to: z.count, by: 2)
      let epsilon = Architecture.batchNormEpsilon
      let left =
        gamma[c] * gradient.gamma[c].value * epsilon / (statistics.variance[c] + epsilon)
      #expect(abs(channel.reduce(0) { $0 + gradient.input[flat: $1] }) < 1e-13)
      #expect(
        abs(channel.reduce(0) { $0 + gradient.input[flat: $1] * z[flat: $1] } - left) < 1e-13)
      #expect(abs(left) > 1e-6)
    }
  }

  private func difference(_ a: Tensor<Double>, _ b: Tensor<Double>) -> Tensor<Double> {
    Tensor(shape: a.shape, scalars: zip(a.scalars, b.scalars).map { $0 - $1 })
  }

  private func tensor(_ terms: [Sum<Double>]) -> Tensor<Double> {
    Tensor(shape: [terms.count], scalars: terms.map(\.value))
  }
}
