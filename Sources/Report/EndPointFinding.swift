import Conformance
import MobileNet

extension EndPointFinding {
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

extension EndPointFinding {
  /// Whether `left` is more worth a look: the graver status, and among equals the larger share.
  static func isWorse(_ left: EndPointFinding, _ right: EndPointFinding) -> Bool {
    guard left.status == right.status else {
      return Status.gravest([left.status, right.status]) == left.status
    }
    return left.share ?? 0 > right.share ?? 0
  }
}

extension GateResult.Criterion {
  /// How much of what is allowed was used.
  var share: Double { excess }
}
