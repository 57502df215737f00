import Conformance
import Foundation

/// The verdict in short, for a comment on a pull request or a step summary: where the subject fails,
/// or which layers came nearest to a limit, and how the error grows. Details are folded.
///
/// GitHub takes comments of 65,536 characters and step summaries of 1024 KiB; beyond that it shows
/// nothing at all. So the text is cut to a size, between lines, with all tables and folds closed.
public struct MarkdownSummary {
  /// Fits into a comment.
  public static let commentLimit = 60 * 1024
  /// The least that a verdict needs.
  public static let leastLimit = 4 * 1024

  /// Layers in the table that is not folded.
  private static let tableLength = 10

  private let record: ConformanceRecord
  private let findings: [EndPointFinding]
  private let words: PlaceWords

  public init(_ record: ConformanceRecord) {
    self.record = record
    findings = record.findings
    words = PlaceWords(record.cases)
  }

  /// - Parameter limit: Most bytes that the text may have, at least ``leastLimit``.
  public func render(limit: Int = commentLimit) -> String {
    MarkdownBlock.join(
      [headline, worst, growth, facts, allEndPoints, cases], limit: max(limit, Self.leastLimit))
  }

  private var headline: MarkdownBlock {
    let mark = record.verdict.conforms ? "✅" : "❌"
    return MarkdownBlock(
      opening: ["## \(mark) \(MarkdownText.escape(record.verdict.line, limit: 500))", ""], lines: []
    )
  }

  /// Failing end points in order of computation, since the first is to blame first; or, if all pass,
  /// the tightest first.
  private var worst: MarkdownBlock {
    let failing = findings.filter { !$0.status.conforms }
    let tightest = findings.sorted { $0.share ?? 0 > $1.share ?? 0 }
    let all = failing.isEmpty ? tightest : failing
    let rest = all.count - Self.tableLength
    return MarkdownBlock(
      opening: [failing.isEmpty ? "Nearest to a limit:" : "What does not pass:", ""] + header,
      lines: all.prefix(Self.tableLength).map(row),
      closing: failing.isEmpty || rest <= 0
        ? [""] : ["", "and \(rest) more \(words.endPoints)", ""])
  }

  private var header: [String] {
    [
      "| \(words.endPoint) | gate | worst figure | value | limit | used | case |",
      "|---|---|---|--:|--:|--:|---|",
    ]
  }

  private func row(_ finding: EndPointFinding) -> String {
    let criterion = finding.criterion
    let gate = "\(finding.gate.rawValue) \(finding.gate.title)"
    return MarkdownText.row([
      MarkdownText.escape(finding.endPoint.rawValue, limit: 80),
      finding.status == .pass ? gate : "**\(finding.status.rawValue)** \(gate)",
      MarkdownText.escape(criterion?.measure ?? finding.note ?? Wording.none, limit: 160),
      Wording.figure(criterion?.value), Wording.figure(criterion?.limit),
      Wording.share(finding.share), MarkdownText.escape(finding.caseName, limit: 80),
    ])
  }

  /// Largest error of the whole chain, end point by end point, in the steps of a logarithm.
  private var growth: MarkdownBlock {
    let summaries = record.endPointSummaries
    let errors = summaries.map { $0.maxAbsolute?.value }
    guard let line = Sparkline.logarithmic(errors) else { return MarkdownBlock(lines: []) }
    let first = summaries.first?.name.rawValue ?? ""
    let last = summaries.last?.name.rawValue ?? ""
    return MarkdownBlock(lines: [
      "Largest error along the chain, \(MarkdownText.escape(first, limit: 40)) to "
        + "\(MarkdownText.escape(last, limit: 40)), logarithmic: "
        + "`\(line.text)` (\(line.low) to \(line.high))", "",
    ])
  }

  private var facts: MarkdownBlock {
    var lines = ["- subject: \(MarkdownText.escape(record.subject.summary))"]
    for golden in record.goldens {
      let checkpoint = golden.provenance.checkpoint
      lines.append(
        "- golden: \(MarkdownText.escape(golden.file)), checkpoint "
          + "\(MarkdownText.escape(checkpoint.name)) (\(MarkdownText.escape(checkpoint.description)))"
      )
    }
    lines.append("- profile: \(MarkdownText.escape(record.profile.name))")
    for fact in OriginText(record)?.facts ?? [] {
      lines.append("- \(fact.term): \(MarkdownText.escape(fact.text, limit: 500))")
    }
    return MarkdownBlock(lines: lines, closing: [""])
  }

  private var allEndPoints: MarkdownBlock {
    folded("All \(findings.count) \(words.endPoints)", header, findings.map(row))
  }

  private var cases: MarkdownBlock {
    let rows = record.cases.map { item in
      MarkdownText.row([
        MarkdownText.escape(item.name, limit: 80),
        item.images.map(String.init).joined(separator: "x"), item.status.rawValue,
      ])
    }
    return folded(
      Wording.count(record.cases.count, "case", "cases"),
      ["| case | images | status |", "|---|---|---|"], rows)
  }

  private func folded(_ title: String, _ header: [String], _ rows: [String]) -> MarkdownBlock {
    MarkdownBlock(
      opening: ["<details><summary>\(title)</summary>", ""] + header, lines: rows,
      closing: ["", "</details>", ""])
  }
}
