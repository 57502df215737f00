import Conformance

/// The verdict for a terminal: one line per end point with the worst of all cases, at most 100
/// columns wide.
public struct TextReport {
  private let record: ConformanceRecord
  private let usesColor: Bool

  /// - Parameter usesColor: Whether to mark statuses with ANSI colours.
  public init(_ record: ConformanceRecord, usesColor: Bool = false) {
    self.record = record
    self.usesColor = usesColor
  }

  /// The whole text except for the verdict line, which the caller prints last.
  public func render() -> String {
    ([provenance, "", header] + record.endPointSummaries.map(row) + ["", legend] + [""] + cases
      + diagnosis)
      .joined(separator: "\n")
  }

  private var provenance: String {
    let checkpoints = Set(
      record.goldens.map {
        "\($0.provenance.checkpoint.name) (\($0.provenance.checkpoint.description))"
      })
    return "subject     \(record.subject.summary)\n"
      + "checkpoint  \(checkpoints.sorted().joined(separator: ", "))\n"
      + "goldens     \(record.goldens.map(\.file).joined(separator: ", "))"
  }

  private var header: String {
    "end point".leftAligned(22)
      + ["|e|/bound", "rms/sigma", "max/sigma", "rms/sigma", "max/sigma", "max |e|", "golden"]
      .map { $0.rightAligned(10) }.joined() + "  status\n"
      + "".leftAligned(22) + "isolated".rightAligned(30) + "accumulated".rightAligned(30)
      + "|e|/bound".rightAligned(10)
  }

  private func row(_ summary: EndPointSummary) -> String {
    let figures = [
      summary.utilisation, summary.isolatedRatio, summary.isolatedMaxSigma,
      summary.accumulatedRatio, summary.accumulatedMaxSigma, summary.maxAbsolute,
      summary.goldenUtilisation,
    ]
    let gates =
      summary.failingGates.isEmpty
      ? "" : " " + summary.failingGates.map(\.rawValue).joined(separator: " ")
    return summary.name.rawValue.leftAligned(22)
      + figures.map { ($0.map { format($0.value) } ?? "-").rightAligned(10) }.joined()
      + "  " + colored(summary.status) + gates
  }

  private var legend: String {
    "worst of \(record.cases.count) cases; limits: |e|/bound \(format(record.profile.boundUtilisation)), "
      + "isolated \(format(record.profile.isolatedBudgetRatio)) and "
      + "\(format(record.profile.isolatedMaxSigma)), accumulated "
      + "\(format(record.profile.accumulatedBudgetRatio)) and "
      + "\(format(record.profile.accumulatedMaxSigma))"
  }

  private var diagnosis: [String] {
    guard let diagnosis = record.verdict.diagnosis else { return [] }
    return ["", "\(diagnosis.endPoint): \(diagnosis.summary)"]
  }

  private var cases: [String] {
    record.cases.map { item in
      let top = item.topClasses.map { "\($0.reference)" }.joined(separator: ", ")
      return item.name.leftAligned(22)
        + item.images.map(String.init).joined(separator: "x").leftAligned(16)
        + (top.isEmpty ? "" : "class \(top)").leftAligned(24) + colored(item.status)
    }
  }

  private func colored(_ status: Status) -> String {
    guard usesColor else { return status.rawValue }
    let code = status == .pass ? "32" : status == .waived ? "33" : "31"
    return "\u{1B}[\(code)m\(status.rawValue)\u{1B}[0m"
  }
}
