import Conformance
import Report
import Testing

struct ConformanceMatrixTests {
  private func records() throws -> [ConformanceRecord] {
    let good = try RecordFixture(caseNames: ["chelsea", "zeros"]).record()
    var other = try RecordFixture(caseNames: ["chelsea"], faultyLayer: 11).record()
    other.subject.isa = "portable"
    other.cases[0].endPoints.removeLast()
    return [good, other]
  }

  @Test func `a column for every subject and a row for every layer`() throws {
    let text = ConformanceMatrix(try records()).markdown()
    #expect(text.hasPrefix("## ❌ Conformance of 2 subjects"))
    #expect(text.contains("| end point | engine avx2 | engine portable |"))
    let rows = text.split(separator: "\n").filter { $0.hasPrefix("| Conv2d") }
    #expect(rows.count == 27)
    #expect(rows[11].hasSuffix("| ✕ G1 812× |"))
    #expect(text.contains("| Predictions |") && text.contains("| – |"))
  }

  @Test func `the page is well-formed and needs nothing`() throws {
    let page = try ParsedPage(try ConformanceMatrix(try records()).html())
    #expect(page.elements(named: "table").count == 1)
    #expect(page.elements(named: "script").isEmpty)
    #expect(page.elements(named: "th").allSatisfy { $0.attributes["scope"] != nil })
    let cells = page.elements(where: { $0.attributes["title"]?.contains("812") == true })
    #expect(cells.count == 1 && cells.first?.text == "✕ G1 812×")
  }

  @Test func `subjects of one name are told apart`() throws {
    let one = try RecordFixture(caseNames: ["a"]).record()
    var threads = one
    threads.subject.threads = 8
    #expect(
      ConformanceMatrix([one, threads]).markdown().contains("| 1: engine avx2 | 2: engine avx2 |"))
    #expect(ConformanceMatrix([one, one]).markdown().contains("| 1: engine avx2 |"))
  }

  @Test func `whatever the texts it is tame`() throws {
    let matrix = ConformanceMatrix([try HostileText.record(), try HostileText.record()])
    let text = matrix.markdown()
    #expect(HostileText.isTame(text) && !text.contains("<script") && text.utf8.count <= 60 * 1024)
    let page = try ParsedPage(try matrix.html())
    #expect(page.elements(named: "script").isEmpty && page.elements(named: "img").isEmpty)
  }
}
