import Conformance

/// Data together with one admitted way to evaluate them: a point of the space that is searched.
protocol AdversaryCase {
  /// Changes the data or the evaluation.
  mutating func mutate(_ generator: inout SplitMix64)
  /// |error| over its bound; `nil` where the case is outside the class, as when something overflows.
  var ratio: Double? { get }
  /// How the result is computed.
  var name: String { get }
}

/// The worst of a search.
struct Finding {
  var ratio = 0.0
  var evaluations = 0
  /// Of `evaluations`, when the worst was found.
  var foundAfter = 0
  var name = ""

  mutating func merge(_ other: Finding) {
    if other.ratio > ratio {
      (ratio, name) = (other.ratio, other.name)
      foundAfter = evaluations + other.foundAfter
    }
    evaluations += other.evaluations
  }
}

/// Hill climbing with restarts.
struct Adversary {
  private var generator: SplitMix64
  /// Cases drawn for every climb, which starts from the worst of them.
  var draws = 24
  /// Steps without gain after which a climb is given up.
  var patience = 150

  init(seed: UInt64) { generator = SplitMix64(seed: seed) }

  /// Climbs from one start after the other until `evaluations` are spent.
  mutating func search<Case: AdversaryCase>(
    evaluations: Int, start: (inout SplitMix64) -> Case
  ) -> Finding {
    var finding = Finding()
    while finding.evaluations < evaluations {
      var (climb, best) = draw(start)
      climb.merge(self.climb(from: best, climb.ratio, evaluations - finding.evaluations))
      finding.merge(climb)
    }
    return finding
  }

  /// The worst of some cases.
  private mutating func draw<Case: AdversaryCase>(
    _ start: (inout SplitMix64) -> Case
  ) -> (Finding, Case) {
    var best = start(&generator)
    var finding = Finding(ratio: best.ratio ?? 0, evaluations: 1, name: best.name)
    for _ in 1..<draws {
      let next = start(&generator)
      let ratio = next.ratio ?? 0
      finding.merge(Finding(ratio: ratio, evaluations: 1, foundAfter: 1, name: next.name))
      if ratio == finding.ratio { best = next }
    }
    return (finding, best)
  }

  private mutating func climb<Case: AdversaryCase>(
    from start: Case, _ ratio: Double, _ limit: Int
  ) -> Finding {
    var best = start
    var finding = Finding(ratio: ratio, name: start.name)
    var failures = 0
    while failures < patience, finding.evaluations < limit {
      var next = best
      for _ in 0...Int(generator.next() & 1) { next.mutate(&generator) }
      finding.evaluations += 1
      failures += 1
      guard let ratio = next.ratio, ratio >= finding.ratio else { continue }
      best = next
      guard ratio > finding.ratio else { continue }
      failures = 0
      (finding.ratio, finding.name) = (ratio, next.name)
      finding.foundAfter = finding.evaluations
    }
    return finding
  }
}
