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
    #expect(last.hasPrefix("CONFORMS  engine: 6 cases, 1410 points"))
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
    let page = try String(contentsOfFile: folder.path("reports/record.html"), encoding: .utf8)
    #expect(page.contains("assay explain --case odd --layer Conv2d_6_pointwise/BatchNorm/"))
  }

  /// The sum that is shown is the value: the terms are the reference's own loops'.
  @Test(arguments: [
    ("Conv2d_7_pointwise/output", "0,1,1,5", 1.0), ("Conv2d_3_depthwise/gradient", "0,5,3,89", 1.0),
    ("Conv2d_3_depthwise/depthwise_weights/gradient", "2,0,18,0", 1.0),
    ("Conv2d_2_pointwise/batch_variance", "11", 1 / 104.0), ("images/gradient", "0,15,34,2", 2.0),
    ("Conv2d_4_pointwise/batch_mean", "7", 1 / 28.0),
    ("Conv2d_1_pointwise/BatchNorm/beta/gradient", "5", 1.0),
    ("Conv2d_5_pointwise/BatchNorm/gamma/gradient", "90", 1.0),
  ])
  func `an element is explained`(point: String, place: String, factor: Double) throws {
    let result = try Program.run(
      "explain", golden, "--case", "two", "--layer", point, "--at", place)
    #expect(result.status == 0, "\(result.error)")
    let lines = result.output.split(separator: "\n").map(String.init)
    #expect(lines[0] == "\(point) at \(place) of case two")
    let reference = try #require(lines.first { $0.contains("reference") })
      .split(separator: " ").compactMap { Double($0) }
    let sum = try #require(lines.first { $0.hasPrefix("the sum: ") })
      .split(separator: " ").compactMap { Double($0.filter { $0 != ";" }) }
    // An output is its sum after norm and clamp; all else is the sum times a factor.
    if !point.hasSuffix("/output") {
      #expect(abs(sum[1] * factor - reference[0]) <= 2e-5 * abs(reference[0]))
    }
    let bound = try #require(lines.first { $0.hasPrefix("  bound") })
    let used = try #require(bound.split(separator: " ").last.flatMap { Double($0) })
    #expect(used <= 1)
    #expect(lines.last?.hasPrefix("  assay explain --case two --layer \(point)") == true)
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

  @Test func `what is no point of a step, and who cannot use steps, is told so`() throws {
    for (arguments, words) in [
      (["explain", "--layer", "Conv2d_0"], "no point of a step matches 'Conv2d_0'"),
      (["explain", "--layer", "Conv2d_0/output", "--at", "0,0,0,99"], "and no element 0,0,0,99"),
      (["explain", "--layer", "Conv2d_0/output", "--case", "none"], "no case matches 'none'"),
      (["run", "--output", folder.path("a.h5")], "only verify and explain know steps of training"),
    ] {
      let result = try Program.run(arguments + [golden])
      #expect(result.status != 0)
      #expect(result.error.contains(words), "\(result.error)")
    }
  }
}
