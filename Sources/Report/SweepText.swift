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
    (TextColumns.fact("subject", record.subject.summary) + ["", header] + rows
      + [""] + TextColumns.folded(legend, width: TextColumns.width)).joined(separator: "\n")
  }

  /// Widths of the size, of the batch and of the seven figures; the rest is for the status.
  private static let sizeWidth = 22
  private static let batchWidth = 6
  private static let widths = [10, 7, 7, 7, 7, 11, 7]
  private static let statusWidth =
    TextColumns.width - sizeWidth - batchWidth - widths.reduce(2, +)

  private var header: String {
    "size".leftAligned(Self.sizeWidth) + "batch".rightAligned(Self.batchWidth)
      + zip(["|e|/bound", "rms/σ", "max/σ", "rms/σ", "max/σ", "logits |e|", "golden"], Self.widths)
      .map { $0.rightAligned($1) }.joined() + "  status\n"
      + "".leftAligned(Self.sizeWidth + Self.batchWidth) + "isolated".rightAligned(24)
      + "accumulated".rightAligned(14) + "chain".rightAligned(11) + "max/σ".rightAligned(7)
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
    let gates = Set(item.endPoints.flatMap { $0.gates.filter { !$0.status.conforms }.map(\.gate) })
    let size =
      item.isMade
      ? item.name : item.images.dropFirst().dropLast().map(String.init).joined(separator: "x")
    return size.cell(Self.sizeWidth)
      + (item.images.first.map(String.init) ?? "").rightAligned(Self.batchWidth)
      + zip(figures, Self.widths).map { figure, width in
        (figure.map { format($0) } ?? "-").rightAligned(width)
      }.joined() + "  "
      + TextColumns.status(
        item.status, gates: gates.sorted(), width: Self.statusWidth, usesColor: usesColor)
  }

  private var legend: String {
    "worst of all end points; limits: |e|/bound \(format(record.profile.boundUtilisation)), "
      + "isolated \(format(record.profile.isolatedBudgetRatio)) and "
      + "\(format(record.profile.isolatedMaxSigma)), accumulated "
      + "\(format(record.profile.accumulatedBudgetRatio)) and "
      + "\(format(record.profile.accumulatedMaxSigma)); wider where few errors are independent"
  }
}
