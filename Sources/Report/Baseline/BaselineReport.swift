import Conformance

/// What moved, by how much: for a terminal, at most 100 columns wide, and as Markdown.
public struct BaselineReport {
  private static let tableLength = 20

  let comparison: BaselineComparison
  let words: PlaceWords

  public init(_ comparison: BaselineComparison) {
    self.comparison = comparison
    words = comparison.baseline.words
  }

  /// What is worth a look, the worst first; empty if nothing moved. Then the latency, if asked for.
  public func text() -> String {
    let moved = notable
    let rows = moved.prefix(Self.tableLength).map { change in
      "\(sign(change)) \("\(change.endPoint) \(change.gate)".cell(26))"
        + "\(change.measure.cell(40))\(figures(change))"
    }
    let rest = moved.count - rows.count
    return (rows + (rest > 0 ? ["  and \(rest) more"] : []) + latency).joined(separator: "\n")
  }

  /// A line for every shape, or why there is none.
  private var latency: [String] {
    guard let latency = comparison.latency else { return [] }
    if let obstacle = latency.obstacle {
      return TextColumns.folded("latency not compared: \(obstacle)", width: TextColumns.width)
    }
    return latency.changes.map { change in
      "\(change.isRegression ? "✕" : "=") latency \(change.old.name.cell(22))\(change.figures)"
    }
  }

  /// The answer in one line.
  public var line: String {
    let subject = comparison.baseline.subject
    let name = (subject.isa.map { "\(subject.name) \($0)" } ?? subject.name).oneLine
    let same = comparison.changes.count { $0.direction == .same }
    let scope =
      "\(Wording.grouped(comparison.changes.count)) figures, \(Wording.grouped(same)) as before"
    if !comparison.conforms {
      return "REGRESSION  \(name): \(comparison.verdictLine.oneLine)"
    }
    if let worst = notable.first, worst.isRegression {
      let count = comparison.regressions.count
      let more = count > 1 ? " and \(count - 1) more" : ""
      return "REGRESSION  \(name): \(worst.endPoint.oneLine) \(worst.gate): "
        + "\(worst.measure.oneLine) \(figures(worst))\(more); \(scope)"
    }
    if let slower = comparison.latency?.regressions.first {
      return "REGRESSION  \(name): latency of \(slower.old.name): \(slower.figures); \(scope)"
    }
    let better = comparison.improvements.count
    return "NO REGRESSION  \(name): \(scope)" + (better > 0 ? ", \(better) better" : "")
  }

  /// - Parameter limit: Most bytes that the text may have.
  public func markdown(limit: Int = MarkdownSummary.commentLimit) -> String {
    let mark = comparison.passes ? "✅" : "❌"
    let title = "### \(mark) \(MarkdownText.escape(line, limit: 500))"
    let rows = notable.map { change in
      MarkdownText.row([
        sign(change), MarkdownText.escape(change.endPoint, limit: 80), change.gate,
        MarkdownText.escape(change.measure, limit: 120), Wording.figure(change.old?.value),
        Wording.figure(change.new?.value), factor(change),
        MarkdownText.escape(change.new?.caseName ?? Wording.none, limit: 80),
      ])
    }
    let table = MarkdownBlock(
      opening: [
        "| | \(words.endPoint) | gate | figure | baseline | now | factor | case |",
        "|---|---|---|---|--:|--:|--:|---|",
      ], lines: rows, closing: [""])
    let times = latency.map { "- \(MarkdownText.escape($0, limit: 300))" }
    let blocks =
      [MarkdownBlock(opening: [title, ""], lines: [])] + (rows.isEmpty ? [] : [table])
      + (times.isEmpty ? [] : [MarkdownBlock(lines: times, closing: [""])])
    return MarkdownBlock.join(blocks, limit: min(limit, MarkdownSummary.commentLimit))
  }

  /// Workflow commands for GitHub; none if nothing regressed.
  public func annotations() -> [String] {
    comparison.passes ? [] : [GitHubAnnotations.error(title: "Regression", line)]
  }

  /// Regressions, then what is new, then what got better; within each the largest factor first.
  var notable: [BaselineComparison.Change] {
    let order: [BaselineComparison.Change.Direction] = [.worse, .removed, .added, .better]
    return order.flatMap { direction in
      comparison.changes.filter { $0.direction == direction }.sorted {
        let (left, right) = ($0.factor ?? 1, $1.factor ?? 1)
        return direction == .better ? left < right : left > right
      }
    }
  }

  /// `0.121 -> 0.312 (2.58x)`
  func figures(_ change: BaselineComparison.Change) -> String {
    switch (change.old?.value, change.new?.value) {
    case (let old?, nil): "\(Wording.figure(old)) -> not measured any more"
    case (nil, let new?): "\(Wording.figure(new)), not in the baseline"
    case (let old, let new):
      "\(Wording.figure(old)) -> \(Wording.figure(new)) (\(factor(change)))"
    }
  }

  func factor(_ change: BaselineComparison.Change) -> String {
    guard let factor = change.factor else { return Wording.none }
    return factor.isInfinite ? "from nothing" : "\(Wording.figure(factor))x"
  }

  func sign(_ change: BaselineComparison.Change) -> String {
    switch change.direction {
    case .worse, .removed: "✕"
    case .better: "✓"
    case .added: "+"
    case .same: "="
    }
  }
}
