import Conformance
import Report
import Testing

struct MarkdownSummaryTests {
  @Test func `a subject that conforms - the tightest layers`() throws {
    let text = MarkdownSummary(try RecordFixture().record()).render()
    #expect(text.hasPrefix("## ✅ CONFORMS"))
    #expect(text.contains("Nearest to a limit:"))
    #expect(text.contains("Largest error along the chain, Conv2d\\_0 to Predictions"))
    #expect(text.utf8.count < 16_000)
  }

  @Test func `a subject that does not - failing layers first to last`() throws {
    let text = MarkdownSummary(try RecordFixture(faultyLayer: 11).record()).render()
    #expect(text.hasPrefix("## ❌ DOES NOT CONFORM"))
    let rows = text.split(separator: "\n").filter { $0.hasPrefix("| Conv2d") }
    #expect(rows[0].hasPrefix("| Conv2d\\_6\\_depthwise | **FAIL** G1 isolated bound |"))
    #expect(text.contains("and 9 more end points"))
  }

  @Test(arguments: [0, 5000, 8000, 12_000, 60 * 1024])
  func `cut to any size it stays whole`(limit: Int) throws {
    for record in [
      try RecordFixture(
        caseNames: (0..<60).map { "case number \($0) of a long list" }, faultyLayer: 3
      ).record(),
      try HostileText.record(),
    ] {
      let text = MarkdownSummary(record).render(limit: limit)
      #expect(text.utf8.count <= max(limit, MarkdownSummary.leastLimit))
      #expect(text.hasPrefix("## ❌ "))
      #expect(text.count(of: "<details>") == text.count(of: "</details>"))
      #expect(HostileText.isTame(text))
      #expect(!text.contains("<script") && !text.contains("<img") && !text.contains("@someone"))
      if text.contains("left out") { #expect(text.contains("*Cut to ")) }
    }
  }

  @Test func `every row has its columns whatever the texts`() throws {
    let text = MarkdownSummary(try HostileText.record()).render()
    for row in text.split(separator: "\n") where row.hasPrefix("| ") {
      var bars = 0
      var isEscaped = false
      for scalar in row.unicodeScalars {
        if scalar == "|" && !isEscaped { bars += 1 }
        isEscaped = scalar == "\\" && !isEscaped
      }
      #expect(bars == 8 || bars == 4, "\(row)")
    }
  }
}

extension String {
  fileprivate func count(of part: String) -> Int { ranges(of: part).count }
}
