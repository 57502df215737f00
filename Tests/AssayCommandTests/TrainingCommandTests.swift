import Conformance
import Foundation
import Golden
import TestSupport
import Testing

/// `assay verify training.h5`, as a user runs it.
@Suite(.serialized) struct TrainingCommandTests {
  private let folder: TemporaryDirectory
  private let golden: String

  init() throws {
    folder = try TemporaryDirectory()
    golden = try DefaultGolden.training()
  }

  /// The one correct subject that is not the plain loops, on every case: steps and a descent.
  @Test func `the engine's training conforms`() throws {
    let result = try Program.run("verify", golden, "--output", folder.path("reports"))
    #expect(result.status == 0, "\(result.output)")
    let last = try #require(result.output.split(separator: "\n").last)
    #expect(last.hasPrefix("CONFORMS  engine: 6 cases, 1410 end points"))
    #expect(result.output.split(separator: "\n").allSatisfy { $0.count <= 100 || $0 == last })
    let record = try ConformanceRecord(
      json: Data(contentsOf: URL(filePath: folder.path("reports/record.json"))))
    #expect(record.cases.allSatisfy { !$0.isMade })
  }

  @Test func `every instruction set and thread count conforms on a case`() throws {
    for isa in ["portable", "avx2", "avx512"] {
      let result = try Program.run(
        "verify", golden, "--cases", "two", "--isa", isa, "--threads", "2", "--quiet", "--output",
        folder.path(isa))
      if result.error.contains("this processor does not have") { continue }
      #expect(result.status == 0, "\(isa): \(result.output)")
    }
  }

  @Test func `a mistake of training is caught and named`() throws {
    let result = try Program.run(
      "verify", golden, "--cases", "odd", "--inject", "biased-moving-variance@Conv2d_6_pointwise",
      "--output", folder.path("reports"))
    #expect(result.status == 1)
    let last = try #require(result.output.split(separator: "\n").last)
    #expect(last.contains("Conv2d_6_pointwise/BatchNorm/moving_variance/updated fails G1"))
    #expect(last.contains("a moving variance that follows the biased variance"))
    // There is nothing that explain could show of it.
    let page = try String(contentsOfFile: folder.path("reports/record.html"), encoding: .utf8)
    #expect(!page.contains("assay explain"))
  }

  @Test func `a matrix of one mistake in one layer`() throws {
    let result = try Program.run(
      "faults", "--training", "--faults", "sum-for-mean", "--output", folder.path("reports"))
    #expect(result.status == 0, "\(result.error)")
    #expect(result.output.contains("1 mistakes in"))
    #expect(result.output.contains("false alarms  0 of"))
    let nothing = try Program.run(
      "faults", "--training", "--layers", "nowhere", "--output", folder.path("none"))
    #expect(nothing.status == 65 || nothing.status == 64)
    #expect(nothing.error.contains("no fault in a layer matches '*@nowhere'"))
    #expect(!FileManager.default.fileExists(atPath: folder.path("none")))
  }

  @Test(arguments: [
    ["run"], ["explain", "--case", "two", "--layer", "Conv2d_0", "--at", "0,0,0,0"],
  ])
  func `what cannot use steps of training says so`(command: [String]) throws {
    let output = command == ["run"] ? ["--output", folder.path("a.h5")] : []
    let result = try Program.run(command + output + [golden])
    #expect(result.status != 0)
    #expect(result.error.contains("only verify judges steps of training"))
  }
}
