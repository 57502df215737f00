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
    let tame = try HTMLReport(RecordFixture(caseNames: ["a", "zeros"], faultyLayer: 5).record())
    #expect(try text.utf8.count < tame.render().utf8.count * 2)
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
    let pictures = page.elements(where: { $0.name == "svg" && $0.attributes["role"] == "img" })
    let charts = pictures.filter { $0.attributes["aria-labelledby"] != nil }
    #expect(charts.count == 4)
    // 27 layers with an image have a map, all 30 two histograms and a strip; each isolated and in the
    // chain.
    let plots = pictures.filter { $0.attributes["aria-label"]?.isEmpty == false }
    #expect(plots.count == 2 * (27 + 30 * 3) && plots.count + charts.count == pictures.count)
    let identifiers = Set(page.elements.compactMap { $0.attributes["id"] })
    for chart in charts {
      let labels = try #require(chart.attributes["aria-labelledby"]).split(separator: " ")
      #expect(labels.allSatisfy { identifiers.contains(String($0)) })
    }
  }

  @Test func `the worst element is in its place, with its bits and its command`() throws {
    let record = try RecordFixture(caseNames: ["it's"], faultyLayer: 11).record()
    let worst = try #require(record.cases[0].endPoints[11].isolated?.worst)
    let page = try ParsedPage(HTMLReport(record).render())
    let start = try #require(
      page.elements.firstIndex { $0.attributes["aria-labelledby"] == "layer-12-isolated" })
    let section = page.elements[start...]
    let cells = section.filter { $0.attributes["class"] == "worst-cell" }
    // 8 x 8 pixels of 24 each; 192 channels in 64 strips of 6.
    let frame = try #require(cells.first?.attributes)
    #expect(frame["x"] == "\(34 + 24 * worst.index[2])")
    #expect(frame["y"] == "\(18 + 24 * worst.index[1])")
    #expect(frame["width"] == "24" && frame["height"] == "24")
    let critical = try #require(section.first { $0.attributes["class"] == "u7" })
    #expect(
      critical.attributes["d"]
        == "M\(34 + 24 * worst.index[2]) \(18 + 24 * worst.index[1])h24v24h-24z")
    #expect(cells.dropFirst().first?.attributes["x"] == "\(12 + worst.index[3] / 3 * 6)")
    let place = worst.index.map(String.init)
    for words in [
      "[\(place.joined(separator: ", "))]", "0x3FA00000",
      "assay explain --case 'it'\\''s' --layer Conv2d_6_depthwise "
        + "--at \(place.joined(separator: ",")) --subject engine inference.h5",
      "Case it's, the only one.",
    ] {
      #expect(page.elements[start].text.contains(words), "\(words)")
    }
  }

  @Test func `the page says which case it shows and prefers what explain can look at`() throws {
    var record = try RecordFixture(caseNames: ["first", "second", "made"]).record()
    func about() throws -> String {
      let page = try ParsedPage(HTMLReport(record).render())
      return try #require(
        page.elements(where: { $0.attributes["aria-labelledby"] == "layer-1-isolated" }).first
      ).text
    }
    record.cases[2].golden = ""
    for (index, figure) in [0.2, 0.3, 0.4].enumerated() {
      record.cases[index].endPoints[0].isolated?.utilisation = figure
    }
    #expect(try about().contains("Case second, the worst of 3"))
    #expect(try about().contains("assay explain --case second"))
    record.cases[2].endPoints[0].isolated?.utilisation = 1.5
    #expect(try about().contains("Case made, the worst of 3"))
    #expect(try !about().contains("assay explain"))
    record.cases[0].endPoints[0].isolated?.utilisation = 1.1
    #expect(try about().contains("Case first, the worst of 3"))
    record.explainArguments = nil
    #expect(try !about().contains("assay explain"))
  }

  @Test func `the likely cause is in the box of the first divergence`() throws {
    var record = try RecordFixture(caseNames: ["a"], faultyLayer: 4).record()
    let diagnosis = """
      {"endPoint": "Conv2d_2_pointwise", "isCertain": true, "causes":
        [{"fault": "relu", "summary": "no upper clamp", "evidence": "reproduces"}]}
      """
    func box() throws -> String {
      let page = try ParsedPage(HTMLReport(record).render())
      return try #require(page.elements(where: { $0.attributes["class"] == "divergence" }).first)
        .text
    }
    #expect(try !box().contains("ause"))
    record.verdict.diagnosis = try JSONDecoder().decode(Diagnosis.self, from: Data(diagnosis.utf8))
    #expect(try box().contains("Cause no upper clamp"))
    record.verdict.diagnosis?.isCertain = false
    #expect(try box().contains("Likely cause no upper clamp"))
    record.verdict.diagnosis?.causes[0].evidence = .resembles
    #expect(try box().contains("much like those of plain loops"))
  }

  @Test func `a record without details still shows its worst elements`() throws {
    var record = try RecordFixture(caseNames: ["a"], faultyLayer: 4).record()
    for index in record.cases[0].endPoints.indices {
      record.cases[0].endPoints[index].isolated?.detail = nil
      record.cases[0].endPoints[index].accumulated?.detail = nil
    }
    let page = try ParsedPage(HTMLReport(record).render())
    #expect(page.elements(where: { $0.attributes["class"] == "map" }).isEmpty)
    let layer = try #require(page.elements(where: { $0.attributes["id"] == "layer-5" }).first)
    #expect(layer.text.contains("0x3FA00000"))
  }

  @Test func `details that contradict the shape are left out`() throws {
    var record = try RecordFixture(caseNames: ["a"]).record()
    record.cases[0].endPoints[0].isolated?.detail?.map?.rows = 3
    record.cases[0].endPoints[1].isolated?.detail?.channels = []
    record.cases[0].endPoints[2].isolated?.detail?.channels = [Double](repeating: 1, count: 999)
    record.cases[0].endPoints[3].isolated?.detail?.worst[0].index = [0, 9999, -1, 9999]
    record.cases[0].endPoints[4].isolated?.detail?.worst[0].index = []
    record.cases[0].endPoints[5].isolated?.detail?.ratios.counts = []
    record.cases[0].endPoints[6].isolated?.detail?.ratios.first = Int.max
    record.cases[0].endPoints[7].isolated?.detail?.ratios.first = Int.min
    record.cases[0].endPoints[8].isolated?.detail?.ratios.zero = Int.max
    record.cases[0].endPoints[9].shape = [1, 0, 0, 0]
    record.cases[0].endPoints[10].shape = []
    record.cases[0].endPoints[11].isolated?.detail?.channels[0] = .infinity
    #expect(throws: Never.self) { try ParsedPage(HTMLReport(record).render()) }
  }

  @Test func `huge figures are squeezed into the network's cells`() throws {
    var record = try RecordFixture(caseNames: ["a"]).record()
    record.cases[0].endPoints[2].gates[0].criteria[0].value = 1.2e300
    record.cases[0].endPoints[3].gates[0].criteria[0].value = 2.5e7
    record.cases[0].endPoints[4].gates[0].criteria[0].value = 54_321
    let page = try ParsedPage(HTMLReport(record).render())
    let cells = page.elements(where: { $0.attributes["class"]?.hasPrefix("cell") == true })
    for (text, isSqueezed) in [("10³⁰⁰×", true), ("10⁷×", false), ("54k×", false)] {
      let cell = try #require(cells.first { $0.text == text }, "\(text)")
      #expect((cell.attributes["textLength"] != nil) == isSqueezed)
    }
  }

  @Test func `the page explains every gate and shows every limit`() throws {
    let page = try ParsedPage(HTMLReport(RecordFixture(caseNames: ["a"]).record()).render())
    func section(_ identifier: String) throws -> String {
      try #require(page.elements(where: { $0.attributes["id"] == identifier }).first).text
    }
    let glossary = try section("glossary")
    for number in 1...9 { #expect(glossary.contains("G\(number) "), "G\(number)") }
    #expect(glossary.contains("G4 clamp exactness"))
    let start = try #require(page.elements.firstIndex { $0.attributes["id"] == "limits-title" })
    let rows = page.elements[start...].filter { $0.name == "tr" }.map {
      $0.text.split(separator: "\n").joined(separator: " ")
    }
    // The head, what the standard profile's file lists, and the limit that it does without.
    let names = Profile.standardYAML.split(separator: "\n").filter { $0.hasPrefix("  ") }
      .filter { !$0.hasPrefix("    ") }
    #expect(names.count == 12 && rows.count == 2 + names.count)
    for words in [
      "rms(error / σ)1.50G7", "integer0.0G5", "zeros that may still be judged by0.990",
      "elements that are -0not judgedG8",
    ] {
      #expect(rows.contains { $0.contains(words) }, "\(words)")
    }
    for number in 1...8 { #expect(rows.contains { $0.contains("G\(number)") }, "G\(number)") }
  }

  @Test func `a sweep is in order of size`() throws {
    var record = try RecordFixture(caseNames: (0..<12).map { "size \($0)" }).record()
    for index in record.cases.indices { record.cases[index].images = [1, 120 - index, 97, 3] }
    func section() throws -> ParsedPage.Element {
      try #require(
        ParsedPage(HTMLReport(record).render())
          .elements(where: { $0.attributes["id"] == "heat-map" }).first)
    }
    let text = try section().text
    #expect(text.contains("Sizes × end points"))
    let places = try (2..<10).map { try #require(text.range(of: "size \($0)")).lowerBound }
    #expect(places == places.sorted(by: >))
    for index in record.cases.indices { record.cases[index].images = [1, 64, 64, 3] }
    #expect(try section().text.contains("Cases × end points"))
  }

  @Test func `the same record gives the same bytes`() throws {
    let record = try RecordFixture(caseNames: ["chelsea", "zeros"], faultyLayer: 7).record()
    #expect(try HTMLReport(record).render() == HTMLReport(record).render())
  }
}
