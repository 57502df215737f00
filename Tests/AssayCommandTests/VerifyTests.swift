import Conformance
import Foundation
import Testing
import TestSupport

/// `assay verify`, as a user runs it.
@Suite(.serialized) struct VerifyTests {
  private static let isReady = PythonTools.isAvailable

  @Test func `the embedded default conforms, and the reports are there`() throws {
    let folder = try TemporaryDirectory()
    let result = try Program.run("verify", "--output", folder.path("reports"))
    #expect(result.status == 0)
    #expect(result.error.isEmpty)
    #expect(result.output.split(separator: "\n").last?.hasPrefix("CONFORMS  engine: ") == true)
    let reports = try FileManager.default.contentsOfDirectory(atPath: folder.path("reports"))
    #expect(reports.contains("record.json") && reports.contains("record.html"))
    let record = try ConformanceRecord(
      json: Data(contentsOf: URL(filePath: folder.path("reports/record.json"))))
    #expect(record.verdict.conforms)
    let golden = record.cases.filter { !$0.isMade }
    #expect(golden.count == 14)
    #expect(golden.allSatisfy { $0.endPoints.count == 30 })
    // Inputs that Assay makes itself: the probe, and exact integers with wide inputs or weights.
    #expect(record.cases.filter(\.isMade).count == 4)
    #expect(record.goldens.first?.provenance.checkpoint.description.contains("stand-in") == true)
  }

  @Test(arguments: ["naive32", "reference"])
  func `the plain loops conform, too`(subject: String) throws {
    let folder = try TemporaryDirectory()
    let result = try Program.run(
      "verify", "--subject", subject, "--cases", "hot_*", "--output", folder.path("reports"))
    #expect(result.status == 0)
    let last = try #require(result.output.split(separator: "\n").last)
    #expect(last.hasPrefix("CONFORMS  \(subject): ") && last.contains("(a selection)"))
  }

  @Test(arguments: [
    ("symmetric-padding", "Conv2d_6_depthwise"), ("symmetric-padding", "Conv2d_0"),
    ("epsilon-1e-5", "Conv2d_3_pointwise"), ("relu", "Conv2d_9_depthwise"),
    ("weight-1e-3", "Conv2d_6_pointwise"), ("weight-1e-3", "Conv2d_11_depthwise"),
  ])
  func `a mistake is caught and its layer named`(fault: String, layer: String) throws {
    let folder = try TemporaryDirectory()
    let result = try Program.run(
      "verify", "--cases", "chelsea,hot_*", "--inject", "\(fault)@\(layer)", "--output",
      folder.path("reports"))
    #expect(result.status == 1)
    let last = try #require(result.output.split(separator: "\n").last)
    #expect(last.hasPrefix("DOES NOT CONFORM  engine: \(layer) fails G1"))
    let markdown = try String(contentsOfFile: folder.path("reports/record.md"), encoding: .utf8)
    #expect(markdown.contains("DOES NOT CONFORM"))
  }

  @Test(.enabled(if: isReady, Comment(rawValue: PythonTools.hint)))
  func `a changed golden is told from a wrong engine`() throws {
    let golden = try SmallGolden(
      flaw: "activations['Conv2d_5_pointwise'][0, 1, 1, :] *= numpy.float32(1.01)")
    let result = try Program.run(
      "verify", golden.inference, "--output", golden.folder.path("reports"))
    #expect(result.status == 1)
    let last = try #require(result.output.split(separator: "\n").last)
    #expect(last.contains("Conv2d_5_pointwise fails G6"))
    #expect(last.contains("suspect the golden file"))
  }

  /// A flaw, where the message has to point, and the exit status.
  struct Flaw: CustomTestStringConvertible {
    let name: String
    let python: String
    let place: String
    var testDescription: String { name }
  }

  static let flaws = [
    Flaw(
      name: "wrong shape",
      python: """
        del activations['Conv2d_3_depthwise']
        activations['Conv2d_3_depthwise'] = numpy.zeros((1, 9, 9, 95), 'f4')
        """, place: "inference.h5: /cases/hot_center/activations/Conv2d_3_depthwise"),
    Flaw(
      name: "missing end point", python: "del activations['Conv2d_7_pointwise']",
      place: "inference.h5: /cases/hot_center/activations/Conv2d_7_pointwise"),
    Flaw(
      name: "extra end point",
      python: "activations['Conv2d_14_pointwise'] = numpy.zeros((1, 2, 2, 768), 'f4')",
      place: "inference.h5: /cases/hot_center/activations/Conv2d_14_pointwise"),
    Flaw(
      name: "wrong type",
      python: """
        values = activations['Logits'][...].astype('f8')
        del activations['Logits']
        activations['Logits'] = values
        """, place: "inference.h5: /cases/hot_center/activations/Logits"),
    Flaw(
      name: "NaN in an activation", python: "activations['Logits'][0, 5] = numpy.nan",
      place: "inference.h5: /cases/hot_center/activations/Logits"),
    Flaw(
      name: "NaN in a parameter",
      python: "parameters['/MobilenetV1/Conv2d_2_pointwise/BatchNorm/gamma'][3] = numpy.nan",
      place: "parameters.h5: /MobilenetV1/Conv2d_2_pointwise/BatchNorm/gamma"),
    Flaw(
      name: "a changed parameter",
      python: "parameters['/MobilenetV1/Conv2d_2_pointwise/BatchNorm/gamma'][3] *= 1.001",
      place: "parameters.h5: /@parameters_sha256"),
    Flaw(
      name: "a hash of other parameters",
      python: "inference.attrs['parameters_sha256'] = '00' * 32",
      place: "parameters.h5: /@parameters_sha256"),
    Flaw(
      name: "unknown format version", python: "inference.attrs['format_version'] = 2",
      place: "inference.h5: /@format_version"),
    Flaw(
      name: "no cases", python: "del inference['/cases/hot_center']", place: "inference.h5: /cases"),
  ]

  @Test(.enabled(if: isReady, Comment(rawValue: PythonTools.hint)), arguments: flaws)
  func `a flawed golden is refused in one line`(flaw: Flaw) throws {
    let golden = try SmallGolden(flaw: flaw.python)
    try expectRefusal(golden.inference, status: 65, place: flaw.place)
  }

  /// A recording of the built-in engine, with one end point changed.
  private func verifyRecording(_ change: String, name: String) throws -> CommandResult {
    let folder = try TemporaryDirectory()
    let path = folder.path("recording.h5")
    #expect(try Program.run("run", "--cases", "ramp", "--output", path).status == 0)
    try PythonTools.run(
      """
      import sys, h5py, numpy
      with h5py.File(sys.argv[1], 'a') as file:
        group = file['cases/ramp/activations']
        value = group[sys.argv[2]][()]
        del group[sys.argv[2]]
        group[sys.argv[2]] = numpy.ascontiguousarray(\(change))
      """, [path, name])
    return try Program.run(
      "verify", "--cases", "ramp", "--activations", path, "--quiet", "--annotations", "--output",
      folder.path("reports"))
  }

  @Test(
    .enabled(if: isReady, Comment(rawValue: PythonTools.hint)),
    arguments: [
      ("Conv2d_0", "value[:, :-1, :-1]", "VALID padding in place of SAME"),
      ("Conv2d_3_pointwise", "value.transpose(0, 3, 1, 2)", "NCHW in place of NHWC"),
      ("Logits", "value[:, None, None, :]", "N x 1 x 1 x K for N x K"),
      ("Predictions", "value[:, 1:]", "1000 classes"),
      ("Conv2d_5_depthwise", "value[:, :0]", "its shape is 1x0x6x192"),
      ("Conv2d_0", "numpy.ones((1, 112, 112, 24), 'f4')", "its shape is 1x112x112x24"),
      ("Conv2d_1_depthwise", "value[None, None, None]", "its shape is 1x1x1x1x32x24x24"),
    ])
  func `a recorded end point of another shape is a verdict`(
    layer: String, change: String, cause: String
  ) throws {
    let result = try verifyRecording(change, name: layer)
    #expect(result.status == 1 && result.error.isEmpty, "\(result.error)")
    let last = try #require(result.output.split(separator: "\n").last)
    #expect(last.hasPrefix("DOES NOT CONFORM  engine: \(layer) fails G1"), "\(last)")
    #expect(last.contains(cause), "\(last)")
  }

  @Test(.enabled(if: isReady, Comment(rawValue: PythonTools.hint)))
  func `an end point far too large is refused and recording it again is no remedy`() throws {
    let result = try verifyRecording("numpy.zeros((1, 1001, 5000), 'f4')", name: "Predictions")
    #expect(result.status == 65 && !result.error.contains("record it again"))
  }

  @Test(.enabled(if: isReady, Comment(rawValue: PythonTools.hint)))
  func `a recorded negative zero conforms and NaN is named`() throws {
    let zeros = try verifyRecording(
      "numpy.where(value == 0, numpy.float32(-0.0), value)", name: "Conv2d_2_depthwise")
    #expect(zeros.status == 0, "\(zeros.output)")
    let nan = try verifyRecording(
      "numpy.where(value == value.max(), numpy.float32('nan'), value)", name: "global_pool")
    #expect(nan.status == 1)
    let last = try #require(nan.output.split(separator: "\n").last)
    #expect(last.contains("global_pool fails G8") && last.contains("holds NaN"), "\(last)")
    #expect(nan.output.contains("title=global_pool%3A FAIL::G8 values"), "\(nan.output)")
  }

  @Test func `what cannot be read is refused in one line`() throws {
    let folder = try TemporaryDirectory()
    try expectRefusal(folder.path("missing.h5"), status: 66, place: "missing.h5")
    try expectRefusal(folder.path(""), status: 66, place: folder.path(""))
  }

  @Test func `what is no HDF5 file is refused in one line`() throws {
    let folder = try TemporaryDirectory()
    let embedded = Repository.path("GoldenData/mobilenet_v1_075_128/inference.h5")
    let whole = try Data(contentsOf: URL(filePath: embedded))
    let contents: [(String, Data)] = [
      ("empty.h5", Data()), ("text.h5", Data("These are not the numbers.\n".utf8)),
      ("truncated.h5", whole.prefix(whole.count / 2)), ("stump.h5", whole.prefix(100)),
    ]
    for (name, data) in contents {
      try data.write(to: URL(filePath: folder.path(name)))
      try expectRefusal(folder.path(name), status: 65, place: name)
    }
  }

  @Test(arguments: ["parameters.h5"])
  func `a golden without activations to judge is refused`(name: String) throws {
    let path = Repository.path("GoldenData/mobilenet_v1_075_128/\(name)")
    try expectRefusal(path, status: 65, place: "\(name): /@kind")
  }

  @Test func `a missing parameters file is refused`() throws {
    let folder = try TemporaryDirectory()
    try FileManager.default.copyItem(
      atPath: Repository.path("GoldenData/mobilenet_v1_075_128/inference.h5"),
      toPath: folder.path("inference.h5"))
    try expectRefusal(folder.path("inference.h5"), status: 66, place: "parameters.h5")
  }

  @Test(arguments: [
    ["verify", "--subject", "nobody"], ["verify", "--threads", "0"],
    ["verify", "--cases", "no_such_case"], ["verify", "--layers", "no_such_layer"],
    ["verify", "--inject", "relu@Logits"], ["verify", "--inject", "nothing@Conv2d_0"],
    ["verify", "--inject", "relu"], ["verify", "--isa", "mmx"], ["verfy"],
  ])
  func `a wrong command line is a usage error`(arguments: [String]) throws {
    let result = try Command.run(Program.path, arguments)
    #expect(result.status == 64)
    #expect(!result.error.isEmpty)
  }

  @Test func `an output folder that cannot be made is said so`() throws {
    let result = try Program.run(
      "verify", "--cases", "zeros", "--subject", "reference", "--output", "/dev/null/reports")
    #expect(result.status == 73)
    #expect(result.error.contains("/dev/null/reports"))
  }

  private func expectRefusal(_ path: String, status: Int32, place: String) throws {
    let folder = try TemporaryDirectory()
    let result = try Program.run("verify", path, "--output", folder.path("reports"))
    #expect(result.status == status, "\(result.error)")
    let lines = result.error.split(separator: "\n")
    #expect(lines.count == 1, "\(result.error)")
    #expect(lines.first?.hasPrefix("assay: ") == true)
    #expect(lines.first?.contains(place) == true, "\(result.error)")
    #expect(!result.output.contains("CONFORMS"))
    #expect(!FileManager.default.fileExists(atPath: folder.path("reports")))
  }
}
