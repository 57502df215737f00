import Foundation
import MobileNet

/// The answer: does the subject conform, and if not, where does it first go wrong.
public struct Verdict: Hashable, Sendable, Codable {
  public var conforms: Bool
  /// The gravest status of all cases.
  public var status: Status
  /// Where the subject first goes wrong.
  public var firstDivergence: FirstDivergence?
  /// Which known mistakes explain that, if any does.
  public var diagnosis: Diagnosis?
  /// How many gates came to which status.
  public var gates: [String: Int]
  /// What the verdict does not speak of, and why.
  public var omissions: [String]
  /// The verdict in one line, as `assay verify` prints it last.
  public var line: String
}

/// The first layer, in order of computation, that a gate does not let pass.
///
/// A layer that fails by itself comes before one that only fails in the chain, wherever it stands:
/// the chain inherits, the layer does not. What is said of the end point is what every report says
/// of it, ``EndPointFinding``.
public struct FirstDivergence: Hashable, Sendable, Codable {
  public var endPoint: EndPoint
  public var gate: Gate
  public var status: Status
  /// The case that shows it most clearly.
  public var caseName: String
  /// How many cases show it.
  public var caseCount: Int
  /// The criterion that is exceeded most; `nil` if the gate did not run.
  public var criterion: GateResult.Criterion?
  /// The worst element, if an element is to blame.
  public var worst: ErrorStatistics.Element?
  public var note: String?
}

extension Verdict {
  /// Sums up what was judged. A waiver that is expired or not needed is a failure by itself.
  ///
  /// - Parameters:
  ///   - restricted: Whether only a selection was judged, which the line then says.
  ///   - omissions: What was left out, which the line then says.
  ///   - diagnosis: Which known mistakes explain the first divergence.
  init(
    _ judgement: Judgement, subject: SubjectIdentity, restricted: Bool,
    omissions: [String] = [], diagnosis: Diagnosis? = nil
  ) {
    let cases = judgement.cases
    let results = cases.flatMap { $0.endPoints.flatMap(\.gates) }
    var counts: [String: Int] = [:]
    for result in results { counts[result.status.rawValue, default: 0] += 1 }
    gates = counts
    self.omissions = omissions
    // Nothing judged is nothing passed.
    let gravest = Status.gravest(results.map(\.status)) ?? .notRun
    let stale = judgement.waivers.first { !$0.state.conforms }
    status = stale != nil && gravest.conforms ? .fail : gravest
    conforms = status.conforms
    firstDivergence = judgement.divergence
    self.diagnosis = diagnosis

    let scope = Self.scope(
      cases, counts: counts, restricted: restricted,
      omissions: omissions + [subject.declaration].compactMap { $0 })
    if conforms {
      line = "CONFORMS  \(subject.name): \(scope)"
    } else if let firstDivergence {
      let cause = diagnosis.map { "; \($0.summary)" } ?? ""
      line = "DOES NOT CONFORM  \(subject.name): \(firstDivergence.summary)\(cause); \(scope)"
    } else if let stale {
      line = "DOES NOT CONFORM  \(subject.name): \(stale.summary); \(scope)"
    } else {
      line = "DOES NOT CONFORM  \(subject.name): nothing was judged"
    }
  }

  /// `13 cases, 390 end points, 2340 gates (3 waived, 12 not run)`.
  private static func scope(
    _ cases: [CaseRecord], counts: [String: Int], restricted: Bool, omissions: [String]
  ) -> String {
    let endPointCount = cases.reduce(0) { $0 + $1.endPoints.count }
    let remarks = [(Status.waived, "waived"), (.notRun, "not run")].compactMap { status, label in
      counts[status.rawValue].map { "\($0) \(label)" }
    }
    let text =
      "\(cases.count) \(cases.count == 1 ? "case" : "cases"), "
      + "\(endPointCount) \(PlaceWords(cases).endPoints), "
      + "\(counts.values.reduce(0, +)) gates"
      + (remarks.isEmpty ? "" : " (\(remarks.joined(separator: ", ")))")
      + (restricted ? " (a selection)" : "")
    return ([text] + omissions).joined(separator: ", ")
  }
}

extension WaiverRecord {
  /// `the waiver of G3 for Conv2d_6_* by A. Nother is not needed any more: remove it`.
  public var summary: String {
    let text = "the waiver of \(waiver.gate) for \(waiver.layer) by \(waiver.owner)"
    switch state {
    case .used, .notJudged: return text
    case .unneeded: return "\(text) is not needed: remove it"
    case .expired: return "\(text) expired on \(waiver.expires): remove it, or sign it again"
    }
  }
}

extension FirstDivergence {
  /// Finds the first divergence of a set of cases; `nil` if every gate lets them pass.
  init?(cases: [CaseRecord], order: [EndPoint]) {
    let rank = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })
    // Failures before what did not run; layers by themselves before the chain; then by layer.
    func precedence(_ finding: EndPointFinding) -> (Int, GateResult.Reach, Int) {
      (finding.status == .fail ? 0 : 1, finding.reach, rank[finding.endPoint] ?? order.count)
    }
    let findings = EndPointFinding.all(of: cases).filter { !$0.status.conforms }
    guard let first = findings.min(by: { precedence($0) < precedence($1) }) else { return nil }
    endPoint = first.endPoint
    gate = first.gate
    status = first.status
    caseName = first.caseName
    caseCount = first.caseCount
    criterion = first.criterion
    worst = first.worst
    note = first.note
  }

  /// `Conv2d_6_depthwise fails G1 (isolated bound): max |error| / bound is 812, limit 1, in case
  /// chelsea and 3 more`.
  public var summary: String {
    var text = "\(endPoint) \(Self.verb(status)) \(gate.rawValue) (\(gate.title))"
    if let criterion, status == .fail {
      text += ": \(criterion.measure) is \(format(criterion.value, beside: criterion.limit)), "
      text += "limit \(format(criterion.limit, beside: criterion.value))"
    }
    text += ", in case \(caseName)"
    if caseCount > 1 { text += " and \(caseCount - 1) more" }
    if let note { text += "; \(note)" }
    return text
  }

  /// Whether the layer itself fails, so that known mistakes may explain it.
  var isDiagnosable: Bool {
    let isOwn = gate == .values && criterion.map(ValueScope.isolated.covers) ?? false
    return status == .fail && (gate.isIsolated || isOwn)
  }

  private static func verb(_ status: Status) -> String {
    switch status {
    case .fail: "fails"
    case .mistrusted: "proves nothing for"
    case .notRun: "was not run for"
    case .harnessError: "broke the suite in"
    case .pass, .waived: "passes"
    }
  }
}

/// Three significant digits, as people write them: `0.384`, `0.00249`, `12.1`, `812`, `8.12e+05`. From
/// a thousand to a hundred thousand, all digits before the point.
package func format(_ value: Double) -> String {
  if value == 0 || !value.isFinite { return value.isInfinite ? "infinite" : "\(value)" }
  let scientific = String(format: "%.2e", value)
  // The exponent of the rounded value: 9.999 has two digits before the point.
  guard let exponent = scientific.split(separator: "e").last.flatMap({ Int($0) }),
    (-3..<5).contains(exponent)
  else { return scientific }
  return String(format: "%.\(max(2 - exponent, 0))f", value)
}

/// The same with as many digits as tell `value` from `other`: 1.603 beside a limit of 1.600.
package func format(_ value: Double, beside other: Double) -> String {
  guard value != other, format(value) == format(other), value.isFinite, other.isFinite else {
    return format(value)
  }
  let digits = (4...17).first {
    String(format: "%.\($0)g", value) != String(format: "%.\($0)g", other)
  }
  return String(format: "%#.\(digits ?? 17)g", value)
}
