import Conformance
import Foundation
import MobileNet
import Report
import Testing

struct GitHubAnnotationsTests {
  @Test func `a subject that conforms has none`() throws {
    #expect(GitHubAnnotations(try RecordFixture(caseNames: ["a"]).record()).render().isEmpty)
  }

  @Test func `the verdict then end points and no more than GitHub shows`() throws {
    let record = try RecordFixture(caseNames: ["chelsea", "zeros"], faultyLayer: 11).record()
    let lines = GitHubAnnotations(record).render()
    #expect(lines.count == 10)
    #expect(lines[0].hasPrefix("::error title=Conformance::DOES NOT CONFORM"))
    #expect(
      lines[1].hasPrefix("::error title=Conv2d_6_depthwise%3A FAIL::G1 isolated bound: max |error|")
    )
    #expect(lines[9].contains("11 more end points"))
    #expect(GitHubAnnotations(try RecordFixture(faultyLayer: 28).record()).render().count == 3)
  }

  @Test func `no text begins a command of its own`() throws {
    let lines = GitHubAnnotations(try HostileText.record()).render()
    for line in lines {
      #expect(line.hasPrefix("::error title="))
      #expect(HostileText.isTame(line) && !line.contains("\n"))
      // The title ends where we end it: at the first colons.
      let parts = line.dropFirst("::error title=".count).unicodeScalars.split(
        separator: ":", maxSplits: 1)
      #expect(!parts[0].contains(","))
      #expect(!line.contains("%0A,") && line.utf8.count < 6000)
    }
  }
}

struct BadgeTests {
  private func badge(_ record: ConformanceRecord) throws -> [String: String] {
    let object = try JSONSerialization.jsonObject(with: Badge(record).json()) as? [String: Any]
    #expect(object?["schemaVersion"] as? Int == 1)
    return (object ?? [:]).compactMapValues { $0 as? String }
  }

  @Test func `green only for the whole`() throws {
    var record = try RecordFixture(caseNames: ["a"]).record()
    #expect(try badge(record)["color"] == "brightgreen")
    #expect(try badge(record)["label"] == "engine conformance")
    record.selection = ConformanceRecord.Selection(cases: "a")
    #expect(try badge(record)["message"] == "conforms (a selection)")
    #expect(try badge(record)["color"] == "yellowgreen")
    let bad = try badge(try RecordFixture(caseNames: ["a"], faultyLayer: 11).record())
    #expect(bad["message"] == "fails at Conv2d_6_depthwise" && bad["color"] == "red")
  }

  @Test func `hostile texts stay short and in their place`() throws {
    let fields = try badge(try HostileText.record())
    #expect(Set(fields.keys) == ["label", "message", "color"])
    #expect(fields.values.allSatisfy { HostileText.isTame($0) && $0.count < 100 })
  }
}
