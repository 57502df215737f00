import Conformance

extension ConformanceMatrix {
  /// The matrix as GitHub-flavoured Markdown.
  ///
  /// - Parameter limit: Most bytes that the text may have.
  public func markdown(limit: Int = MarkdownSummary.commentLimit) -> String {
    let summary = MarkdownBlock(
      opening: [
        "## \(conforms ? "✅" : "❌") Conformance of \(Wording.count(columns.count, "subject", "subjects"))",
        "", "| | subject | checkpoint | cases | verdict |", "|---|---|---|--:|---|",
      ],
      lines: columns.map { column in
        MarkdownText.row([
          column.conforms ? "✅" : "❌",
          "\(MarkdownText.escape(column.label)): \(MarkdownText.escape(column.summary))",
          MarkdownText.escape(column.checkpoint), "\(column.cases)",
          MarkdownText.escape(column.verdict, limit: 300),
        ])
      }, closing: [""])
    let table = MarkdownBlock(
      opening: [
        "Share of the limit that was used, of the gate that came nearest to it or failed:", "",
        MarkdownText.row([words.endPoint] + columns.map { MarkdownText.escape($0.label) }),
        "|---|\(String(repeating: "---|", count: columns.count))",
      ],
      lines: rows.map { row in
        MarkdownText.row(
          [MarkdownText.escape(row.name, limit: 80)] + row.cells.map { Row.text($0) })
      }, closing: [""])
    return MarkdownBlock.join([summary, table], limit: max(limit, MarkdownSummary.leastLimit))
  }
}
