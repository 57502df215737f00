import Golden
import MobileNet
import Reference
import Testing

/// A step of training against the original network code, run and differentiated by TensorFlow in
/// float64.
@Suite struct TensorFlowTrainingTests {
  static let cases = ["batch", "odd", "one", "rectangle", "two"]

  private let file: TrainingFile
  private let network: TrainingNetwork<Double>

  init() throws {
    file = try TrainingFile(reading: DefaultGolden.training())
    network = TrainingNetwork(parameters: try file.readParameters().parameters)
  }

  /// 1e-11 is far above what float64 leaves of the network where batch norm has values to average. Of
  /// two values it leaves less: the image of that case was chosen for gradients that keep it.
  @Test(arguments: cases)
  func `all that a step computes is TensorFlow's to 1e-11`(name: String) throws {
    let golden = try file.readCase(name)
    let step = network.step(try batch(golden.batch), options(golden.settings))
    let distances = try distances(from: step, to: golden.float64)
    #expect(distances.count == 30 + 2 * 27 + 83 + 1 + 54 + 3)

    for (name, distance) in distances {
      #expect(distance <= 1e-11, "\(name)")
    }
  }

  @Test func `every case of the golden is judged`() throws {
    #expect(file.caseNames == Self.cases)
  }

  /// One thing each that a port gets wrong, or a little of it.
  @Test(arguments: [
    "momentum", "unbiased variance", "keep probability", "mask", "label", "weight decay", "gamma",
    "pixel",
  ])
  func `another step is not within 1e-11`(change: String) throws {
    let golden = try file.readCase("batch")
    var network = network
    var options = options(golden.settings)
    var images = Tensor<Double>(golden.batch.images)
    var mask = Tensor<Double>(golden.batch.dropoutMask)
    var labels = golden.batch.labels
    switch change {
    case "momentum": options.batchNormMomentum += 1e-9
    case "unbiased variance": options.movingVariance = .unbiased
    case "keep probability": options.keepProbability += 1e-9
    case "mask":
      let features = try #require(golden.float64.activations[.globalPool])
      let largest = try #require(
        features.scalars.indices.max { features[flat: $0] < features[flat: $1] })
      mask[flat: largest] = 1 - mask[flat: largest]
    case "label": labels[0] = (labels[0] + 1) % 1001
    case "weight decay": options.weightDecay *= 1 + 1e-9
    case "gamma": network["MobilenetV1/Conv2d_7_depthwise/BatchNorm/gamma"][flat: 3] *= 1 + 1e-6
    case "pixel": images[flat: 99] += 1e-6
    default: Issue.record("no such change")
    }
    let step = network.step(
      try TrainingBatch(
        images: images, labels: labels, dropoutMask: mask, architecture: network.architecture),
      options)
    let distances = try distances(from: step, to: golden.float64)
    #expect(distances.values.contains { $0 > 1e-11 })
  }

  @Test func `five steps of descent are TensorFlow's`() throws {
    let golden = try file.readTrajectory()
    #expect(golden.batches.count == 5)
    var network = network
    var optimizer = SGD<Double>(learningRate: golden.learningRate)
    for (index, stored) in golden.batches.enumerated() {
      let step = network.step(try batch(stored), options(golden.settings))
      for (name, distance) in distances(step.loss, golden.loss64[index]) {
        #expect(distance <= 1e-11, "\(name) at step \(index)")
      }
      let before = network
      network.update(after: step, with: &optimizer)
      var changed = 0
      for (name, norms) in golden.norms64 {
        #expect(abs(norm(network[name]) / norms[index] - 1) <= 1e-11, "\(name) at step \(index)")
        if abs(norm(before[name]) / norms[index] - 1) > 1e-11 { changed += 1 }
      }
      // A norm that the step does not change could not tell whether it was made.
      #expect(golden.norms64.count == 137)
      #expect(changed > 100)
    }
  }

  /// TensorFlow's fused operation follows the unbiased variance: at momentum 0 nothing else.
  @Test func `the unbiased convention is that of the fused float32 operation`() throws {
    let golden = try file.readCase("odd")
    #expect(golden.settings.momentum == 0)
    var options = options(golden.settings)
    let biased = network.step(try batch(golden.batch), options)
    options.movingVariance = .unbiased
    let unbiased = network.step(try batch(golden.batch), options)
    for layer in ["Conv2d_0", "Conv2d_12_pointwise", "Conv2d_13_pointwise"] {
      let name = "MobilenetV1/\(layer)/BatchNorm/moving_variance"
      let exact = Tensor<Double>(try #require(golden.float32.movingAverages[name]))
      let right = relativeL2(try #require(unbiased.movingAverages[name]), exact)
      let wrong = relativeL2(try #require(biased.movingAverages[name]), exact)
      #expect(right < 1e-4)
      #expect(wrong > 10 * right)
    }
  }

  // MARK: - Distances

  /// Of every tensor that a step computes, relative L2.
  private func distances(
    from step: TrainingStep<Double>, to golden: StoredStep<Double>
  ) throws -> [String: Double] {
    var result = distances(step.loss, golden.loss)
    for (endPoint, value) in zip(network.architecture.endPoints, step.endPoints) {
      result["activations/\(endPoint)"] = relativeL2(
        value, try #require(golden.activations[endPoint]))
    }
    for (endPoint, value) in zip(network.architecture.endPoints, step.statistics) {
      result["batch_mean/\(endPoint)"] = relativeL2(
        tensor(value.mean), try #require(golden.batchMean[endPoint]))
      result["batch_variance/\(endPoint)"] = relativeL2(
        tensor(value.variance), try #require(golden.batchVariance[endPoint]))
    }
    for (name, value) in step.movingAverages {
      result["updated/\(name)"] = relativeL2(value, try #require(golden.movingAverages[name]))
    }
    for (name, value) in step.gradients {
      result["gradients/\(name)"] = try #require(golden.gradients[name])
        .distance(to: value.scalars)
    }
    result["gradients/images"] = golden.imagesGradient.distance(to: step.imagesGradient.scalars)
    return result
  }

  private func distances(
    _ loss: TrainingLoss<Double>, _ golden: StoredLoss<Double>
  ) -> [String: Double] {
    [
      "cross_entropy": abs(loss.crossEntropy / golden.crossEntropy - 1),
      "regularization": abs(loss.regularization / golden.regularization - 1),
      "total": abs(loss.total / golden.total - 1),
    ]
  }

  // MARK: - What the golden has, for the reference

  private func batch(_ stored: StoredBatch) throws -> TrainingBatch<Double> {
    try TrainingBatch(
      images: Tensor(stored.images), labels: stored.labels,
      dropoutMask: Tensor(stored.dropoutMask), architecture: network.architecture)
  }

  /// In float64 TensorFlow's batch norm is not fused, and the moving variance follows the biased one.
  private func options(_ settings: StoredSettings) -> TrainingOptions {
    var options = TrainingOptions()
    options.batchNormMomentum = settings.momentum
    options.keepProbability = settings.keepProbability
    options.weightDecay = settings.weightDecay
    options.movingVariance = .biased
    return options
  }

  private func tensor(_ values: [Double]) -> Tensor<Double> {
    Tensor(shape: [values.count], scalars: values)
  }
}
