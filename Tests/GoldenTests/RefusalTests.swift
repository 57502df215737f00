import Foundation
import Golden
import HDF5
import MobileNet
import TestSupport
import Testing

/// A golden file with a flaw never passes: each is one line that names the file and the place.
@Suite struct RefusalTests {
  let folder: TemporaryDirectory

  init() throws { folder = try TemporaryDirectory() }

  /// Opens, validates and reads everything in a file of any kind.
  private func readAll(_ path: String) throws(GoldenError) {
    let golden = try GoldenFile(reading: path)
    try golden.validate()
    for name in golden.caseNames { _ = try golden.readCase(name) }
    guard golden.kind == .training else { return }
    let training = try TrainingFile(reading: path)
    for name in training.caseNames { _ = try training.readCase(name) }
    _ = try training.readTrajectory()
  }

  /// Writes a draft with a change, and checks that the error is the expected one.
  func expect(
    _ problem: String, _ object: String, in draft: Draft,
    sourceLocation: SourceLocation = #_sourceLocation, change: (inout Draft) -> Void
  ) throws {
    let path = folder.path("\(UUID().uuidString).h5")
    var draft = draft
    change(&draft)
    try draft.write(to: path)
    let error = #expect(throws: GoldenError.self, sourceLocation: sourceLocation) {
      try readAll(path)
    }
    guard let error else { return }
    let place = object.isEmpty ? "" : "\(object): "
    #expect(
      error.description.hasPrefix("\(path): \(place)\(problem); "),
      "\(error)", sourceLocation: sourceLocation)
    #expect(error.category == .badData, sourceLocation: sourceLocation)
    #expect(error.category.exitCode == 65, sourceLocation: sourceLocation)
    #expect(!error.description.contains("\n"), sourceLocation: sourceLocation)
  }

  private func openFailure(_ path: String) -> GoldenError? {
    #expect(throws: GoldenError.self) { try readAll(path) }
  }

  // MARK: Files

  @Test func missingFile() {
    let error = openFailure(folder.path("none.h5"))
    #expect(error?.category == .cannotRead && error?.category.exitCode == 66)
    #expect(
      error?.description
        == "\(folder.path("none.h5")): cannot be opened: No such file or directory; "
        + "name a golden file, or make one with Scripts/oracle/export")
  }

  @Test func directory() {
    #expect(openFailure(folder.path(""))?.category == .cannotRead)
  }

  @Test func missingParameters() throws {
    try Fixture.inferenceDraft().write(to: folder.path("inference.h5"))
    let golden = try GoldenFile(reading: folder.path("inference.h5"))
    let error = #expect(throws: GoldenError.self) { try golden.readParameters() }
    #expect(error?.category == .cannotRead)
    #expect(error?.file == folder.path("parameters.h5"))
  }

  @Test(arguments: ["", "A text that is no HDF5.\n"])
  func notHDF5(text: String) throws {
    let path = folder.path("text.h5")
    try Data(text.utf8).write(to: URL(filePath: path))
    #expect(openFailure(path)?.problem == .notHDF5)
    #expect(openFailure(path)?.category == .badData)
  }

  @Test func truncated() throws {
    let whole = folder.path("whole.h5")
    try Fixture.inferenceDraft().write(to: whole)
    let bytes = try Data(contentsOf: URL(filePath: whole))
    let path = folder.path("cut.h5")
    for part in 0..<40 {
      try bytes.prefix(bytes.count * part / 40).write(to: URL(filePath: path))
      let error = openFailure(path)
      #expect(error?.category == .badData)
      #expect(error?.file == path)
    }
  }

  @Test func anotherHDF5File() throws {
    let path = folder.path("other.h5")
    var draft = Draft()
    draft.set("x", [1], shape: [1])
    try draft.write(to: path)
    #expect(openFailure(path)?.description.hasPrefix("\(path): /@format: missing; ") == true)
  }

  // MARK: Root attributes

  @Test func unknownFormatVersionAndKind() throws {
    let draft = Fixture.inferenceDraft()
    try expect("\"other\", expected \"assay-golden\"", "/@format", in: draft) {
      $0.attributes[""]?["format"] = .string("other")
    }
    for version in [0, 2, -1] as [Int64] {
      try expect("\(version), expected 1", "/@format_version", in: draft) {
        $0.attributes[""]?["format_version"] = .integer(version)
      }
    }
    try expect("type string, expected int64", "/@format_version", in: draft) {
      $0.attributes[""]?["format_version"] = .string("1")
    }
    try expect(
      "\"serving\", expected one of parameters, inference, sweep, recording, training", "/@kind",
      in: draft
    ) { $0.attributes[""]?["kind"] = .string("serving") }
    try expect("\"resnet\", expected \"mobilenet_v1\"", "/@architecture", in: draft) {
      $0.attributes[""]?["architecture"] = .string("resnet")
    }
  }

  @Test(arguments: Array(Fixture.root(kind: "inference").keys).sorted())
  func everyRootAttributeIsNeeded(name: String) throws {
    try expect("missing", "/@\(name)", in: Fixture.inferenceDraft()) {
      $0.attributes[""]?[name] = nil
    }
  }

  @Test func wrongNetworks() throws {
    let draft = Fixture.inferenceDraft()
    for value in [0, -1, .nan, .infinity, 9] as [Double] {
      try expect(
        "the depth multiplier must be above 0 and at most 8, not \(value)", "/@depth_multiplier",
        in: draft
      ) { $0.attributes[""]?["depth_multiplier"] = .double(value) }
    }
    try expect("the number of classes must be at least 1, not 0", "/@num_classes", in: draft) {
      $0.attributes[""]?["num_classes"] = .integer(0)
    }
    try expect("\(Int64.max) are more than 1048576", "/@num_classes", in: draft) {
      $0.attributes[""]?["num_classes"] = .integer(.max)
    }
    try expect("[0, 128], expected height and width in pixels", "/@image_size", in: draft) {
      $0.attributes[""]?["image_size"] = .integers([0, 128], shape: [2])
    }
    try expect("\"abc\", expected 64 hexadecimal digits", "/@parameters_sha256", in: draft) {
      $0.attributes[""]?["parameters_sha256"] = .string("abc")
    }
  }

  // MARK: Cases

  @Test func noCases() throws {
    try expect("has no cases", "/cases", in: Fixture.inferenceDraft()) {
      $0.remove("cases")
      $0.datasets["cases"] = .some(nil)
    }
    try expect("missing", "/cases", in: Fixture.inferenceDraft()) { $0.remove("cases") }
    try expect("has no cases", "/cases", in: Fixture.sweepDraft()) {
      $0.remove("cases")
      $0.datasets["cases"] = .some(nil)
    }
  }

  @Test func missingCase() throws {
    try Fixture.inferenceDraft().write(to: folder.path("inference.h5"))
    let golden = try GoldenFile(reading: folder.path("inference.h5"))
    let error = #expect(throws: GoldenError.self) { try golden.readCase("chelsea") }
    #expect(
      error?.description
        == "\(folder.path("inference.h5")): /cases/chelsea: missing; its cases are one, pair")
  }

  @Test func missingAndExtraMembers() throws {
    let draft = Fixture.inferenceDraft()
    for name in ["images", "activations", "activations/Conv2d_3_depthwise", "activations/Logits"] {
      try expect("missing", "/cases/pair/\(name)", in: draft) { $0.remove("cases/pair/\(name)") }
    }
    try expect("missing", "/cases/one/activations_float64/Predictions", in: draft) {
      $0.remove("cases/one/activations_float64/Predictions")
    }
    for path in [
      "cases/one/extra", "cases/one/activations/Conv2d_14", "extra",
      "cases/one/activations_float64/conv2d_0",
    ] {
      try expect("does not belong there", "/\(path)", in: draft) {
        $0.set(path, [1], shape: [1])
      }
    }
    try expect("missing", "/cases/one@source", in: draft) {
      $0.attributes["cases/one"]?["source"] = nil
    }
    try expect("dataset, expected group", "/cases/three", in: draft) {
      $0.set("cases/three", [1], shape: [1])
    }
  }

  @Test func wrongShapes() throws {
    let draft = Fixture.inferenceDraft()
    let place = "cases/pair/activations"
    func reshape(_ name: String, _ shape: [Int], _ expected: String) throws {
      let found = shape.isEmpty ? "scalar" : shape.map(String.init).joined(separator: "x")
      try expect("shape \(found), expected \(expected)", "/\(name)", in: draft) {
        $0.set(name, [Float](repeating: 0, count: shape.reduce(1, *)), shape: shape)
      }
    }
    try reshape("\(place)/Conv2d_0", [2, 2, 3, 7], "2x2x3x8")
    try reshape("\(place)/Conv2d_0", [2, 3, 2, 8], "2x2x3x8")
    try reshape("\(place)/global_pool", [2, 64], "2x1x1x64")
    try reshape("\(place)/Logits", [2, 5], "2x4")
    try reshape("\(place)/Predictions", [], "2x4")
    try reshape("\(place)/Predictions", [1, 4], "2x4")
    try reshape("cases/pair/images", [3, 6, 3], "NxHxWx3")
    try reshape("cases/pair/images", [2, 3, 6, 4], "NxHxWx3")
    try expect("has no elements", "/cases/pair/images", in: draft) {
      $0.set("cases/pair/images", [], shape: [0, 3, 6, 3])
    }
  }

  @Test func wrongTypes() throws {
    let draft = Fixture.inferenceDraft()
    for name in ["images", "activations/Conv2d_0"] {
      try expect("type float64, expected float32", "/cases/pair/\(name)", in: draft) {
        $0.datasets["cases/pair/\(name)"] = .some((.doubles([1]), [1]))
      }
    }
    try expect(
      "type float32, expected float64", "/cases/one/activations_float64/Conv2d_0", in: draft
    ) { $0.set("cases/one/activations_float64/Conv2d_0", [1], shape: [1]) }
    try expect("type string, expected float32", "/cases/one/images", in: draft) {
      $0.datasets["cases/one/images"] = .some((.strings(["x"]), [1]))
    }
    try expect("group, expected dataset", "/cases/one/images", in: draft) {
      $0.datasets["cases/one/images"] = .some(nil)
    }
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func notFinite(value: Float) throws {
    let draft = Fixture.inferenceDraft()
    try expect("not a finite number at [1, 0, 0, 2]", "/cases/pair/images", in: draft) {
      $0.change("cases/pair/images", at: 3 * 6 * 3 + 2, to: value)
    }
    try expect("not a finite number at [1, 3]", "/cases/pair/activations/Logits", in: draft) {
      $0.change("cases/pair/activations/Logits", at: 7, to: value)
    }
    try expect(
      "not a finite number at [0]", "/MobilenetV1/Conv2d_5_depthwise/BatchNorm/beta",
      in: Fixture.parametersDraft()
    ) { $0.change("MobilenetV1/Conv2d_5_depthwise/BatchNorm/beta", at: 0, to: value) }
    try expect("has a value that is not finite", "/base", in: Fixture.sweepDraft()) {
      $0.change("base", at: 0, to: value)
    }
  }

  // MARK: Sweeps

  @Test func sweeps() throws {
    let draft = Fixture.sweepDraft()
    try expect("missing", "/base", in: draft) { $0.remove("base") }
    try expect("missing", "/cases/3x2/features", in: draft) { $0.remove("cases/3x2/features") }
    try expect("missing", "/cases/4x4/activations/Conv2d_0", in: draft) {
      $0.remove("cases/4x4/activations/Conv2d_0")
    }
    try expect("shape 8x9, expected HxWx3", "/base", in: draft) {
      $0.set("base", Fixture.tensor([8, 9], ""))
    }
    try expect("does not belong there", "/cases/3x2/images", in: draft) {
      $0.set("cases/3x2/images", [1], shape: [1])
    }
    try expect("shape 2x5, expected 2x4", "/cases/3x2/logits", in: draft) {
      $0.set("cases/3x2/logits", Fixture.tensor([2, 5], ""))
    }
    try expect("missing", "/cases/3x2@height", in: draft) {
      $0.attributes["cases/3x2"]?["height"] = nil
    }
    for height in [0, 9, -1] as [Int64] {
      try expect("\(height), expected 1 to 8", "/cases/3x2@height", in: draft) {
        $0.attributes["cases/3x2"]?["height"] = .integer(height)
      }
    }
    for origin in [[6, 0], [0, 8], [-1, 0], [.max, 0]] as [[Int64]] {
      try expect(
        "crop 0 at \(origin) is not inside /base", "/cases/3x2@origins", in: draft
      ) { $0.attributes["cases/3x2"]?["origins"] = .integers(origin + [0, 0], shape: [2, 2]) }
    }
    try expect("shape 4, expected Nx2", "/cases/3x2@origins", in: draft) {
      $0.attributes["cases/3x2"]?["origins"] = .integers([0, 0, 0, 0], shape: [4])
    }
    try expect("has no elements", "/cases/3x2@origins", in: draft) {
      $0.attributes["cases/3x2"]?["origins"] = .integers([], shape: [0, 2])
    }
    try expect("300 crops of 2000x2000 are too large", "/cases/3x2@origins", in: draft) {
      $0.set("base", Tensor<Float>(repeating: 0, shape: [2000, 2000, 3]))
      $0.attributes["cases/3x2"]?["height"] = .integer(2000)
      $0.attributes["cases/3x2"]?["width"] = .integer(2000)
      $0.attributes["cases/3x2"]?["origins"] = .integers(
        [Int64](repeating: 0, count: 600), shape: [300, 2])
    }
    try expect("differs from /cases/4x4/activations/Logits", "/cases/4x4/logits", in: draft) {
      $0.change("cases/4x4/logits", at: 1, to: 17)
    }
  }

  // MARK: Parameters

  @Test func parameters() throws {
    let draft = Fixture.parametersDraft()
    let gamma = "MobilenetV1/Conv2d_7_pointwise/BatchNorm/gamma"
    try expect("missing", "/\(gamma)", in: draft) { $0.remove(gamma) }
    try expect("missing", "/MobilenetV1/Conv2d_7_pointwise", in: draft) {
      $0.remove("MobilenetV1/Conv2d_7_pointwise")
    }
    try expect("does not belong there", "/\(gamma)2", in: draft) {
      $0.set(gamma + "2", [1], shape: [1])
    }
    try expect("does not belong there", "/global_step", in: draft) {
      $0.set("global_step", [1], shape: [1])
    }
    try expect("shape 31, expected 32", "/\(gamma)", in: draft) {
      $0.set(gamma, Fixture.tensor([31], ""))
    }
    try expect("type float64, expected float32", "/\(gamma)", in: draft) {
      $0.set(gamma, Tensor<Double>(Fixture.tensor([32], "")))
    }
    let variance = "MobilenetV1/Conv2d_0/BatchNorm/moving_variance"
    try expect("negative at [2]", "/\(variance)", in: draft) {
      $0.change(variance, at: 2, to: -1e-9)
    }
    try expect("shape 3, expected 4", "/labels", in: draft) {
      $0.datasets["labels"] = .some((.strings(["a", "b", "c"]), [3]))
    }
    try expect("type float32, expected string", "/labels", in: draft) {
      $0.set("labels", Fixture.tensor([4], ""))
    }
  }

  @Test func wrongHash() throws {
    let weights = "MobilenetV1/Logits/Conv2d_1c_1x1/weights"
    let found = Fixture.parameters.sha256
    var tensor = try #require(Fixture.parameters.tensors[weights])
    tensor[flat: 0] += 0.5
    let hash = try Fixture.parameters.replacing(weights, with: tensor).sha256
    try expect(
      "hash \(found), expected \(hash), which its variables have", "/@parameters_sha256",
      in: Fixture.parametersDraft()
    ) { $0.set(weights, tensor) }
  }

  @Test func parametersOfAnotherGolden() throws {
    try Fixture.parametersDraft().write(to: folder.path("parameters.h5"))
    var draft = Fixture.inferenceDraft()
    draft.attributes[""]?["parameters_sha256"] = .string(Fixture.zeros)
    try draft.write(to: folder.path("inference.h5"))
    let golden = try GoldenFile(reading: folder.path("inference.h5"))
    let error = #expect(throws: GoldenError.self) { try golden.readParameters() }
    #expect(error?.category == .badData)
    #expect(error?.file == folder.path("parameters.h5"))
    #expect(error?.description.contains(folder.path("inference.h5")) == true)
    let other = #expect(throws: GoldenError.self) {
      try golden.readParameters(from: folder.path("inference.h5"))
    }
    #expect(other?.object == "/@kind")
  }

  /// What validating costs must not depend on how much a file declares to hold.
  @Test(.enabled(if: PythonTools.isAvailable, Comment(rawValue: PythonTools.hint)))
  func absurdShapes() throws {
    let path = folder.path("absurd.h5")
    try Fixture.inferenceDraft().write(to: path)
    try PythonTools.run(
      """
      import sys, h5py
      with h5py.File(sys.argv[1], 'r+') as f:
          del f['cases/pair/images']
          f.create_dataset('cases/pair/images', (60000, 60000, 60000, 3), 'f4', chunks=(1, 64, 64, 3))
      """, [path])
    #expect(openFailure(path)?.category == .badData)
  }

  @Test(.enabled(if: PythonTools.isAvailable, Comment(rawValue: PythonTools.hint)))
  func linksInACircle() throws {
    let path = folder.path("circle.h5")
    try Fixture.parametersDraft().write(to: path)
    try PythonTools.run(
      """
      import sys, h5py
      with h5py.File(sys.argv[1], 'r+') as f: f['MobilenetV1/circle'] = f['MobilenetV1']
      """, [path])
    #expect(openFailure(path)?.problem == .unexpected)
  }
}
