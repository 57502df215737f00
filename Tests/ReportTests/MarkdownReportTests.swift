import Conformance
import Report
import Testing

struct MarkdownReportTests {
  @Test func `whatever the record's texts hold a table row stays a table row`() throws {
    let hostile = "a|b\nc\r\nd`e*f_g<b>&[x](y)"
    var record = try RecordFixture(caseNames: [hostile], faultyLayer: 4).record()
    record.goldens[0].file = hostile
    let lines = MarkdownReport(record).render().split(separator: "\n")
    let row = try #require(lines.first { $0.contains("&lt;b&gt;") && $0.hasPrefix("|") })
    #expect(row.contains("a\\|b c"))
    #expect(Self.columnCount(row) == 4)
    for line in lines where line.hasPrefix("| Conv2d") { #expect(Self.columnCount(line) == 8) }
    #expect(!lines.contains { $0.hasPrefix("c") || $0.hasPrefix("d`") })
  }

  /// Cells between bars that are not escaped.
  private static func columnCount(_ row: Substring) -> Int {
    var bars = 0
    var isEscaped = false
    for scalar in row.unicodeScalars {
      if scalar == "|" && !isEscaped { bars += 1 }
      isEscaped = scalar == "\\" && !isEscaped
    }
    return bars - 1
  }

  @Test func `every end point has its row and a failing one its gates`() throws {
    let text = MarkdownReport(try RecordFixture(faultyLayer: 11).record()).render()
    #expect(text.hasPrefix("## ❌ DOES NOT CONFORM"))
    let rows = text.split(separator: "\n").filter { $0.hasPrefix("| Conv2d") }
    #expect(rows.count == 27)
    #expect(rows[11].contains("**FAIL G1 G2 G3**"))
  }
}
