import Conformance
import Report
import Testing

/// The detection matrix, as a page and for a terminal.
struct FaultPageTests {
  private func cells(_ page: ParsedPage) -> [ParsedPage.Element] {
    page.elements(where: { $0.name == "td" && $0.attributes["title"] != nil })
  }

  @Test func `every mistake in every layer and what others would have caught`() throws {
    let page = try ParsedPage(try FaultPage.render(try FaultFixture.record()))
    #expect(page.text(of: "h1") == "Detection matrix")
    #expect(page.text.contains("Every one of 11 mistakes is caught; no correct subject is accused"))
    // Three mistakes and one size in four layers.
    #expect(cells(page).count == 16)
    let hints = cells(page).compactMap { $0.attributes["title"] }
    #expect(hints.contains("Conv2d_0: caught by G1 G2, 812× the limit, in case probe"))
    #expect(hints.contains("Conv2d_1_depthwise: equivalent; it changes no number"))
    #expect(hints.contains("Logits: not even 1 is seen"))
    for words in ["another top-1 11 of 11 (100.0 %)", "cosine < 0.999 0 of 11 (0.0 %)", "avx2"] {
      #expect(page.text.contains(words), "\(words)")
    }
    // The customary checks accuse a correct subject, Assay does not.
    #expect(page.elements(named: "td").contains { $0.text == "allclose" })
    let red = page.elements.filter { $0.attributes["class"]?.contains("beyond") == true }
    #expect(red.map(\.text) == ["✕"])
  }

  @Test func `what is missed or misplaced or falsely accused is said first`() throws {
    let page = try ParsedPage(try FaultPage.render(try FaultFixture.record(missed: true)))
    #expect(page.text.contains("1 of 11 mistakes are not caught; 1 false alarm."))
    let header = try #require(page.elements(named: "header").first)
    #expect(header.attributes["class"] == "verdict fail")
    let lines = page.elements(named: "li").map(\.text)
    #expect(lines.contains("symmetric-padding in Conv2d_1_pointwise"))
    #expect(lines.contains("symmetric-padding in Logits: Predictions"))
    let missed = cells(page).filter { $0.attributes["class"] == "u8 beyond" }
    #expect(missed.map(\.text) == ["✕", "✕"])
  }

  @Test func `whatever the texts page and terminal are tame`() throws {
    let record = try FaultFixture.hostile()
    let text = try FaultPage.render(record)
    let page = try ParsedPage(text)
    #expect(page.elements(named: "script").isEmpty && page.elements(named: "img").isEmpty)
    #expect(page.elements.allSatisfy { $0.attributes.keys.allSatisfy { !$0.hasPrefix("on") } })
    #expect(HostileText.isTame(text) && page.text.contains("[U+202E]drawkcab"))
    #expect(text.utf8.count < 500_000)
    let report = FaultReport(record)
    for text in [report.render(), report.rates] {
      #expect(HostileText.isTame(text))
      #expect(text.split(separator: "\n").allSatisfy { $0.count <= 100 })
    }
  }

  @Test func `the terminal says which engine`() throws {
    let record = try FaultFixture.record()
    let lines = FaultReport(record).render().split(separator: "\n")
    #expect(lines.first == "base        the built-in engine, avx2, 1 thread")
    #expect(lines.contains { $0.hasPrefix("symmetric-padding") && $0.contains("3/3") })
  }

  @Test func `nothing is loaded and every table is labelled`() throws {
    let text = try FaultPage.render(try FaultFixture.record(missed: true))
    #expect(!text.contains("://"))
    let page = try ParsedPage(text)
    #expect(page.elements(named: "th").allSatisfy { $0.attributes["scope"] != nil })
    #expect(page.elements(named: "a").isEmpty)
    let identifiers = page.elements.compactMap { $0.attributes["id"] }
    #expect(Set(identifiers).count == identifiers.count)
  }
}
