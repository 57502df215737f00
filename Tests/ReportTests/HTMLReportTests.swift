import Conformance
import Foundation
import MobileNet
import Report
import Testing

struct HTMLReportTests {
  private static let hostile =
    "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>]]> & | ` \n\r"
    + "\u{202E}drawkcab\u{200F}\u{0}\u{7}\u{FFFF} <\u{338}b \"\u{301} {{line}} {{{style}}}"
    + String(repeating: "x", count: 10_000)

  @Test func `a subject that conforms - the answer first every end point every case`() throws {
    let record = try RecordFixture().record()
    let page = try ParsedPage(HTMLReport(record).render())
    #expect(page.text(of: "h1").contains("Conforms"))
    #expect(page.elements(where: { $0.attributes["id"] == "divergence-title" }).isEmpty)
    let identifiers = Set(page.elements.compactMap { $0.attributes["id"] })
    for index in 1...30 { #expect(identifiers.contains("layer-\(index)")) }
    for index in 1...13 { #expect(identifiers.contains("case-\(index)")) }
    let summaries = page.elements(named: "summary").map(\.text)
    #expect(summaries.count == 30)
    for (endPoint, summary) in zip(try Architecture().endPoints, summaries) {
      #expect(summary.contains(endPoint.rawValue))
    }
    #expect(page.text.contains("seeded stand-in, shaped like trained weights"))
  }

  @Test func `a subject that does not conform - where it first goes wrong bit by bit`() throws {
    let page = try ParsedPage(HTMLReport(RecordFixture(faultyLayer: 11).record()).render())
    #expect(page.text(of: "h1").contains("Does not conform"))
    let divergence = try #require(
      page.elements(where: { $0.attributes["class"] == "divergence" }).first)
    for words in [
      "Conv2d_6_depthwise", "G1, isolated bound", "812", "limit 1.00", "chelsea", "0x3FA00000",
      "11 layers before it pass", "Of 18 layers after it, 18 do not pass in the chain only",
    ] {
      #expect(divergence.text.contains(words), "\(words)")
    }
    let open = page.elements(named: "details").filter { $0.attributes["open"] != nil }
    #expect(open.map { $0.attributes["id"] } == ["layer-12"])
  }

  @Test func `whatever the record's texts hold the page is well-formed and runs nothing of it`()
    throws
  {
    var record = try RecordFixture(caseNames: [Self.hostile, "zeros"], faultyLayer: 5).record()
    Self.poison(&record)
    let text = try HTMLReport(record).render()
    let page = try ParsedPage(text)
    #expect(page.elements(named: "script").count == 1)
    #expect(page.elements(named: "img").isEmpty)
    #expect(page.elements.allSatisfy { $0.attributes.keys.allSatisfy { !$0.hasPrefix("on") } })
    #expect(text.unicodeScalars.allSatisfy { !(0x202A...0x202E).contains($0.value) })
    #expect(page.text.contains("[U+202E]drawkcab[U+200F][U+0000][U+0007]"))
    #expect(page.text.contains("{{line}}"))
    #expect(text.utf8.count < 1_000_000)
  }

  private static func poison(_ record: inout ConformanceRecord) {
    record.assayVersion = hostile
    record.subject = SubjectIdentity(name: hostile, description: hostile, isa: hostile)
    record.selection = ConformanceRecord.Selection(cases: hostile, layers: hostile)
    record.startedAt = hostile
    record.profile.name = hostile
    record.host.operatingSystem = hostile
    record.host.architecture = hostile
    record.verdict.line = hostile
    record.verdict.firstDivergence?.note = hostile
    record.verdict.firstDivergence?.caseName = hostile
    record.goldens[0].file = hostile
    record.goldens[0].provenance.checkpoint.name = hostile
    record.goldens[0].provenance.checkpoint.description = hostile
    record.goldens[0].provenance.oracle?.name = hostile
    for index in record.cases.indices {
      record.cases[index].golden = hostile
      record.cases[index].description = hostile
      for layer in record.cases[index].endPoints.indices {
        record.cases[index].endPoints[layer].name = EndPoint("\(layer)\(hostile)")
        for gate in record.cases[index].endPoints[layer].gates.indices {
          record.cases[index].endPoints[layer].gates[gate].note = hostile
          record.cases[index].endPoints[layer].gates[gate].criteria[0].measure = hostile
        }
      }
    }
  }

  @Test func `figures that are infinite or not a number are words`() throws {
    var record = try RecordFixture(caseNames: ["only"], faultyLayer: 0).record()
    record.cases[0].endPoints[0].isolated?.utilisation = .infinity
    record.cases[0].endPoints[0].isolated?.budgetRatio = .nan
    record.cases[0].endPoints[0].isolated?.worst?.value = .nan
    record.cases[0].endPoints[0].gates[0].criteria[0].value = .infinity
    record.cases[0].endPoints[0].gates[1].criteria[0].value = .nan
    record.seconds = .infinity
    let page = try ParsedPage(HTMLReport(record).render())
    #expect(page.text.contains("infinite"))
    #expect(page.text.contains("not a number"))
    for element in page.elements {
      for name in ["d", "x", "y", "cx", "cy", "height", "width"] {
        let value = element.attributes[name] ?? ""
        #expect(
          !value.contains("nan") && !value.contains("inf"), "\(element.name) \(name)=\(value)")
      }
    }
  }

  @Test func `what was not run and a record of nothing are shown as such`() throws {
    var record = try RecordFixture(caseNames: ["only"]).record()
    record.cases[0].endPoints[3].isolated = nil
    record.cases[0].endPoints[3].accumulated = nil
    record.cases[0].endPoints[3].status = .notRun
    for gate in record.cases[0].endPoints[3].gates.indices {
      record.cases[0].endPoints[3].gates[gate].status = .notRun
      record.cases[0].endPoints[3].gates[gate].criteria = []
      record.cases[0].endPoints[3].gates[gate].note = "the subject does not show this end point"
    }
    let page = try ParsedPage(HTMLReport(record).render())
    let section = try #require(page.elements(where: { $0.attributes["id"] == "layer-4" }).first)
    #expect(section.text.contains("○ NOT_RUN"))
    #expect(section.text.contains("the subject does not show this end point"))

    record.cases = []
    record.verdict.conforms = false
    let empty = try ParsedPage(HTMLReport(record).render())
    #expect(empty.text.contains("Nothing was judged"))
    #expect(empty.elements(named: "details").isEmpty)
  }

  @Test func `the page loads nothing and leads nowhere else`() throws {
    let text = try HTMLReport(
      RecordFixture(caseNames: ["chelsea", "zeros"], faultyLayer: 2).record()
    ).render()
    #expect(!text.contains("://"))
    let page = try ParsedPage(text)
    for element in page.elements {
      for name in ["src", "href", "xlink:href", "action", "data", "srcset"] {
        guard let target = element.attributes[name] else { continue }
        #expect(target.hasPrefix("#") || target == "data:,", "\(element.name) \(name)=\(target)")
      }
    }
    let identifiers = page.elements.compactMap { $0.attributes["id"] }
    #expect(Set(identifiers).count == identifiers.count)
    for link in page.elements(named: "a") {
      let target = try #require(link.attributes["href"]).dropFirst()
      #expect(identifiers.contains(String(target)), "#\(target) leads nowhere")
    }
  }

  @Test func `tables pictures and controls have what a screen reader needs`() throws {
    let page = try ParsedPage(
      HTMLReport(RecordFixture(caseNames: ["chelsea", "zeros"], faultyLayer: 2).record()).render())
    #expect(page.elements(named: "html").first?.attributes["lang"] == "en")
    for name in ["header", "main", "nav", "footer", "h1"] {
      #expect(page.elements(named: name).count == 1, "\(name)")
    }
    #expect(page.elements(named: "th").allSatisfy { $0.attributes["scope"] != nil })
    let charts = page.elements(where: { $0.name == "svg" && $0.attributes["role"] == "img" })
    #expect(charts.count == 4)
    let identifiers = Set(page.elements.compactMap { $0.attributes["id"] })
    for chart in charts {
      let labels = try #require(chart.attributes["aria-labelledby"]).split(separator: " ")
      #expect(labels.allSatisfy { identifiers.contains(String($0)) })
    }
  }

  @Test func `the same record gives the same bytes`() throws {
    let record = try RecordFixture(caseNames: ["chelsea", "zeros"], faultyLayer: 7).record()
    #expect(try HTMLReport(record).render() == HTMLReport(record).render())
  }
}
