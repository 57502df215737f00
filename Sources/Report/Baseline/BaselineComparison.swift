import Conformance
import Foundation

/// A record beside a baseline: even inside its tolerance, an engine that got worse has regressed.
public struct BaselineComparison: Sendable {
  public let baseline: Baseline
  public let margins: Margins
  /// The record's own verdict.
  public let conforms: Bool
  public let verdictLine: String
  /// All figures of the baseline and of the record, in order of computation.
  public let changes: [Change]
  /// `nil` if nobody asked for it.
  public let latency: LatencyComparison?

  /// How much a figure may move before it counts.
  ///
  /// The engine repeats itself bit for bit, so a figure moves only when the engine changes; then it may
  /// move by luck as well. The largest of n errors in units of sigma, as gates G1 and G2 have it,
  /// scatters by 1.28 / (2 ln n) of itself (Gumbel's law for the maximum of n normal values): 6 % for
  /// the 98,304 elements of the first end point, 9 % for 1001 logits. An rms of k errors scatters by
  /// 1 / √(2k), which is less. A factor of 1.25 is about three to four of such deviations.
  ///
  /// Where almost nothing of the limit is used, even a large factor says nothing: a difference below
  /// 5 % of the limit does not count. A limit of zero leaves no room: there, every increase by more than
  /// the factor counts.
  public struct Margins: Hashable, Sendable {
    /// A figure has moved if it is more than this times the old one.
    public var factor: Double
    /// The least difference that counts, as a share of the limit.
    public var floor: Double
    /// How many times slower than the slowest round then the fastest round now may be.
    public var latency: Double

    public init(factor: Double = 1.25, floor: Double = 0.05, latency: Double = 1.1) {
      self.factor = factor
      self.floor = floor
      self.latency = latency
    }
  }

  /// One figure then and now.
  public struct Change: Hashable, Sendable {
    public enum Direction: Hashable, Sendable { case same, worse, better, added, removed }

    public var endPoint: String
    public var gate: String
    public var measure: String
    public var old: Baseline.Figure?
    public var new: Baseline.Figure?
    public var direction: Direction

    /// new / old; infinite where there was no error before, `nil` where one is missing.
    public var factor: Double? {
      guard let old, let new else { return nil }
      if old.value == new.value { return 1 }
      let factor = new.value / old.value
      return factor.isNaN ? .infinity : factor
    }

    /// Whether the subject got worse. A figure that is not measured any more counts, too: what is not
    /// looked at cannot be trusted.
    public var isRegression: Bool { direction == .worse || direction == .removed }
  }

  /// - Parameter latency: What was measured now; the baseline has to hold some as well.
  /// - Throws: ``BaselineError`` if the two have nothing to do with each other.
  public init(
    _ record: ConformanceRecord, with baseline: Baseline, margins: Margins = Margins(),
    latency: BaselineLatency? = nil
  ) throws {
    let current = try Baseline(figuresOf: record)
    try Self.check(record, current, baseline)
    self.baseline = baseline
    self.margins = margins
    conforms = record.verdict.conforms
    verdictLine = record.verdict.line
    changes = Self.changes(from: baseline, to: current, margins)
    self.latency = try latency.map { new in
      guard let old = baseline.latency else { throw BaselineError.noLatency }
      return LatencyComparison(new, with: old, factor: margins.latency)
    }
  }

  public var regressions: [Change] { changes.filter(\.isRegression) }
  public var improvements: [Change] { changes.filter { $0.direction == .better } }
  /// Whether the subject conforms and is no worse than the baseline.
  public var passes: Bool {
    conforms && regressions.isEmpty && latency?.regressions.isEmpty ?? true
  }

  private static func check(
    _ record: ConformanceRecord, _ current: Baseline, _ baseline: Baseline
  ) throws {
    if record.selection != ConformanceRecord.Selection() { throw BaselineError.selection }
    if baseline.checkpoint.parametersSHA256 != current.checkpoint.parametersSHA256 {
      throw BaselineError.otherCheckpoint(
        baseline: describe(baseline.checkpoint), record: describe(current.checkpoint))
    }
    if baseline.subject != current.subject {
      throw BaselineError.otherSubject(
        baseline: describe(baseline.subject), record: describe(current.subject))
    }
    if let difference = ProfileLimits.difference(baseline.profile, current.profile) {
      throw BaselineError.otherProfile(difference)
    }
    if baseline.cases != current.cases {
      throw BaselineError.otherCases(
        missing: Set(baseline.cases).subtracting(current.cases).sorted(),
        new: Set(current.cases).subtracting(baseline.cases).sorted())
    }
  }

  private static func describe(_ checkpoint: Baseline.Checkpoint) -> String {
    let hashes = checkpoint.parametersSHA256.map { String($0.prefix(12)) }
    return "\(checkpoint.name) (parameters \(hashes.joined(separator: ", ")))"
  }

  private static func describe(_ subject: Baseline.Subject) -> String {
    subject.isa.map { "\(subject.name) on \($0)" } ?? subject.name
  }
}

extension BaselineComparison {
  private struct Key: Hashable {
    let endPoint: String
    let gate: String
    let measure: String
  }

  private static func changes(
    from old: Baseline, to new: Baseline, _ margins: Margins
  ) -> [Change] {
    let (before, after) = (figures(old), figures(new))
    let oldFigures = Dictionary(before, uniquingKeysWith: { first, _ in first })
    let newFigures = Dictionary(after, uniquingKeysWith: { first, _ in first })
    let keys = after.map(\.0) + before.map(\.0).filter { newFigures[$0] == nil }
    return keys.map { key in
      Change(
        endPoint: key.endPoint, gate: key.gate, measure: key.measure, old: oldFigures[key],
        new: newFigures[key],
        direction: margins.direction(from: oldFigures[key], to: newFigures[key]))
    }
  }

  /// In order of computation, then by gate and measure.
  private static func figures(_ baseline: Baseline) -> [(Key, Baseline.Figure)] {
    baseline.endPoints.flatMap { endPoint in
      endPoint.gates.sorted { $0.key < $1.key }.flatMap { gate, figures in
        figures.map {
          (Key(endPoint: endPoint.name, gate: gate, measure: $0.measure), $0)
        }
      }
    }
  }
}

extension BaselineComparison.Margins {
  func direction(
    from old: Baseline.Figure?, to new: Baseline.Figure?
  ) -> BaselineComparison.Change.Direction {
    guard let old else { return .added }
    guard let new else { return .removed }
    if isBeyond(new, old) { return .worse }
    return isBeyond(old, new) ? .better : .same
  }

  /// Whether `larger` is beyond the noise around `smaller`. What is not a number is larger than any.
  private func isBeyond(_ larger: Baseline.Figure, _ smaller: Baseline.Figure) -> Bool {
    let high = larger.value.isNaN ? .infinity : larger.value
    let low = smaller.value.isNaN ? .infinity : smaller.value
    guard high > low else { return false }
    return high.isInfinite || (high > factor * low && high - low > floor * larger.limit)
  }
}
