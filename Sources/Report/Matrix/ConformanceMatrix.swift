import Conformance

/// Several records side by side: a column for every subject, a row for every layer.
public struct ConformanceMatrix {
  /// One record.
  struct Column {
    /// Short, and unlike that of any other column.
    let label: String
    let summary: String
    let checkpoint: String
    let verdict: String
    let conforms: Bool
    let cases: Int
  }

  struct Row {
    let name: String
    /// One for every column; `nil` where the record does not show the end point.
    let cells: [EndPointFinding?]
  }

  let columns: [Column]
  let rows: [Row]
  let words: PlaceWords

  public init(_ records: [ConformanceRecord]) {
    words = PlaceWords(records.flatMap(\.cases))
    let labels = Self.labels(records)
    columns = zip(records, labels).map { record, label in
      Column(
        label: label, summary: record.subject.summary,
        checkpoint: Set(record.goldens.map { Self.describe($0) }).sorted().joined(separator: ", "),
        verdict: record.verdict.line, conforms: record.verdict.conforms, cases: record.cases.count)
    }
    let findings = records.map { record in
      Dictionary(
        record.findings.map { ($0.endPoint.rawValue, $0) }, uniquingKeysWith: { first, _ in first })
    }
    rows = Self.order(records).map { name in Row(name: name, cells: findings.map { $0[name] }) }
  }

  /// Whether every subject conforms.
  public var conforms: Bool { !columns.isEmpty && columns.allSatisfy(\.conforms) }

  /// End points in order of computation: that of the first record, then what only others show.
  private static func order(_ records: [ConformanceRecord]) -> [String] {
    var seen: Set<String> = []
    return records.flatMap { $0.findings.map(\.endPoint.rawValue) }
      .filter { seen.insert($0).inserted }
  }

  /// The subject's name, with its instruction set or a number where that tells it from the others.
  private static func labels(_ records: [ConformanceRecord]) -> [String] {
    let forms: [(ConformanceRecord) -> String] = [
      { $0.subject.name },
      { [$0.subject.name, $0.subject.isa].compactMap { $0 }.joined(separator: " ") },
    ]
    for form in forms {
      let labels = records.map { form($0).oneLine.shortened(to: 80) }
      if Set(labels).count == labels.count { return labels }
    }
    return records.indices.map { index in
      "\(index + 1): \(forms[1](records[index]).oneLine.shortened(to: 70))"
    }
  }

  private static func describe(_ golden: ConformanceRecord.GoldenIdentity) -> String {
    let provenance = golden.provenance
    return "\(provenance.checkpoint.name) \(provenance.parametersSHA256.prefix(12))"
  }
}

extension ConformanceMatrix.Row {
  /// What a cell says: `✓ 38%`, `✕ G1 812×`, `○ G1`, or a dash.
  static func text(_ finding: EndPointFinding?) -> String {
    guard let finding else { return Wording.none }
    let sign = StatusView(finding.status).sign
    let share = finding.share.map { Wording.share($0) }
    let gate = finding.status == .pass ? nil : finding.gate.rawValue
    return [sign, gate, share].compactMap { $0 }.joined(separator: " ")
  }
}
