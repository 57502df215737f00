import Conformance
import MobileNet
import Report
import Testing

/// What a terminal shows.
struct TextReportTests {
  private func lines(_ record: ConformanceRecord, isWorstFirst: Bool = false) -> [String] {
    TextReport(record, isWorstFirst: isWorstFirst).render()
      .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  @Test(arguments: [nil, 0, 11, 29])
  func `at most 100 columns, a line per end point in order`(faultyLayer: Int?) throws {
    let lines = lines(try RecordFixture(faultyLayer: faultyLayer).record())
    #expect(lines.allSatisfy { $0.count <= 100 })
    let names = try Architecture().endPoints.map(\.rawValue)
    let shown = lines.compactMap { line in names.first { line.hasPrefix($0 + " ") } }
    #expect(shown == names)
    #expect(lines.count { $0.hasPrefix("growth      ") } == 1)
  }

  @Test func `every gate fails and the line still fits`() throws {
    var record = try RecordFixture(caseNames: ["only"]).record()
    let gates = record.cases[0].endPoints[0].gates
    record.cases[0].endPoints[0].gates = Gate.allCases.map { gate in
      var result = gates[0]
      (result.gate, result.status) = (gate, .fail)
      return result
    }
    record.cases[0].endPoints[0].status = .harnessError
    record.cases[0].endPoints[1].status = .fail
    let lines = lines(record)
    #expect(lines.allSatisfy { $0.count <= 100 })
    #expect(lines.contains { $0.hasPrefix("Conv2d_0 ") && $0.hasSuffix("  HARNESS_ERROR") })
    record.cases[0].endPoints[0].status = .fail
    let failing = TextReport(record).render().split(separator: "\n")
    #expect(failing.contains { $0.hasPrefix("Conv2d_0 ") && $0.hasSuffix("  FAIL G1 G2 +7") })
  }

  @Test func `the worst first`() throws {
    let names = try Architecture().endPoints.map(\.rawValue)
    func order(_ record: ConformanceRecord) -> [String] {
      lines(record, isWorstFirst: true).compactMap { line in
        names.first { line.hasPrefix($0 + " ") }
      }
    }
    let failing = order(try RecordFixture(faultyLayer: 11).record())
    #expect(failing.count == 30 && failing[0] == names[11])
    #expect(Set(failing.prefix(19)) == Set(names[11...]))
    // All pass: the tightest first.
    var good = try RecordFixture(caseNames: ["only"]).record()
    good.cases[0].endPoints[17].gates[0].criteria[0].value = 0.99
    #expect(order(good).first == names[17])
    good.cases[0].endPoints[20].gates[0].status = .notRun
    good.cases[0].endPoints[20].status = .notRun
    #expect(order(good).prefix(2) == [names[20], names[17]])
  }

  @Test func `colour only where it is asked for, by the verdict`() throws {
    let bad = try RecordFixture(caseNames: ["only"], faultyLayer: 5).record()
    let plain = TextReport(bad)
    #expect(HostileText.isTame(plain.render()) && plain.verdictLine == bad.verdict.line)
    let colored = TextReport(bad, usesColor: true)
    #expect(colored.verdictLine == "\u{1B}[31m\(bad.verdict.line)\u{1B}[0m")
    #expect(colored.render().contains("\u{1B}[32mPASS\u{1B}[0m"))
    #expect(colored.render().contains("\u{1B}[31mFAIL\u{1B}[0m G1"))
    let stripped = colored.render().replacing(#/\u{1B}\[\d+m/#, with: "")
    #expect(stripped == plain.render())
  }

  @Test func `whatever the texts nothing is obeyed and every line is one`() throws {
    var record = try HostileText.record()
    record.cases[0].topClasses = Array(repeating: record.cases[0].topClasses[0], count: 100)
    let good = try RecordFixture(caseNames: ["chelsea", "zeros"], faultyLayer: 5).record()
    for isWorstFirst in [false, true] {
      let report = TextReport(record, isWorstFirst: isWorstFirst)
      #expect(HostileText.isTame(report.render()) && HostileText.isTame(report.verdictLine))
      #expect(!report.verdictLine.contains("\n"))
      let lines = report.render().split(separator: "\n", omittingEmptySubsequences: false)
      #expect(lines.allSatisfy { $0.count <= 100 })
      // Names may be cut, and provenance folded; no line is added to the tables.
      let facts = lines.firstIndex { $0.contains("|e|/bound") } ?? 0
      let usual = TextReport(good).render().split(
        separator: "\n", omittingEmptySubsequences: false)
      let usualFacts = usual.firstIndex { $0.contains("|e|/bound") } ?? 0
      #expect(lines.count - facts == usual.count - usualFacts)
    }
    let sweep = SweepText(record).render()
    #expect(HostileText.isTame(sweep))
    #expect(sweep.split(separator: "\n").allSatisfy { $0.count <= 100 })
  }

  @Test func `a record that was judged again says so everywhere`() throws {
    let record = try RecordFixture(caseNames: ["only"]).record()
    var again = record.judged(under: .standard)
    again.origin?.kept = ["G2": 3]
    let texts = [
      TextReport(again).render(), MarkdownReport(again).render(), MarkdownSummary(again).render(),
      try HTMLReport(again).render().lowercased(),
    ]
    for text in texts {
      #expect(text.contains("judged again") && text.contains("nothing was run"))
      #expect(text.lowercased().contains("g2 3x"))
    }
    for text in [TextReport(record).render(), try HTMLReport(record).render().lowercased()] {
      #expect(!text.contains("judged again"))
    }
  }
}
