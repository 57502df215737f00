import Foundation
import Golden
import TestSupport
import Testing

/// What is kept of a gradient tells how far another one is.
@Suite struct StoredGradientTests {
  static let seed = 1_234_567

  /// Numbers of both signs, without a pattern.
  private func gradient(_ count: Int) -> [Double] {
    (0..<count).map { index -> Double in
      let residue = (index * 7919 + 13) % 10007
      return Double(residue) / 10007 - 0.4
    }
  }

  private func stored(_ values: [Double]) -> StoredGradient {
    StoredGradient(
      shape: [values.count],
      content: values.count > GradientSummary.wholeCount
        ? .summary(GradientSummary(of: values, seed: Self.seed)) : .whole(values),
      seed: Self.seed)
  }

  /// The first numbers that SplitMix64 is published with for this seed.
  @Test func theHashIsSplitMix64() {
    let bits = (1...5).map {
      CounterHash.bits(seed: UInt64(Self.seed), row: 0, index: $0)
    }
    #expect(
      bits == [
        6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
        4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
      ])
  }

  /// The oracle's own summary of the same numbers, by numpy.
  @Test(.enabled(if: PythonTools.isAvailable, Comment(rawValue: PythonTools.hint)))
  func numpyMakesTheSame() throws {
    let printed = try PythonTools.run(
      """
      import sys
      sys.path.insert(0, sys.argv[1])
      import numpy as np
      from projection import sample_indices, summarize
      gradient = (np.arange(5000) * 7919 + 13) % 10007 / 10007 - 0.4
      parts = summarize(gradient, 1234567)
      print(*sample_indices(1234567, 5000))
      for name in ("samples", "projections", "norm"): print(*map(float, parts[name]))
      """, [Repository.path("Scripts/oracle")])
    let lines = printed.split(separator: "\n").map { line in
      line.split(separator: " ").compactMap { Double($0) }
    }
    let values = gradient(5000)
    let summary = GradientSummary(of: values, seed: Self.seed)
    #expect(
      lines[0] == GradientSummary.sampleIndices(count: 5000, seed: Self.seed).map(Double.init))
    #expect(lines[1] == summary.samples)
    #expect(lines[2].count == 32 && lines[3].count == 1)
    for (ours, theirs) in zip(summary.projections + [summary.norm], lines[2] + lines[3]) {
      #expect(abs(ours - theirs) <= 1e-12 * summary.norm)
    }
  }

  @Test func aWholeGradientIsExact() {
    let values = gradient(100)
    #expect(stored(values).distance(to: values) == 0)
    let doubled = stored(values).distance(to: values.map { 2 * $0 })
    #expect(abs(doubled - 1) < 1e-15)
    #expect(stored(values).knownElements.map(\.value) == values)
  }

  @Test func aSummaryEstimates() {
    let values = gradient(50_000)
    let stored = stored(values)
    #expect(stored.distance(to: values) == 0)
    #expect(stored.knownElements.allSatisfy { values[$0.index] == $0.value })
    var (one, all) = (values, values)
    one[31_415] += 1e-6 * stored.norm
    for index in all.indices { all[index] += 1e-6 * stored.norm * (index % 2 == 0 ? 1 : -1) }
    // An error of one element, and one of all: 50,000 of them are √50,000 times as long.
    let distances = (stored.distance(to: one), stored.distance(to: all))
    #expect((0.6e-6...1.5e-6).contains(distances.0))
    #expect((0.6...1.5).contains(distances.1 / (1e-6 * Double(50_000).squareRoot())))
  }

  @Test func zerosAndWhatIsNoNumber() {
    for count in [10, 5000] {
      let zeros = [Double](repeating: 0, count: count)
      #expect(stored(zeros).distance(to: zeros) == 0)
      #expect(stored(zeros).distance(to: gradient(count)) == .infinity)
      var broken = gradient(count)
      broken[count / 2] = .nan
      #expect(!(stored(gradient(count)).distance(to: broken) <= 1))
    }
  }

  @Test func signsAreEvenAndUnrelated() {
    for (a, b) in [(0, 1), (3, 31)] {
      var (sum, product) = (0.0, 0.0)
      for index in 0..<10_000 {
        let sign = GradientSummary.sign(projection: a, index: index, seed: Self.seed)
        sum += sign
        product += sign * GradientSummary.sign(projection: b, index: index, seed: Self.seed)
      }
      // Four standard deviations of as many coins.
      #expect(abs(sum) < 400 && abs(product) < 400)
    }
  }
}
