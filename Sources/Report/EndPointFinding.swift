import Conformance
import MobileNet

/// What matters most at one end point: the gravest result of all gates and cases, and among equals
/// the figure that comes nearest to its limit or goes furthest beyond it.
struct EndPointFinding {
  let endPoint: EndPoint
  let status: Status
  let gate: Gate
  let caseName: String
  /// How many cases come to the same status at the same gate.
  let caseCount: Int
  /// `nil` where the gate did not run.
  let criterion: GateResult.Criterion?
  let note: String?

  /// Share of the limit that was used; `nil` where nothing was measured.
  var share: Double? { criterion?.share }

  /// `G1 isolated bound: max |error| / bound is 812, limit 1, in case chelsea and 3 more`
  var summary: String {
    var text = "\(gate.rawValue) \(gate.title)"
    if let criterion {
      text += ": \(criterion.measure.shortened(to: 120)) is \(Wording.figure(criterion.value)), "
      text += "limit \(Wording.figure(criterion.limit))"
    }
    text += ", in case \(caseName.shortened(to: 80))"
    if caseCount > 1 { text += " and \(caseCount - 1) more" }
    if let note { text += "; \(note.shortened(to: 300))" }
    return text
  }
}

extension ConformanceRecord {
  /// One finding for every end point that any gate judged, in order of computation.
  var findings: [EndPointFinding] {
    var order: [EndPoint] = []
    var results: [EndPoint: [(caseName: String, result: GateResult)]] = [:]
    for item in cases {
      for endPoint in item.endPoints {
        if results[endPoint.name] == nil { order.append(endPoint.name) }
        results[endPoint.name, default: []] += endPoint.gates.map { (item.name, $0) }
      }
    }
    return order.compactMap { EndPointFinding($0, results[$0] ?? []) }
  }
}

extension EndPointFinding {
  /// Whether `left` is more worth a look: the graver status, and among equals the larger share.
  static func isWorse(_ left: EndPointFinding, _ right: EndPointFinding) -> Bool {
    guard left.status == right.status else {
      return Status.gravest([left.status, right.status]) == left.status
    }
    return left.share ?? 0 > right.share ?? 0
  }

  /// `nil` without results.
  init?(_ endPoint: EndPoint, _ results: [(caseName: String, result: GateResult)]) {
    guard let gravest = Status.gravest(results.map(\.result.status)) else { return nil }
    let grave = results.filter { $0.result.status == gravest }
    func share(_ entry: (caseName: String, result: GateResult)) -> Double {
      entry.result.criteria.map(\.share).max() ?? -1
    }
    guard let worst = grave.max(by: { share($0) < share($1) }) else { return nil }
    self.endPoint = endPoint
    status = gravest
    gate = worst.result.gate
    caseName = worst.caseName
    caseCount = grave.count { $0.result.gate == worst.result.gate }
    criterion = worst.result.criteria.max { $0.share < $1.share }
    note = worst.result.note
  }
}

extension GateResult.Criterion {
  /// value / limit: how much of what is allowed was used. No error is 0 of any limit; what is not a
  /// number is beyond every limit.
  var share: Double {
    if value == 0 { return 0 }
    let share = value / limit
    return share.isNaN ? .infinity : share
  }
}
