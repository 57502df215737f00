import Golden
import MobileNet
import Testing

/// A training file with a flaw never passes either.
extension RefusalTests {
  @Test func trainingRoots() throws {
    let draft = Fixture.trainingDraft()
    try expect("missing", "/@dropout", in: draft) { $0.attributes[""]?["dropout"] = nil }
    try expect("missing", "/@seed", in: draft) { $0.attributes[""]?["seed"] = nil }
    try expect("2, expected 1", "/@format_version", in: draft) {
      $0.attributes[""]?["format_version"] = .integer(2)
    }
    try expect("missing", "/trajectory", in: draft) { $0.remove("trajectory") }
    try expect("has no cases", "/cases", in: draft) {
      $0.remove("cases")
      $0.datasets["cases"] = .some(nil)
    }
    try expect("does not belong there", "/extra", in: draft) { $0.set("extra", [1], shape: [1]) }
  }

  @Test(arguments: [
    "images", "labels", "dropout_mask", "activations", "activations_float64",
    "activations_float64/Logits", "batch_mean", "batch_variance_float64/Conv2d_4_depthwise",
    "loss", "loss_float64", "gradients/images", "gradients/MobilenetV1/Conv2d_0/weights",
    "gradients_float64/MobilenetV1/Conv2d_7_pointwise/BatchNorm/gamma", "gradients/images/norm",
    "gradients_float64/images/projections", "gradients/images/samples",
    "updated/MobilenetV1/Conv2d_13_pointwise/BatchNorm/moving_variance", "updated_float64",
  ])
  func missingInATrainingCase(name: String) throws {
    try expect("missing", "/cases/large/\(name)", in: Fixture.trainingDraft()) {
      $0.remove("cases/large/\(name)")
    }
  }

  @Test(arguments: [
    "cases/small/other", "cases/small/loss/total", "cases/small/batch_mean/Logits",
    "cases/small/gradients/MobilenetV1/Conv2d_0/BatchNorm/moving_mean",
    "cases/small/updated/MobilenetV1/Conv2d_0/weights", "cases/large/gradients/images/mean",
    "trajectory/activations", "trajectory/norms/images",
  ])
  func extraInATrainingFile(path: String) throws {
    try expect("does not belong there", "/\(path)", in: Fixture.trainingDraft()) {
      $0.set(path, [1], shape: [1])
    }
  }

  @Test func trainingShapesAndTypes() throws {
    let draft = Fixture.trainingDraft()
    func expectShape(
      _ name: String, _ found: [Int], _ expected: String,
      sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
      let shape = describe(shape: found)
      try expect(
        "shape \(shape), expected \(expected)", "/\(name)", in: draft,
        sourceLocation: sourceLocation
      ) { $0.set(name, Fixture.tensor(found, "")) }
    }
    try expectShape("cases/small/images", [5, 4, 3], "NxHxWx3")
    try expectShape("cases/small/dropout_mask", [1, 63], "1x64")
    try expectShape("cases/small/batch_mean/Conv2d_0", [7], "8")
    try expectShape("cases/small/gradients/images", [1, 4, 5, 3], "1x5x4x3")
    try expectShape("cases/large/gradients/images/samples", [1023], "1024")
    try expectShape("trajectory/loss", [1, 3], "2x3")
    try expectShape("trajectory/images", [2, 5, 4, 3], "SxNxHxWx3")
    try expect("type float32, expected int32", "/cases/small/labels", in: draft) {
      $0.set("cases/small/labels", [1], shape: [1])
    }
    try expect(
      "type float32, expected float64", "/cases/large/gradients/images/projections", in: draft
    ) { $0.set("cases/large/gradients/images/projections", Fixture.tensor([32], "")) }
    try expect(
      "type float32, expected float64", "/trajectory/norms/MobilenetV1/Conv2d_0/weights",
      in: draft
    ) { $0.set("trajectory/norms/MobilenetV1/Conv2d_0/weights", [1, 2], shape: [2]) }
    try expect(
      "type float64, expected float32", "/cases/small/loss@total", in: draft
    ) { $0.attributes["cases/small/loss"]?["total"] = .double(1) }
    // Whole where a summary must be, and the other way round.
    try expect("dataset, expected group", "/cases/large/gradients/images", in: draft) {
      $0.remove("cases/large/gradients/images")
      $0.set("cases/large/gradients/images", Fixture.tensor([2, 30, 24, 3], ""))
    }
    try expect("group, expected dataset", "/cases/small/gradients/images", in: draft) {
      $0.remove("cases/small/gradients/images")
      $0.set("cases/small/gradients/images/norm", [1], shape: [1])
    }
  }

  @Test func trainingValues() throws {
    let draft = Fixture.trainingDraft()
    try expect("4, expected 0 to 3", "/cases/large/labels", in: draft) {
      $0.datasets["cases/large/labels"] = .some((.integers([0, 4]), [2]))
    }
    try expect("-1, expected 0 to 3", "/trajectory/labels", in: draft) {
      $0.datasets["trajectory/labels"] = .some((.integers([0, 1, -1, 2]), [2, 2]))
    }
    try expect("0.5, expected 0 or 1", "/cases/small/dropout_mask", in: draft) {
      $0.change("cases/small/dropout_mask", at: 3, to: 0.5)
    }
    for name in [
      "updated/MobilenetV1/Conv2d_0/BatchNorm/moving_variance", "batch_variance/Conv2d_0",
    ] {
      try expect("negative at [2]", "/cases/small/\(name)", in: draft) {
        $0.change("cases/small/\(name)", at: 2, to: -1)
      }
    }
    try expect("negative at [0]", "/cases/large/gradients/images/norm", in: draft) {
      $0.set("cases/large/gradients/images/norm", Tensor<Double>(shape: [1], scalars: [-1]))
    }
    for (name, value, expected) in [
      ("momentum", 1.5, "0 to 1"), ("momentum", .nan, "0 to 1"),
      ("keep_probability", 0, "above 0, at most 1"), ("weight_decay", -1, "0 or more"),
    ] as [(String, Double, String)] {
      try expect("\(value), expected \(expected)", "/cases/small@\(name)", in: draft) {
        $0.attributes["cases/small"]?[name] = .double(value)
      }
    }
    try expect("0.0, expected above 0", "/trajectory@learning_rate", in: draft) {
      $0.attributes["trajectory"]?["learning_rate"] = .double(0)
    }
    try expect("3, expected 2", "/trajectory@steps", in: draft) {
      $0.attributes["trajectory"]?["steps"] = .integer(3)
    }
    try expect("\"adam\", expected \"sgd\"", "/trajectory@optimizer", in: draft) {
      $0.attributes["trajectory"]?["optimizer"] = .string("adam")
    }
  }

  @Test(arguments: [Float.nan, .infinity])
  func trainingNumbersAreFinite(value: Float) throws {
    let draft = Fixture.trainingDraft()
    for name in [
      "images", "activations/Conv2d_0", "batch_mean/Conv2d_0", "batch_variance/Conv2d_0",
      "gradients/MobilenetV1/Conv2d_0/BatchNorm/beta",
      "updated/MobilenetV1/Conv2d_0/BatchNorm/moving_mean",
    ] {
      guard case (.floats(_), let shape)?? = draft.datasets["cases/small/\(name)"] else {
        Issue.record("no \(name)")
        continue
      }
      let place = [Int](repeating: 0, count: shape.count)
      try expect("not a finite number at \(place)", "/cases/small/\(name)", in: draft) {
        $0.change("cases/small/\(name)", at: 0, to: value)
      }
    }
    try expect("not a finite number at [5]", "/cases/large/gradients/images/samples", in: draft) {
      $0.change("cases/large/gradients/images/samples", at: 5, to: value)
    }
    try expect("not a finite number at [1, 2]", "/trajectory/loss", in: draft) {
      $0.change("trajectory/loss", at: 5, to: value)
    }
    try expect("\(value), expected a finite number", "/cases/small/loss@total", in: draft) {
      $0.attributes["cases/small/loss"]?["total"] = .float(value)
    }
  }

  @Test func trainingWithOtherParameters() throws {
    try Fixture.parametersDraft().write(to: folder.path("parameters.h5"))
    var draft = Fixture.trainingDraft()
    draft.attributes[""]?["parameters_sha256"] = .string(Fixture.zeros)
    try draft.write(to: folder.path("training.h5"))
    let file = try TrainingFile(reading: folder.path("training.h5"))
    let error = #expect(throws: GoldenError.self) { try file.readParameters() }
    #expect(error?.object == "/@parameters_sha256")
  }
}
