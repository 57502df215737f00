import Conformance
import MobileNet
import Testing

/// Figures that can be worked out by hand, and values that must never pass.
@Suite struct ErrorStatisticsTests {
  private func tensor<Scalar>(_ scalars: [Scalar]) -> Tensor<Scalar> {
    Tensor(shape: [1, 1, scalars.count, 1], scalars: scalars)
  }

  private func compare(
    _ values: [Float], _ reference: [Double], bounds: [Double]? = nil, sigma: [Double]? = nil
  ) -> ErrorStatistics {
    let variance = sigma.map { tensor($0.map { $0 * $0 }) }
    return ErrorStatistics(
      tensor(values), reference: tensor(reference), bounds: bounds.map(tensor),
      budget: variance.map { ErrorStatistics.Budget(element: $0, clamped: $0) })
  }

  @Test func `equal tensors have no error at all`() {
    let statistics = compare([1, 0, -2], [1, 0, -2], bounds: [0, 0, 0], sigma: [0, 0, 0])
    #expect(statistics.maxAbsolute == 0)
    #expect(statistics.utilisation == 0)
    #expect(statistics.budgetRatio == 0)
    #expect(statistics.maxSigma == 0)
    #expect(statistics.cosine == 1)
    #expect(statistics.count == 3)
    #expect(statistics.zeroFraction == 1.0 / 3)
  }

  @Test func `errors by hand`() {
    let statistics = compare(
      [1.5, 2, -4], [1, 2, -3], bounds: [1, 1, 4], sigma: [0.25, 0.25, 0.5])
    #expect(statistics.maxAbsolute == 1)
    #expect(abs(statistics.rms - (1.25 / 3).squareRoot()) < 1e-15)
    #expect(abs(statistics.mean - (-0.5 / 3)) < 1e-15)
    #expect(statistics.utilisation == 0.5)
    #expect(statistics.worst?.index == [0, 0, 0, 0])
    #expect(statistics.maxSigma == 2)
    #expect(abs((statistics.budgetRatio ?? 0) - (1.25 / 0.375).squareRoot()) < 1e-15)
    #expect(abs(statistics.relativeL2 - (1.25 / 14).squareRoot()) < 1e-15)
    // (1.5 + 4 + 12) / √((2.25 + 4 + 16) · 14)
    #expect(abs(statistics.cosine - 17.5 / (22.25 * 14.0).squareRoot()) < 1e-15)
  }

  @Test func `distances in units in the last place`() {
    #expect(compare([Float(1).nextUp], [1]).maxULP == 1)
    #expect(compare([Float(1).nextDown], [1]).maxULP == 0.5)
    #expect(compare([Float(4).nextUp.nextUp], [4]).maxULP == 2)
    #expect(compare([0x1p-149], [0]).maxULP == 1)
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func `what is not finite is infinitely wrong`(value: Float) {
    let statistics = compare([value, 1], [1, 1], bounds: [10, 10], sigma: [10, 10])
    #expect(statistics.notFinite == 1)
    #expect(statistics.utilisation == .infinity)
    #expect(statistics.budgetRatio == .infinity)
    #expect(statistics.maxSigma == .infinity)
    #expect(statistics.worst?.index == [0, 0, 0, 0])
  }

  @Test func `an error where none is admissible is infinite`() {
    let statistics = compare([1e-30], [0], bounds: [0], sigma: [0])
    #expect(statistics.utilisation == .infinity)
    #expect(statistics.maxSigma == .infinity)
  }

  @Test func `nothing compared yields no worst element`() {
    let statistics = compare([], [], bounds: [], sigma: [])
    #expect(statistics.count == 0)
    #expect(statistics.worst == nil)
  }

  @Test func `special values match only themselves`() {
    let infinity = Double.infinity
    #expect(compare([.nan, .infinity], [.nan, infinity]).notMatched == 0)
    #expect(compare([1, .infinity, .nan], [.nan, -infinity, 1]).notMatched == 3)
    #expect(compare([-0.0, 0, -1], [0, 0, -1]).negativeZeros == 1)
  }

  @Test func `what is NaN or infinite in both enters no figure`() {
    let (nan, infinity) = (Double.nan, Double.infinity)
    let plain = compare([1.5, 2, -4], [1, 2, -3], bounds: [1, 1, 4], sigma: [0.25, 0.25, 0.5])
    var mixed = compare(
      [.nan, 1.5, .infinity, 2, -4, -.infinity], [nan, 1, infinity, 2, -3, -infinity],
      bounds: [nan, 1, infinity, 1, 4, 0], sigma: [nan, 0.25, infinity, 0.25, 0.5, 0])
    #expect(mixed.count == 3 && mixed.matched == 3 && mixed.notMatched == 0)
    #expect(mixed.worst?.index == [0, 0, 1, 0])
    (mixed.matched, mixed.worst) = (plain.matched, plain.worst)
    #expect(mixed == plain)
  }

  @Test func `where nothing is left there is no figure`() {
    let statistics = compare([.nan], [.nan], bounds: [1], sigma: [1])
    #expect(statistics.count == 0 && statistics.matched == 1 && statistics.worst == nil)
    #expect(statistics.utilisation == nil && statistics.budgetRatio == nil)
    #expect(statistics.maxSigma == nil && statistics.effectiveCount == nil)
  }

  @Test func `the worst element is the one that is out of place`() {
    let statistics = compare([1, .nan, 3], [0, 2, 3], bounds: [0, 1, 1])
    #expect(statistics.worst?.index == [0, 0, 1, 0] && statistics.notMatched == 1)
  }

  @Test func `what float32 cannot hold is infinite to it`() {
    #expect(compare([.infinity], [1e39]).notMatched == 0)
    #expect(compare([-.infinity], [1e39]).notMatched == 1)
    #expect(compare([.infinity], [3.4e38]).notMatched == 1)
  }

  @Test func `a subnormal may be flushed, a normal number may not`() {
    #expect(compare([0], [0x1p-127], bounds: [0]).utilisation == 0)
    #expect(compare([0], [0x1p-126], bounds: [0]).utilisation == .infinity)
  }

  @Test func `equal values count once`() {
    var generator = SplitMix64(seed: 3)
    for _ in 0..<50 {
      let count = Int.random(in: 1...400, using: &generator)
      let reference = (0..<count).map { _ in Double(Int.random(in: 0...60, using: &generator)) }
      let variance = (0..<count).map { _ in
        max(Double.random(in: -0.5...1, using: &generator), 0)
      }
      var groups: [Double: Double] = [:]
      for (value, variance) in zip(reference, variance) { groups[value, default: 0] += variance }
      let total = groups.values.reduce(0, +)
      let squares = groups.values.reduce(0) { $0 + $1 * $1 }
      let expected = squares > 0 ? total * total / squares : 0
      let found = EffectiveCount.count(
        tensor(variance), reference: tensor(reference), isCommon: false)
      #expect(abs(found - expected) <= 1e-9 * expected)
    }
  }
}
