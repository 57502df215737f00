import Foundation
import TestSupport
import Testing

/// `assay faults`, as a user runs it.
@Suite struct FaultsTests {
  @Test func `a part of the matrix ends with its three rates`() throws {
    let folder = try TemporaryDirectory()
    let result = try Program.run(
      "faults", "--faults", "bgr,*-padding,softmax-*", "--subset", "--output",
      folder.path("reports"))
    #expect(result.status == 0)
    #expect(result.error.isEmpty)
    let rates = result.output.split(separator: "\n").suffix(3)
    #expect(rates.map { $0.prefix(12) } == ["caught      ", "right layer ", "false alarms"])
    #expect(rates.last?.hasPrefix("false alarms  0 of ") == true)
    let record = try String(contentsOfFile: folder.path("reports/faults.json"), encoding: .utf8)
    #expect(record.contains("symmetric-padding"))
    let page = try String(contentsOfFile: folder.path("reports/faults.html"), encoding: .utf8)
    #expect(page.contains("<title>Detection matrix</title>") && page.contains("symmetric-padding"))
    // Two engines must not read alike.
    let base = try #require(result.output.split(separator: "\n").first)
    #expect(base.contains("the built-in float32 engine, ") && base.hasSuffix("1 thread"))
  }

  @Test func `a matrix of nothing is a mistake of usage`() throws {
    let folder = try TemporaryDirectory()
    let result = try Program.run(
      "faults", "--faults", "no-such-fault", "--output", folder.path("reports"))
    #expect(result.status == 64)
    #expect(result.error.contains("no-such-fault"))
  }
}
