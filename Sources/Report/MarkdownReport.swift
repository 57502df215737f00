import Conformance

/// The verdict as GitHub-flavoured Markdown, for pull requests and step summaries.
public struct MarkdownReport {
  private let record: ConformanceRecord

  public init(_ record: ConformanceRecord) {
    self.record = record
  }

  public func render() -> String {
    ([title, ""] + facts + [""] + table + ["", "<details><summary>Cases</summary>", ""] + cases
      + ["", "</details>", ""])
      .joined(separator: "\n")
  }

  private var title: String {
    let mark = record.verdict.conforms ? "✅" : "❌"
    return "## \(mark) \(escape(record.verdict.line))"
  }

  private var facts: [String] {
    var lines = ["- subject: \(escape(record.subject.summary))"]
    for golden in record.goldens {
      let checkpoint = golden.provenance.checkpoint
      lines.append(
        "- golden: \(escape(golden.file)), checkpoint \(escape(checkpoint.name)) "
          + "(\(escape(checkpoint.description)))")
    }
    lines.append("- judged by Assay \(escape(record.assayVersion)) at \(escape(record.startedAt))")
    for fact in OriginText(record)?.facts ?? [] {
      lines.append("- \(fact.term): \(escape(fact.text))")
    }
    if let diagnosis = record.verdict.diagnosis {
      lines.append("- \(escape(diagnosis.endPoint.rawValue)): \(escape(diagnosis.summary))")
    }
    return lines
  }

  private var table: [String] {
    [
      "| \(PlaceWords(record.cases).endPoint) | isolated \\|e\\|/bound | isolated rms/σ | isolated max/σ "
        + "| accumulated rms/σ | accumulated max/σ | max \\|e\\| | status |",
      "|---|--:|--:|--:|--:|--:|--:|---|",
    ] + record.endPointSummaries.map(row)
  }

  private func row(_ summary: EndPointSummary) -> String {
    let figures = [
      summary.utilisation, summary.isolatedRatio, summary.isolatedMaxSigma,
      summary.accumulatedRatio, summary.accumulatedMaxSigma, summary.maxAbsolute,
    ]
    let status = ([summary.status.rawValue] + summary.failingGates.map(\.rawValue))
      .joined(separator: " ")
    let cells =
      [escape(summary.name.rawValue)] + figures.map { $0.map { format($0.value) } ?? "–" }
      + [summary.status.conforms ? status : "**\(status)**"]
    return "| " + cells.joined(separator: " | ") + " |"
  }

  private var cases: [String] {
    ["| case | images | top class | status |", "|---|---|---|---|"]
      + record.cases.map { item in
        let top = item.topClasses.map { "\($0.reference)" }.joined(separator: ", ")
        let images = item.images.map(String.init).joined(separator: "x")
        return "| \(escape(item.name)) | \(images) | \(top) | \(item.status.rawValue) |"
      }
  }

  private func escape(_ text: String) -> String { MarkdownText.escape(text, limit: 500) }
}
