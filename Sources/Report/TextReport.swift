import Conformance
import MobileNet

/// The verdict for a terminal: one line per end point with the worst of all cases, at most 100
/// columns wide.
public struct TextReport {
  private let record: ConformanceRecord
  private let usesColor: Bool
  private let isWorstFirst: Bool

  /// - Parameters:
  ///   - usesColor: Whether to mark statuses with ANSI colours.
  ///   - isWorstFirst: Whether to begin with what does not pass, and then with what came nearest to
  ///     its limit, instead of with the first layer.
  public init(_ record: ConformanceRecord, usesColor: Bool = false, isWorstFirst: Bool = false) {
    self.record = record
    self.usesColor = usesColor
    self.isWorstFirst = isWorstFirst
  }

  /// The whole text except for the verdict line, which the caller prints last.
  public func render() -> String {
    (provenance + ["", header] + endPoints.map(row) + ["", legend] + growth + [""] + cases
      + diagnosis)
      .joined(separator: "\n")
  }

  /// The verdict in one line, whatever the names in it hold.
  public var verdictLine: String {
    TextColumns.colored(record.verdict.line.oneLine, record.verdict.status, usesColor: usesColor)
  }

  private var provenance: [String] {
    let checkpoints = Set(
      record.goldens.map {
        "\($0.provenance.checkpoint.name) (\($0.provenance.checkpoint.description))"
      })
    return TextColumns.fact("subject", record.subject.summary)
      + TextColumns.fact("checkpoint", checkpoints.sorted().joined(separator: ", "))
      + TextColumns.fact("goldens", record.goldens.map(\.file).joined(separator: ", "))
      + (OriginText(record)?.lines ?? [])
  }

  // MARK: End points

  /// In order of computation; or the layer to blame first, then the gravest status, and among equals
  /// the largest share.
  private var endPoints: [EndPointSummary] {
    let all = record.endPointSummaries
    guard isWorstFirst else { return all }
    let blamed = [record.verdict.firstDivergence?.endPoint].compactMap { $0 }
    let order = blamed + record.findings.sorted(by: EndPointFinding.isWorse).map(\.endPoint)
    let ranks = Dictionary(
      order.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    return all.sorted { ranks[$0.name] ?? all.count < ranks[$1.name] ?? all.count }
  }

  /// Widths of the name and of the seven figures; the rest is for the status.
  private static let nameWidth = 20
  private static let widths = [10, 9, 9, 9, 9, 9, 10]
  private static let statusWidth = TextColumns.width - nameWidth - widths.reduce(2, +)

  private var header: String {
    PlaceWords(record.cases).endPoint.leftAligned(Self.nameWidth)
      + zip(["|e|/bound", "rms/σ", "max/σ", "rms/σ", "max/σ", "max |e|", "golden"], Self.widths)
      .map { $0.rightAligned($1) }.joined() + "  status\n"
      + "".leftAligned(Self.nameWidth) + "isolated".rightAligned(28)
      + "accumulated".rightAligned(27) + "|e|/bound".rightAligned(10)
  }

  private func row(_ summary: EndPointSummary) -> String {
    let figures = [
      summary.utilisation, summary.isolatedRatio, summary.isolatedMaxSigma,
      summary.accumulatedRatio, summary.accumulatedMaxSigma, summary.maxAbsolute,
      summary.goldenUtilisation,
    ]
    return summary.name.columnName.cell(Self.nameWidth)
      + zip(figures, Self.widths).map { figure, width in
        (figure.map { format($0.value) } ?? "-").rightAligned(width)
      }.joined()
      + "  "
      + TextColumns.status(
        summary.status, gates: summary.failingGates, width: Self.statusWidth, usesColor: usesColor)
  }

  private var legend: String {
    "worst of \(record.cases.count) cases; limits: |e|/bound \(format(record.profile.boundUtilisation)), "
      + "isolated \(format(record.profile.isolatedBudgetRatio)) and "
      + "\(format(record.profile.isolatedMaxSigma)), accumulated "
      + "\(format(record.profile.accumulatedBudgetRatio)) and "
      + "\(format(record.profile.accumulatedMaxSigma))"
  }

  /// Largest error of the chain, end point by end point.
  private var growth: [String] {
    let errors = record.endPointSummaries.map { $0.maxAbsolute?.value }
    guard let line = Sparkline.logarithmic(errors) else { return [] }
    return TextColumns.fact(
      "growth", "\(line.text)  max |e| in order of computation, \(line.low) to \(line.high)")
  }

  private var diagnosis: [String] {
    guard let diagnosis = record.verdict.diagnosis else { return [] }
    return [""] + TextColumns.fact("diagnosis", "\(diagnosis.endPoint): \(diagnosis.summary)")
  }

  // MARK: Cases

  private var cases: [String] {
    let order =
      isWorstFirst
      ? record.cases.filter { !$0.status.conforms } + record.cases.filter(\.status.conforms)
      : record.cases
    return order.map { item in
      let top = item.topClasses.map { "\($0.reference)" }.joined(separator: ", ")
      return item.name.cell(22)
        + item.images.map(String.init).joined(separator: "x").cell(18)
        + (top.isEmpty ? "" : "class \(top)").cell(28)
        + TextColumns.status(item.status, usesColor: usesColor)
    }
  }
}
