import Conformance

/// A sweep for a terminal: one line per size with the worst of all end points.
public struct SweepText {
  private let record: ConformanceRecord
  private let usesColor: Bool

  /// - Parameter usesColor: Whether to mark statuses with ANSI colours.
  public init(_ record: ConformanceRecord, usesColor: Bool = false) {
    self.record = record
    self.usesColor = usesColor
  }

  /// The whole text except for the verdict line, which the caller prints last.
  public func render() -> String {
    (["subject     \(record.subject.description)", "", header] + rows + ["", legend])
      .joined(separator: "\n")
  }

  private var header: String {
    "size".leftAligned(22) + "batch".rightAligned(7)
      + ["|e|/bound", "rms/sigma", "max/sigma", "rms/sigma", "max/sigma", "logits |e|", "golden"]
      .map { $0.rightAligned(10) }.joined() + "  status\n"
      + "".leftAligned(29) + "isolated".rightAligned(30) + "accumulated".rightAligned(20)
      + "chain".rightAligned(10)
      + "max/sigma".rightAligned(10)
  }

  private var rows: [String] {
    SweepOrder.places(record.cases).map { row(record.cases[$0]) }
  }

  private func row(_ item: CaseRecord) -> String {
    func worst(_ figure: (EndPointRecord) -> Double?) -> Double? {
      item.endPoints.compactMap(figure).max()
    }
    let logits = item.endPoints.first { $0.name == .logits }?.accumulated?.maxAbsolute
    let figures = [
      worst { $0.isolated?.utilisation }, worst { $0.isolated?.budgetRatio },
      worst { $0.isolated?.maxSigma },
      worst { $0.accumulated?.budgetRatio }, worst { $0.accumulated?.maxSigma }, logits,
      worst { $0.goldenAccumulated?.maxSigma },
    ]
    let gates = Set(
      item.endPoints.flatMap { $0.gates.filter { !$0.status.conforms }.map(\.gate.rawValue) })
    let size =
      item.isMade
      ? item.name
      : item.images.dropFirst().dropLast().map(String.init)
        .joined(separator: "x")
    return size.leftAligned(22) + (item.images.first.map(String.init) ?? "").rightAligned(7)
      + figures.map { ($0.map { format($0) } ?? "-").rightAligned(10) }.joined() + "  "
      + colored(item.status) + gates.sorted().map { " \($0)" }.joined()
  }

  private var legend: String {
    "worst of all end points; limits: |e|/bound \(format(record.profile.boundUtilisation)), "
      + "isolated \(format(record.profile.isolatedBudgetRatio)) and "
      + "\(format(record.profile.isolatedMaxSigma)), accumulated "
      + "\(format(record.profile.accumulatedBudgetRatio)) and "
      + "\(format(record.profile.accumulatedMaxSigma)); wider where few errors are independent"
  }

  private func colored(_ status: Status) -> String {
    guard usesColor else { return status.rawValue }
    let code = status == .pass ? "32" : status == .waived ? "33" : "31"
    return "\u{1B}[\(code)m\(status.rawValue)\u{1B}[0m"
  }
}
