import Conformance
import Foundation
import Report
import TestSupport
import Testing

struct BaselineTests {
  private static let cases = ["chelsea", "zeros"]

  private func record(
    _ change: (inout ConformanceRecord) -> Void = { _ in }
  ) throws -> ConformanceRecord {
    var record = try RecordFixture(caseNames: Self.cases).record()
    change(&record)
    return record
  }

  private func baseline() throws -> Baseline { try Baseline(accepting: try record()) }

  /// Sets G1's figure of one end point.
  private func set(_ value: Double, _ record: inout ConformanceRecord, layer: Int = 3) {
    for index in record.cases.indices {
      record.cases[index].endPoints[layer].gates[0].criteria[0].value = value
    }
  }

  @Test(arguments: ["engine-avx2", "engine-portable"])
  func `what is committed is as it would be written again`(name: String) throws {
    let path = Repository.path("Reports/baseline/\(name).json")
    let json = try Data(contentsOf: URL(filePath: path))
    #expect(try Baseline(json: json).json() == json)
  }

  @Test func `the worst of all cases and the same bytes every time`() throws {
    let record = try record {
      $0.cases[0].endPoints[3].gates[0].criteria[0].value = 0.25
      $0.cases[1].endPoints[3].gates[0].criteria[0].value = 0.5
    }
    let baseline = try Baseline(accepting: record)
    let figure = try #require(baseline.endPoints[3].gates["G1"]?.first)
    #expect(figure.value == 0.5 && figure.caseName == "zeros")
    let json = try baseline.json()
    #expect(try Baseline(json: json) == baseline)
    #expect(try Baseline(json: json).json() == json)
    var later = record
    later.startedAt = "2030-01-01T00:00:00Z"
    later.seconds = 99
    #expect(try Baseline(accepting: later).json() == json)
  }

  @Test func `unchanged passes`() throws {
    let comparison = try BaselineComparison(try record(), with: try baseline())
    #expect(comparison.passes && comparison.changes.allSatisfy { $0.direction == .same })
    #expect(BaselineReport(comparison).text().isEmpty)
    #expect(
      BaselineReport(comparison).line == "NO REGRESSION  engine avx2: 180 figures, 180 as before")
    #expect(BaselineReport(comparison).annotations().isEmpty)
  }

  @Test(arguments: [
    (0.2, 0.2, false), (0.2, 0.24, false), (0.2, 0.26, true),
    // Large factors of almost nothing.
    (0.001, 0.04, false), (0.001, 0.06, true), (0, 0.04, false), (0, 0.06, true),
    // Half as much is better, not worse.
    (0.4, 0.2, false), (0.2, .infinity, true), (0.2, .nan, true), (.infinity, .infinity, false),
  ])
  func `worse is more than the noise and more than nothing`(
    old: Double, new: Double, isWorse: Bool
  ) throws {
    let before = try Baseline(accepting: try record { set(old, &$0) })
    let comparison = try BaselineComparison(
      try record { set(new, &$0) }, with: try Baseline(json: try before.json()))
    #expect(comparison.regressions.count == (isWorse ? 1 : 0))
    #expect(comparison.passes != isWorse)
    let report = BaselineReport(comparison)
    #expect(report.line.hasPrefix(isWorse ? "REGRESSION  " : "NO REGRESSION  "))
    if isWorse {
      #expect(report.line.contains("Conv2d_2_depthwise G1: max |error| / bound"))
      #expect(report.annotations().count == 1)
    }
  }

  @Test func `where nothing is admissible every increase counts`() throws {
    func exact(_ value: Double) throws -> ConformanceRecord {
      try record {
        set(value, &$0)
        for index in $0.cases.indices {
          $0.cases[index].endPoints[3].gates[0].criteria[0].limit = 0
        }
      }
    }
    let before = try Baseline(accepting: try exact(0))
    #expect(try BaselineComparison(try exact(0), with: before).passes)
    #expect(try BaselineComparison(try exact(1), with: before).regressions.count == 1)
  }

  @Test func `what is not measured any more counts and what is new does not`() throws {
    let less = try record {
      for index in $0.cases.indices { $0.cases[index].endPoints[4].gates.removeLast() }
    }
    let gone = try BaselineComparison(less, with: try baseline())
    #expect(gone.regressions.map(\.direction) == [.removed])
    #expect(BaselineReport(gone).text().contains("not measured any more"))
    let more = try BaselineComparison(try record(), with: try Baseline(accepting: less))
    #expect(more.passes && more.changes.count { $0.direction == .added } == 1)
  }

  @Test func `better is said and passes`() throws {
    let before = try Baseline(accepting: try record { set(0.9, &$0) })
    let comparison = try BaselineComparison(try record { set(0.3, &$0) }, with: before)
    #expect(comparison.passes && comparison.improvements.count == 1)
    #expect(BaselineReport(comparison).line.hasSuffix(", 1 better"))
  }

  @Test func `a record that does not conform does not pass and is no baseline`() throws {
    let bad = try RecordFixture(caseNames: Self.cases, faultyLayer: 5).record()
    #expect(throws: BaselineError.self) { try Baseline(accepting: bad) }
    let comparison = try BaselineComparison(bad, with: try baseline())
    #expect(!comparison.passes)
    #expect(BaselineReport(comparison).line.contains("DOES NOT CONFORM"))
  }

  @Test func `a baseline of something else is refused`() throws {
    func refusal(_ change: (inout ConformanceRecord) -> Void) throws -> BaselineError? {
      let (record, baseline) = (try record(change), try baseline())
      return #expect(throws: BaselineError.self) {
        try BaselineComparison(record, with: baseline)
      }
    }
    let parameters = try refusal {
      $0.goldens[0].provenance.parametersSHA256 = String(repeating: "f", count: 64)
    }
    #expect(
      parameters?.description.contains("the checkpoint stand-in (parameters 0badcafe0bad)") == true)
    let subject = try refusal { $0.subject.isa = "avx512" }
    #expect(
      subject?.description == "is a baseline of engine on avx2, the record is of engine on avx512")
    #expect(try refusal { $0.profile.name = "lenient" }?.description.contains("'lenient'") == true)
    let cases = try refusal { $0.cases.removeLast() }
    #expect(cases == .otherCases(missing: ["zeros"], new: []))
    #expect(try refusal { $0.selection.layers = "Logits" } == .selection)
  }

  @Test func `a file of another kind or version is refused`() throws {
    let json = String(decoding: try baseline().json(), as: UTF8.self)
    func refusal(_ text: String) -> BaselineError? {
      #expect(throws: BaselineError.self) { try Baseline(json: Data(text.utf8)) }
    }
    let newer = json.replacing("\"formatVersion\" : 1", with: "\"formatVersion\" : 2")
    #expect(refusal(newer) == .otherVersion(2))
    for text in [
      "", "{}", "[1]", String(json.dropLast(100)),
      json.replacing("assay-baseline", with: "something"),
    ] {
      guard case .notABaseline = refusal(text) else {
        Issue.record("accepted: \(text.prefix(80))")
        continue
      }
    }
  }

  @Test func `whatever the texts the report is tame`() throws {
    let good = try HostileText.record(faultyLayer: nil)
    var worse = good
    for index in worse.cases.indices {
      for layer in worse.cases[index].endPoints.indices {
        worse.cases[index].endPoints[layer].gates[0].criteria[0].value = 1e9
      }
    }
    let baseline = try Baseline(accepting: good)
    let report = BaselineReport(
      try BaselineComparison(worse, with: try Baseline(json: try baseline.json())))
    for text in [report.text(), report.line, report.markdown()] + report.annotations() {
      #expect(HostileText.isTame(text))
    }
    #expect(!report.line.contains("\n") && !report.markdown().contains("<script"))
    #expect(report.text().split(separator: "\n").allSatisfy { $0.count <= 100 })
  }
}

/// The baseline's page, and the latency: figures are handed in, nothing is timed.
struct BaselinePageTests {
  private func record(
    _ change: (inout ConformanceRecord) -> Void = { _ in }
  ) throws -> ConformanceRecord {
    var record = try RecordFixture(caseNames: ["chelsea", "zeros"]).record()
    change(&record)
    return record
  }

  private func latency(
    _ rounds: [Double], processor: String = "a processor", isa: String = "avx2", threads: Int = 2,
    images: [Int] = [1, 128, 128, 3]
  ) throws -> BaselineLatency {
    BaselineLatency(
      processor: processor, isa: isa, threads: threads,
      figures: [try #require(BaselineLatency.Figure(images: images, rounds: rounds))])
  }

  /// A comparison whose figures are unchanged.
  private func compare(
    _ new: BaselineLatency, with old: BaselineLatency
  ) throws -> BaselineComparison {
    let baseline = try Baseline(accepting: try record(), latency: old)
    return try BaselineComparison(
      try record(), with: try Baseline(json: try baseline.json()), latency: new)
  }

  @Test(arguments: [
    ([1.5, 1.6, 1.7], [1.5, 1.6, 1.7], false), ([1.5, 1.6, 1.7], [1.2, 1.3, 1.4], false),
    // All slower than ever, but by less than the factor; then by more.
    ([1.5, 1.6, 1.7], [1.8, 1.85, 1.86], false), ([1.5, 1.6, 1.7], [1.88, 1.9, 2.2], true),
    // One round that was disturbed is no regression, and none hides one.
    ([1.5, 1.6, 1.7], [1.6, 1.7, 9], false), ([1.5, 1.6, 4.4], [4.8, 4.8, 4.8], false),
    ([1.5], [.nan], true), ([1.5], [.infinity], true),
  ])
  func `slower is slower beyond the noise of both`(
    old: [Double], new: [Double], isSlower: Bool
  ) throws {
    let comparison = try compare(try latency(new), with: try latency(old))
    #expect(comparison.passes != isSlower)
    let report = BaselineReport(comparison)
    #expect(report.line.hasPrefix(isSlower ? "REGRESSION  " : "NO REGRESSION  "))
    #expect(report.line.contains("latency of 128 × 128, batch 1") == isSlower)
    #expect(report.text().hasPrefix(isSlower ? "✕ latency" : "= latency"))
    #expect(report.markdown().contains("times the time at peak"))
    #expect(report.annotations().count == (isSlower ? 1 : 0))
  }

  @Test func `another processor or instruction set is said and does not count`() throws {
    let old = try latency([1])
    for (other, words) in [
      (try latency([9], processor: "another"), "measured on a processor, here another"),
      (try latency([9], isa: "avx512"), "measured with avx2, here avx512"),
      (try latency([9], threads: 1), "threads: 2, here 1"),
    ] {
      let comparison = try compare(other, with: old)
      #expect(comparison.passes)
      let report = BaselineReport(comparison)
      #expect(report.text().contains("latency not compared: ") && report.text().contains(words))
      #expect(try ParsedPage(try report.html()).text.contains("Not compared: "))
    }
  }

  @Test func `a shape that is not measured any more counts`() throws {
    let gone = try compare(
      try latency([1], images: [8, 128, 128, 3]), with: try latency([1]))
    #expect(!gone.passes && BaselineReport(gone).line.contains("not measured any more"))
  }

  @Test func `a baseline without latency cannot be compared with`() throws {
    let baseline = try Baseline(accepting: try record())
    let (record, new) = (try record(), try latency([1]))
    let error = #expect(throws: BaselineError.self) {
      try BaselineComparison(record, with: baseline, latency: new)
    }
    #expect(error == .noLatency && error?.description.contains("--accept --latency") == true)
    // One with latency is good for a comparison without.
    let timed = try Baseline(accepting: record, latency: new)
    #expect(try BaselineComparison(record, with: timed).passes)
  }

  @Test func `what moved first, then every layer and gate and figure`() throws {
    let worse = try record {
      for index in $0.cases.indices {
        $0.cases[index].endPoints[3].gates[0].criteria[0].value = 0.9
        $0.cases[index].endPoints[9].gates.removeLast()
      }
    }
    let comparison = try BaselineComparison(
      worse, with: try Baseline(accepting: try record()), latency: nil)
    let page = try ParsedPage(try BaselineReport(comparison).html(record: "record.html"))
    #expect(page.text(of: "h1") == "Regression")
    #expect(page.elements(named: "a").map { $0.attributes["href"] } == ["record.html"])
    let tables = page.elements(named: "table")
    #expect(tables.count == 3)
    #expect(tables[0].text.contains("Conv2d_2_depthwise") && tables[0].text.contains("0.900"))
    let cells = page.elements(where: { $0.name == "td" && $0.attributes["title"] != nil })
    #expect(cells.count == 30 * 4)
    let moved = cells.filter { $0.attributes["class"]?.contains("beyond") == true }
    #expect(moved.count == 2 && moved.contains { $0.text == "gone" })
    #expect(cells.count { $0.text == "=" } == 118)
    // Head, and every figure once: 30 layers with 1 + 2 + 2 + 1.
    #expect(tables[2].text.contains("not measured") == false)
    #expect(page.elements(named: "tr").count == (1 + 2) + (1 + 30) + (1 + 180))
  }

  @Test func `nothing moved`() throws {
    let comparison = try compare(try latency([1]), with: try latency([1]))
    let page = try ParsedPage(try BaselineReport(comparison).html())
    #expect(page.text(of: "h1") == "No regression")
    #expect(page.text.contains("Nothing by more than the margin."))
    #expect(page.elements(named: "a").isEmpty)
  }

  @Test func `whatever the texts the page is well-formed and runs nothing of it`() throws {
    let good = try HostileText.record(faultyLayer: nil)
    var worse = good
    for index in worse.cases.indices {
      for layer in worse.cases[index].endPoints.indices {
        worse.cases[index].endPoints[layer].gates[0].criteria[0].value = 1e9
      }
    }
    let hostile = try latency([1], processor: HostileText.text)
    let baseline = try Baseline(
      accepting: good, latency: try latency([1], processor: "\(HostileText.text)!"))
    let report = BaselineReport(
      try BaselineComparison(worse, with: baseline, latency: hostile))
    let text = try report.html(record: "record.html")
    let page = try ParsedPage(text)
    #expect(page.elements(named: "script").isEmpty && page.elements(named: "img").isEmpty)
    #expect(page.elements.allSatisfy { $0.attributes.keys.allSatisfy { !$0.hasPrefix("on") } })
    #expect(HostileText.isTame(text) && HostileText.isTame(report.text()))
    #expect(report.text().split(separator: "\n").allSatisfy { $0.count <= 100 })
  }
}
