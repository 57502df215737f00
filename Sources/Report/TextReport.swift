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
    ([provenance, "", header] + record.endPointSummaries.map(row) + ["", legend] + [""] + cases)
      .joined(separator: "\n")
  }

  private var provenance: String {
    let checkpoints = Set(
      record.goldens.map {
        "\($0.provenance.checkpoint.name) (\($0.provenance.checkpoint.description))"
      })
    return "subject     \(record.subject.description)\n"
      + "checkpoint  \(checkpoints.sorted().joined(separator: ", "))\n"
      + "goldens     \(record.goldens.map(\.file).joined(separator: ", "))"
  }

  private var header: String {
    pad("end point", 22)
      + ["|e|/bound", "rms/sigma", "max/sigma", "rms/sigma", "max/sigma", "max |e|", "golden"]
      .map { padLeft($0, 10) }.joined() + "  status\n"
      + pad("", 22) + padLeft("isolated", 30) + padLeft("accumulated", 30)
      + padLeft("|e|/bound", 10)
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
    return pad(summary.name.rawValue, 22)
      + figures.map { padLeft($0.map { format($0.value) } ?? "-", 10) }.joined()
      + "  " + colored(summary.status) + gates
  }

  private var legend: String {
    "worst of \(record.cases.count) cases; limits: |e|/bound \(format(record.profile.boundUtilisation)), "
      + "isolated \(format(record.profile.isolatedBudgetRatio)) and "
      + "\(format(record.profile.isolatedMaxSigma)), accumulated "
      + "\(format(record.profile.accumulatedBudgetRatio)) and "
      + "\(format(record.profile.accumulatedMaxSigma))"
  }

  private var cases: [String] {
    record.cases.map { item in
      let top = item.topClasses.map { "\($0.reference)" }.joined(separator: ", ")
      return pad(item.name, 22) + pad(item.images.map(String.init).joined(separator: "x"), 16)
        + pad(top.isEmpty ? "" : "class \(top)", 24) + colored(item.status)
    }
  }

  private func colored(_ status: Status) -> String {
    guard usesColor else { return status.rawValue }
    let code = status == .pass ? "32" : status == .waived ? "33" : "31"
    return "\u{1B}[\(code)m\(status.rawValue)\u{1B}[0m"
  }

  private func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(width - text.count, text.isEmpty ? 0 : 1))
  }

  private func padLeft(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(width - text.count, 1)) + text
  }
}
