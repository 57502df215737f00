import Conformance
import MobileNet

/// One end point over all cases, arranged the way the page needs it.
struct LayerDigest {
  /// Place among the judged end points.
  let index: Int
  let summary: EndPointSummary
  /// In order of the cases.
  let entries: [Entry]

  /// The end point in one case.
  struct Entry {
    let caseIndex: Int
    let caseName: String
    /// Whether Assay made the case itself.
    let isMade: Bool
    let record: EndPointRecord
  }

  /// A comparison in one case, with the figure that tells how bad it is.
  struct Candidate {
    let entry: Entry
    let statistics: ErrorStatistics
    let figure: Double
  }

  /// The largest value of a figure, with the case it comes from.
  struct Worst {
    let value: Double
    let caseName: String
  }

  /// One gate over all cases.
  struct GateDigest {
    let gate: Gate
    let status: Status
    /// Largest share of the limit, with its case; `nil` if the gate never ran.
    let worst: Worst?
  }

  /// All judged end points in order of computation.
  static func all(of record: ConformanceRecord) -> [LayerDigest] {
    var entries: [EndPoint: [Entry]] = [:]
    for (index, item) in record.cases.enumerated() {
      for endPoint in item.endPoints {
        entries[endPoint.name, default: []].append(
          Entry(
            caseIndex: index, caseName: item.name, isMade: item.isMade, record: endPoint))
      }
    }
    return record.endPointSummaries.enumerated().map { index, summary in
      LayerDigest(index: index, summary: summary, entries: entries[summary.name] ?? [])
    }
  }

  var name: String { summary.name.rawValue.shortened(to: 60) }

  /// The section's id in the page.
  var anchor: String { "layer-\(index + 1)" }

  var shortName: String { summary.name.shortName }

  /// Shape in the first case.
  var shape: [Int] { entries.first?.record.shape ?? [] }

  /// The largest value of a figure; what is not a number counts as the largest.
  func worst(_ figure: (EndPointRecord) -> Double?) -> Worst? {
    entries.compactMap { entry in
      figure(entry.record).map { Worst(value: $0, caseName: entry.caseName) }
    }
    .max { $0.value.rank < $1.value.rank }
  }

  /// One comparison in every case that has it.
  func candidates(
    _ statistics: (EndPointRecord) -> ErrorStatistics?, by figure: (ErrorStatistics) -> Double?
  ) -> [Candidate] {
    entries.compactMap { entry in
      statistics(entry.record).flatMap { statistics in
        figure(statistics).map { Candidate(entry: entry, statistics: statistics, figure: $0) }
      }
    }
  }

  /// Every gate that was applied, in order.
  var gates: [GateDigest] {
    Gate.allCases.compactMap { gate in
      let results = entries.flatMap { $0.record.gates.filter { $0.gate == gate } }
      guard let status = Status.gravest(results.map(\.status)) else { return nil }
      return GateDigest(
        gate: gate, status: status,
        worst: worst { $0.gates.first { $0.gate == gate }?.utilisation })
    }
  }

  /// Largest share of a limit that the layer uses by itself.
  var isolatedUtilisation: Double? {
    gates.filter(\.gate.isIsolated).compactMap { $0.worst?.value }.max { $0.rank < $1.rank }
  }

  /// Whether the layer goes wrong by itself, and not only by what it inherits.
  var failsByItself: Bool {
    entries.contains { entry in
      entry.record.gates.contains { $0.status == .fail && $0.reach != .chain }
    }
  }
}

extension Double {
  /// Order for finding the worst: not a number is worse than infinite.
  var rank: (Double, Int) { isNaN ? (.infinity, 1) : (self, 0) }
}
