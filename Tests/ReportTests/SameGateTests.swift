import Conformance
import Foundation
import MobileNet
import Report
import Testing

/// Every report names the same gate of an end point: the one that the verdict would name.
struct SameGateTests {
  private static let layer = 11

  /// A layer that holds NaN in its own result: every figure is infinite for that reason.
  private func withNaN() throws -> ConformanceRecord {
    var record = try RecordFixture(caseNames: ["a", "b"], faultyLayer: Self.layer).record()
    for index in record.cases.indices {
      var values = try RecordFixture.gate(
        .values,
        [
          ("alone: NaN or infinity out of place", 3, 0),
          ("chain: NaN or infinity out of place", 9, 0),
        ]
      )
      values.note = "holds NaN where the reference has 0.37"
      record.cases[index].endPoints[Self.layer].gates.append(values)
      for gate in record.cases[index].endPoints[Self.layer].gates.indices.prefix(3) {
        record.cases[index].endPoints[Self.layer].gates[gate].criteria[0].value = .infinity
      }
    }
    return record
  }

  /// What annotations, summary and terminal say of the layer.
  private func texts(_ record: ConformanceRecord) throws -> [String] {
    let name = record.cases[0].endPoints[Self.layer].name.rawValue
    func line(_ lines: [some StringProtocol]) throws -> String {
      let plain = lines.map { String($0).replacing("\\", with: "") }
      return try #require(plain.first { $0.contains(name) && !$0.contains("DOES NOT CONFORM") })
    }
    return [
      try line(GitHubAnnotations(record).render()),
      try line(MarkdownSummary(record).render().split(separator: "\n")),
      try line(TextReport(record).render().split(separator: "\n")),
      try line(MarkdownReport(record).render().split(separator: "\n")),
    ]
  }

  @Test func `NaN is named before the figures that it makes infinite`() throws {
    let texts = try texts(try withNaN())
    #expect(texts[0].contains("FAIL::G8 values: alone: NaN"), "\(texts[0])")
    #expect(texts[1].contains("**FAIL** G8 values"), "\(texts[1])")
    #expect(texts[2].contains("FAIL G8 G1"), "\(texts[2])")
    #expect(texts[3].contains("FAIL G8 G1"), "\(texts[3])")
  }

  @Test func `what only the chain has inherited is not named before the layer itself`() throws {
    var record = try withNaN()
    for index in record.cases.indices {
      let gates = record.cases[index].endPoints[Self.layer].gates.count
      record.cases[index].endPoints[Self.layer].gates[gates - 1].criteria[0].value = 0
    }
    for text in try texts(record) {
      #expect(text.contains("FAIL::G1") || text.contains("FAIL** G1") || text.contains("FAIL G1"))
    }
  }

  @Test func `a failure without figures is shown by its note`() throws {
    var record = try RecordFixture(caseNames: ["a"], faultyLayer: Self.layer).record()
    let note = "its shape is 1x8x8x192, expected 1x9x9x192: VALID padding in place of SAME"
    let mismatch: [String: Any] = [
      "found": [1, 8, 8, 192], "expected": [1, 9, 9, 192],
      "cause": "VALID padding in place of SAME",
    ]
    record.cases[0].endPoints[Self.layer].isolated = nil
    record.cases[0].endPoints[Self.layer].isolatedMismatch = try JSONDecoder().decode(
      ShapeMismatch.self, from: JSONSerialization.data(withJSONObject: mismatch))
    for gate in record.cases[0].endPoints[Self.layer].gates.indices {
      record.cases[0].endPoints[Self.layer].gates[gate].criteria = []
      record.cases[0].endPoints[Self.layer].gates[gate].note = note
    }
    let texts = try texts(record)
    #expect(texts[0].contains("G1 isolated bound") && texts[0].contains(note))
    #expect(texts[1].contains("G1 isolated bound") && texts[1].contains(note), "\(texts[1])")
    #expect(JUnitReport(record).render().contains(note))
    #expect(try HTMLReport(record).render().contains("VALID padding in place of SAME"))
  }
}
