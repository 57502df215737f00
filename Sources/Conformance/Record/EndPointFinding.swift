import MobileNet

/// What matters most at one end point over all cases: the one result that every report names.
///
/// The most severe status comes first. Among failures, and what was not shown, a gate that speaks of the
/// layer itself comes before one that only speaks of the chain, and a layer that holds NaN or infinity
/// out of place is said to: every other figure is infinite for that reason. Then the gates' own order
/// decides, and of a gate's results the one that is farthest beyond its limit. Where all pass, it is the
/// figure that comes nearest to its limit.
package struct EndPointFinding: Sendable {
  package let endPoint: EndPoint
  package let status: Status
  package let gate: Gate
  /// The case that shows it most clearly.
  package let caseName: String
  /// How many cases show the same.
  package let caseCount: Int
  /// The criterion that is exceeded most, or comes nearest to its limit; `nil` if the gate has no
  /// figures.
  package let criterion: GateResult.Criterion?
  package let note: String?
  /// How near to the layer it is what the result speaks of.
  package let reach: GateResult.Reach
  /// The worst element, if an element is to blame.
  package let worst: ErrorStatistics.Element?
}

extension ConformanceRecord {
  /// One finding for every end point that any gate judged, in order of computation.
  package var findings: [EndPointFinding] { EndPointFinding.all(of: cases) }
}

extension EndPointFinding {
  /// One for every end point that any gate judged, in the order in which the cases have them.
  static func all(of cases: [CaseRecord]) -> [EndPointFinding] {
    var order: [EndPoint] = []
    var entries: [EndPoint: [Entry]] = [:]
    for item in cases {
      for endPoint in item.endPoints {
        if entries[endPoint.name] == nil { order.append(endPoint.name) }
        entries[endPoint.name, default: []] += endPoint.gates.map {
          Entry(caseName: item.name, endPoint: endPoint, result: $0)
        }
      }
    }
    return order.compactMap { EndPointFinding($0, entries[$0] ?? []) }
  }

  /// `nil` without results.
  private init?(_ endPoint: EndPoint, _ entries: [Entry]) {
    guard let severest = Status.gravest(entries.map(\.result.status)) else { return nil }
    let severe = entries.filter { $0.result.status == severest }
    let first =
      severest.conforms
      ? severe.max { $0.excess < $1.excess } : severe.min { $0.precedence < $1.precedence }
    guard let first else { return nil }
    let same = severe.filter {
      $0.result.gate == first.result.gate
        && (severest.conforms || $0.result.reach == first.result.reach)
    }
    let clearest = same.max { $0.excess < $1.excess } ?? first
    self.endPoint = endPoint
    status = severest
    gate = clearest.result.gate
    caseName = clearest.caseName
    caseCount = same.count
    criterion = clearest.result.criteria.max { $0.excess < $1.excess }
    note = clearest.result.note
    reach = clearest.result.reach
    worst = clearest.worst
  }

  /// One gate of one end point of one case.
  private struct Entry {
    let caseName: String
    let endPoint: EndPointRecord
    let result: GateResult

    var precedence: (GateResult.Reach, Int, Gate) {
      (result.reach, result.holdsMisplaced ? 0 : 1, result.gate)
    }

    /// How far beyond its limit the worst criterion is; less than nothing without any.
    var excess: Double { result.criteria.map(\.excess).max() ?? -1 }

    var worst: ErrorStatistics.Element? {
      switch result.gate {
      case .isolatedBound, .isolatedBudget, .exactIntegers, .bias, .repeatability:
        endPoint.isolated?.worst
      case .clampExactness: endPoint.isolated?.clamp?.worst
      case .accumulatedBudget: endPoint.accumulated?.worst
      case .values:
        result.reach == .layer ? endPoint.isolated?.worst : endPoint.accumulated?.worst
      case .goldenSandwich: endPoint.goldenIsolated?.worst ?? endPoint.goldenAccumulated?.worst
      }
    }
  }
}

extension GateResult.Criterion {
  /// value / limit: how much of what is allowed was used. No error is 0 of any limit; what is not a
  /// number is beyond every limit.
  package var excess: Double { ErrorStatistics.ratio(value, limit) }
}
