import Foundation
import Golden
import MobileNet
import TestSupport
import Testing

/// A training file that is as it must be is read as it is.
@Suite struct TrainingTests {
  let folder: TemporaryDirectory
  let file: TrainingFile

  init() throws {
    folder = try TemporaryDirectory()
    try Fixture.trainingDraft().write(to: folder.path("training.h5"))
    file = try TrainingFile(reading: folder.path("training.h5"))
  }

  @Test func root() throws {
    try file.validate()
    #expect(file.path == folder.path("training.h5"))
    #expect(file.architecture == Fixture.architecture)
    #expect(file.dropout == "made up")
    #expect(file.caseNames == ["large", "small"])
    #expect(file.provenance.oracle?.seed == 7)
    let golden = try GoldenFile(reading: file.path)
    #expect(golden.kind == .training && golden.caseNames.isEmpty)
    try golden.validate()
    try Fixture.parametersDraft().write(to: folder.path("parameters.h5"))
    #expect(try file.readParameters().parameters.tensors == Fixture.parameters.tensors)
  }

  @Test func batch() throws {
    let one = try file.readCase("large")
    #expect(one.name == "large" && one.description == "about large" && one.source == "made up")
    #expect(one.settings.momentum == 0.997)
    #expect(one.settings.keepProbability == 0.999)
    #expect(one.settings.weightDecay == 4e-5)
    #expect(one.batch.images == Fixture.tensor([2, 30, 24, 3], "cases/large"))
    #expect(one.batch.labels == [1, 0])
    #expect(one.batch.dropoutMask.shape == [2, Fixture.architecture.featureChannels])
    #expect(Set(one.batch.dropoutMask.scalars) == [0, 1])
    #expect(try file.summary(ofCase: "large").settings == one.settings)
    #expect(try file.summary(ofCase: "small").imagesShape == [1, 5, 4, 3])
  }

  @Test func step() throws {
    let one = try file.readCase("small")
    let architecture = Fixture.architecture
    for (endPoint, shape) in zip(
      architecture.endPoints, architecture.shapes(images: [1, 5, 4, 3]))
    {
      let name = "activations\(endPoint)"
      #expect(one.float32.activations[endPoint] == Fixture.tensor(shape, name))
      #expect(one.float64.activations[endPoint] == Fixture.doubles(shape, name))
    }
    let last = EndPoint("Conv2d_13_pointwise")
    #expect(one.float32.batchMean.count == 27 && one.float64.batchVariance.count == 27)
    #expect(one.float32.batchMean[last] == Fixture.tensor([64], "batch_mean\(last)"))
    #expect(one.float64.batchVariance[last] == Fixture.doubles([64], "batch_variance\(last)"))
    #expect(one.float32.loss.crossEntropy == 3 && one.float64.loss.regularization == 0.25)
    #expect(one.float64.loss.total == 3.25)
    #expect(one.float32.movingAverages.count == 54)
    let moving = "MobilenetV1/Conv2d_0/BatchNorm/moving_mean"
    #expect(one.float64.movingAverages[moving] == Fixture.doubles([8], "updated\(moving)"))
  }

  @Test func gradients() throws {
    let (large, small) = (try file.readCase("large"), try file.readCase("small"))
    #expect(large.float32.gradients.count == 83)
    let gamma = "MobilenetV1/Conv2d_3_depthwise/BatchNorm/gamma"
    let expected = Fixture.doubles([8], "gradients\(gamma)").scalars
    #expect(large.float64.gradients[gamma]?.content == .whole(expected))
    let images = Fixture.doubles([2, 30, 24, 3], "images").scalars
    #expect(
      large.float64.imagesGradient.content == .summary(GradientSummary(of: images, seed: 7)))
    #expect(large.float64.imagesGradient.distance(to: images) == 0)
    #expect(large.float32.imagesGradient.knownElements.count == 1024)
    #expect(small.float64.imagesGradient.shape == [1, 5, 4, 3])
    #expect(small.float64.imagesGradient.knownElements.count == 60)
  }

  @Test func trajectory() throws {
    let trajectory = try file.readTrajectory()
    #expect(trajectory.learningRate == 0.125 && trajectory.settings.momentum == 0.997)
    let images = Fixture.tensor([2, 2, 5, 4, 3], "trajectory")
    #expect(trajectory.batches.count == Fixture.steps)
    #expect(trajectory.batches[1].images.shape == [2, 5, 4, 3])
    #expect(trajectory.batches.flatMap(\.images.scalars) == images.scalars)
    #expect(trajectory.batches.map(\.labels) == [[1, 0], [3, 2]])
    #expect(
      trajectory.batches[1].dropoutMask.shape == [2, Fixture.architecture.featureChannels])
    let losses = Fixture.doubles([2, 3], "loss").scalars
    #expect(trajectory.loss64[1].crossEntropy == losses[3])
    #expect(trajectory.loss64[1].regularization == losses[4])
    #expect(trajectory.loss64[0].total == losses[2])
    #expect(trajectory.loss[0].total == Fixture.tensor([2, 3], "loss")[flat: 2])
    #expect(trajectory.norms.count == 137)
    let name = "MobilenetV1/Conv2d_0/weights"
    #expect(trajectory.norms64[name] == Fixture.doubles([2], name).scalars)
  }

  @Test func anotherKind() throws {
    try Fixture.inferenceDraft().write(to: folder.path("inference.h5"))
    let error = #expect(throws: GoldenError.self) {
      try TrainingFile(reading: folder.path("inference.h5"))
    }
    #expect(error?.object == "/@kind" && error?.category == .badData)
  }

  @Test func noSuchCase() throws {
    let error = #expect(throws: GoldenError.self) { try file.readCase("medium") }
    #expect(
      error?.description == "\(file.path): /cases/medium: missing; its cases are large, small")
  }
}
