import Foundation
import Golden
import MobileNet
import TestSupport
import Testing

@Suite struct DefaultGoldenTests {
  let folder: TemporaryDirectory

  init() throws { folder = try TemporaryDirectory() }

  private func make(_ relative: String) throws -> String {
    let url = folder.url.appending(path: relative)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    try Data().write(to: url.appending(path: "inference.h5"))
    return url.path(percentEncoded: false)
  }

  private func find(
    environment: String? = nil, executable: String = "bin/assay", source: String = "else/x.swift"
  ) throws(GoldenError) -> String {
    try DefaultGolden.directory(
      environment: environment.map { [DefaultGolden.environmentVariable: $0] } ?? [:],
      executable: folder.url.appending(path: executable),
      source: folder.url.appending(path: source))
  }

  private func isSame(_ a: String, _ b: String) -> Bool {
    URL(filePath: a).resolvingSymlinksInPath().path
      == URL(filePath: b).resolvingSymlinksInPath().path
  }

  @Test func theEnvironmentComesFirst() throws {
    _ = try make("GoldenData/mobilenet_v1_075_128")
    let inside = try make("mine/mobilenet_v1_075_128")
    let other = try make("other")
    #expect(isSame(try find(environment: folder.path("mine")), inside))
    #expect(isSame(try find(environment: inside), inside))
    #expect(isSame(try find(environment: other), other))
  }

  @Test func aWrongEnvironmentIsAnError() throws {
    _ = try make("GoldenData/mobilenet_v1_075_128")
    let error = #expect(throws: GoldenError.self) {
      try find(environment: folder.path("nowhere"))
    }
    #expect(error?.category == .cannotRead)
    #expect(error?.description.contains("ASSAY_GOLDEN_DATA") == true)
  }

  @Test func aroundTheProgramThenAroundTheSource() throws {
    let source = try make("checkout/GoldenData/mobilenet_v1_075_128")
    #expect(isSame(try find(source: "checkout/Sources/Golden/x.swift"), source))
    let program = try make("place/GoldenData/mobilenet_v1_075_128")
    #expect(
      isSame(
        try find(
          executable: "place/.build/release/assay", source: "checkout/Sources/Golden/x.swift"),
        program))
  }

  @Test func nowhere() {
    let error = #expect(throws: GoldenError.self) { try find() }
    #expect(error?.category == .cannotRead)
  }

  private static let embedded = Repository.path("GoldenData/\(DefaultGolden.name)")

  @Test(
    .enabled(if: FileManager.default.fileExists(atPath: embedded + "/inference.h5"), "not made"))
  func theEmbeddedFilesAreValid() throws {
    for name in ["inference.h5", "sweep.h5"] {
      let golden = try GoldenFile(reading: "\(Self.embedded)/\(name)")
      try golden.validate()
      let parameters = try golden.readParameters()
      #expect(parameters.parameters.architecture == golden.architecture)
      for name in golden.caseNames { _ = try golden.readCase(name) }
    }
  }

  private static let hasTraining = FileManager.default.fileExists(
    atPath: embedded + "/training.h5")

  private func openTraining() throws -> (TrainingFile, Parameters) {
    let file = try TrainingFile(reading: "\(Self.embedded)/training.h5")
    return (file, try file.readParameters().parameters)
  }

  @Test(.enabled(if: hasTraining, "not made"))
  func theEmbeddedTrainingIsValid() throws {
    let (file, _) = try openTraining()
    try file.validate()
    let momenta = try file.caseNames.map { try file.readCase($0).settings.momentum }
    #expect(Set(momenta) == [0, 0.99, 0.997, 1])
    let trajectory = try file.readTrajectory()
    #expect(trajectory.batches.count == 5)
    for losses in [trajectory.loss.map { Double($0.total) }, trajectory.loss64.map(\.total)] {
      #expect(zip(losses, losses.dropFirst()).allSatisfy { $0 > $1 })
    }
  }

  /// Fused, the moving variance follows N/(N-1) of the batch's variance; not fused, the batch's.
  @Test(.enabled(if: hasTraining, "not made"))
  func theMovingAveragesFollowTheBatch() throws {
    let (file, parameters) = try openTraining()
    for name in file.caseNames {
      let one = try file.readCase(name)
      check(one.float32, one.settings.momentum, parameters, isFused: true, tolerance: 0x1p-20)
      check(one.float64, one.settings.momentum, parameters, isFused: false, tolerance: 0x1p-50)
    }
  }

  private func check<S: BinaryFloatingPoint>(
    _ step: StoredStep<S>, _ momentum: Double, _ parameters: Parameters, isFused: Bool,
    tolerance: Double
  ) {
    for (endPoint, variance) in step.batchVariance {
      let count = Double((step.activations[endPoint]?.count ?? 0) / variance.count)
      let factor = isFused && count > 1 ? count / (count - 1) : 1
      for (moment, batch) in [
        ("moving_mean", step.batchMean[endPoint]?.scalars.map { Double($0) } ?? []),
        ("moving_variance", variance.scalars.map { Double($0) * factor }),
      ] {
        let name = "MobilenetV1/\(endPoint)/BatchNorm/\(moment)"
        let before = parameters.tensors[name]?.scalars.map { Double($0) } ?? []
        let after = step.movingAverages[name]?.scalars.map { Double($0) } ?? []
        #expect(before.count == variance.count && after.count == variance.count)
        for ((old, batch), new) in zip(zip(before, batch), after) {
          let expected = momentum * old + (1 - momentum) * batch
          #expect(abs(new - expected) <= tolerance * (abs(old) + abs(batch)), "\(name)")
        }
      }
    }
  }

  /// Where the last batch norms see one value, nothing before them is trained but by weight decay:
  /// so these gradients, which numpy projected, can be made from the parameters here.
  @Test(.enabled(if: hasTraining, "not made"))
  func weightDecayAloneIsKnown() throws {
    let (file, parameters) = try openTraining()
    let one = try file.readCase("one")
    for name in ["Conv2d_0", "Conv2d_1_pointwise", "Conv2d_5_pointwise", "Conv2d_11_pointwise"] {
      let variable = "MobilenetV1/\(name)/weights"
      let weights = try #require(parameters.tensors[variable])
      let decay = weights.scalars.map { one.settings.weightDecay * Double($0) }
      let exact = try #require(one.float64.gradients[variable])
      let rounded = try #require(one.float32.gradients[variable])
      #expect(exact.distance(to: decay) < 1e-14)
      #expect(rounded.distance(to: decay) < 1e-7)
      let wrong = exact.distance(to: decay.map { $0 * 1.001 })
      #expect((0.6e-3...1.5e-3).contains(wrong))
    }
  }
}
