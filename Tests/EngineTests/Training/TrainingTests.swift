import Engine
import Foundation
import MobileNet
import Testing

/// A training step against plain loops in float64. How far off it may be is what the same loops make
/// of it in float32, times eight, and some roundings: two orders of summation are two draws of the same
/// errors, which a batch norm over a few values blows up.
@Suite struct TrainingTests {
  static let shapes: [[Int]] = [
    [7, 5, 4, 3], [3, 17, 9, 3], [1, 33, 40, 3], [8, 16, 16, 3], [1, 64, 6, 3],
  ]

  @Test(arguments: InstructionSet.supported, shapes)
  func everySize(isa: InstructionSet, shape: [Int]) throws {
    try check(TrainingFixture(images: shape), isa)
  }

  @Test(
    arguments: InstructionSet.supported,
    [(0.5, 101), (0.43, 8), (0.6, 25), (0.01, 2), (0.75, 1001)])
  func everyWidth(isa: InstructionSet, width: (multiplier: Double, classes: Int)) throws {
    try check(
      TrainingFixture(
        multiplier: width.multiplier, classes: width.classes, images: [2, 18, 23, 3]), isa,
      threads: 2)
  }

  /// A single value per channel from the first layer on: the variance is zero, so is every gradient
  /// before a batch norm, and the moving variance takes the factor 1.
  @Test(arguments: InstructionSet.supported)
  func singleValue(isa: InstructionSet) throws {
    let fixture = try TrainingFixture(images: [1, 2, 1, 3])
    let engine = try fixture.makeEngine(isa: isa)
    try fixture.step(engine)
    for layer in fixture.architecture.layers.dropLast(3) {
      #expect(try engine.batchVariance(layer.endPoint).allSatisfy { $0 == 0 })
      #expect(
        try engine.batchMean(layer.endPoint) == engine.convolution(layer.endPoint).scalars)
      let name = layer.variables[4].name
      let before = try #require(fixture.parameters.tensors[name]).scalars
      let after = try engine.variable(name).scalars
      #expect(after == before.map { Float(Double($0) - Double($0) * (1 - 0.9)) })
      let gamma = try engine.gradient(layer.variables[1].name)
      #expect(gamma.scalars.allSatisfy { $0 == 0 })
    }
    #expect(engine.imageGradient().scalars.allSatisfy { $0 == 0 })
  }

  /// Where no mask is given every feature is kept, and divided as `tf.nn.dropout` divides what it keeps:
  /// z = Σ f / keep · w + b, and dL/dw = Σ f / keep · dL/dz, in float64 over the engine's own features.
  @Test(arguments: InstructionSet.supported)
  func keptFeaturesAreDivided(isa: InstructionSet) throws {
    var fixture = try TrainingFixture(images: [3, 33, 20, 3])
    fixture.settings.weightDecay = 0
    let (engine, masked) = (try fixture.makeEngine(isa: isa), try fixture.makeEngine(isa: isa))
    let shown = try engine.stepShowingGradients(
      images: fixture.images, labels: fixture.labels, dropoutMask: nil, settings: fixture.settings)
    try masked.step(
      images: fixture.images, labels: fixture.labels,
      dropoutMask: fixture.mask.map { _ in 1 }, settings: fixture.settings)
    #expect(try engine.everything() == masked.everything())

    let layer = try #require(fixture.architecture.layer(.logits)).layer
    let weights = try #require(fixture.parameters.tensors[layer.variables[0].name])
    let biases = try #require(fixture.parameters.tensors[layer.variables[1].name])
    let features = try engine.endPoint(.globalPool)
    let gradient = try #require(shown.gradients[.logits])
    let (channels, classes) = (fixture.architecture.featureChannels, biases.count)
    func kept(_ image: Int, _ channel: Int) -> Double {
      Double(features[flat: image * channels + channel]) / 0.8
    }
    let logits = (0..<3 * classes).map { index in
      (0..<channels).reduce(Double(biases[flat: index % classes])) {
        $0 + kept(index / classes, $1) * Double(weights[flat: $1 * classes + index % classes])
      }
    }
    let slopes = (0..<channels * classes).map { index in
      (0..<3).reduce(0.0) {
        $0 + kept($1, index / classes) * Double(gradient[flat: $1 * classes + index % classes])
      }
    }
    #expect(relativeDistance(try engine.endPoint(.logits).scalars, logits) < 1e-6)
    #expect(
      relativeDistance(try engine.gradient(layer.variables[0].name).scalars, slopes) < 1e-6)
  }

  /// Gradients of end points that are shown: the masked ones sum to the gradient of the next beta, and
  /// the logits' to that of the biases. Showing them changes no bit of the step.
  @Test(arguments: InstructionSet.supported)
  func shownGradients(isa: InstructionSet) throws {
    let fixture = try TrainingFixture(images: [3, 33, 20, 3])
    let engine = try fixture.makeEngine(isa: isa, threads: 2)
    let plain = try fixture.makeEngine(isa: isa)
    try fixture.step(plain)
    let shown = try engine.stepShowingGradients(
      images: fixture.images, labels: fixture.labels, dropoutMask: fixture.mask,
      settings: fixture.settings)
    #expect(try engine.everything() == plain.everything())

    func sums(_ gradient: Tensor<Float>, where passes: (Int) -> Bool) -> [Double] {
      let channels = gradient.shape[gradient.shape.count - 1]
      var sums = [Double](repeating: 0, count: channels)
      for index in 0..<gradient.count where passes(index) {
        sums[index % channels] += Double(gradient[flat: index])
      }
      return sums
    }
    for layer in fixture.architecture.layers where layer.convolution != nil {
      let gradient = try #require(shown.gradients[layer.endPoint])
      let output = try engine.endPoint(layer.endPoint)
      #expect(gradient.shape == output.shape)
      let beta = try engine.gradient(layer.variables[2].name).scalars
      let expected = sums(gradient) { output[flat: $0] > 0 && output[flat: $0] < 6 }
      #expect(relativeDistance(beta, expected) < 1e-5, "\(layer.endPoint)")
    }
    let biases = try #require(fixture.architecture.layers.dropLast().last?.variables.last)
    let logits = try #require(shown.gradients[.logits])
    #expect(
      relativeDistance(try engine.gradient(biases.name).scalars, sums(logits) { _ in true }) < 1e-5)
    // What dropout drops has no gradient.
    let pool = try #require(shown.gradients[.globalPool])
    #expect(zip(pool.scalars, fixture.mask.scalars).allSatisfy { ($0 == 0) == ($1 == 0) })
  }

  /// Statistics against float64 over the engine's own convolutions, where the mean is up to ten
  /// thousand times the deviation: sums of squares would have no digit left.
  @Test(arguments: InstructionSet.supported, [Float(1), 1e-2, 1e-4])
  func statistics(isa: InstructionSet, contrast: Float) throws {
    let fixture = try TrainingFixture(images: [3, 40, 52, 3])
    let engine = try fixture.makeEngine(isa: isa, threads: 2)
    let images = fixture.images.map { 0.9 + 0.05 * contrast * $0 }
    _ = try engine.step(images: images, labels: fixture.labels, dropoutMask: nil)
    for endPoint in fixture.architecture.endPoints.dropLast(3) {
      let values = try engine.convolution(endPoint)
      let mean = try engine.batchMean(endPoint)
      let variance = try engine.batchVariance(endPoint)
      let channels = values.shape[3]
      let count = Double(values.count / channels)
      for c in 0..<channels {
        let channel = stride(from: c, to: values.count, by: channels).map {
          Double(values[flat: $0])
        }
        let expected = channel.reduce(0, +) / count
        let expectedVariance =
          channel.reduce(0) { $0 + ($1 - expected) * ($1 - expected) } / count
        // One rounding of the result; chains of at most 64 deviations.
        let deviation = channel.reduce(0) { $0 + abs($1 - expected) } / count
        #expect(
          abs(Double(mean[c]) - expected) <= 0x1p-24 * (1.01 * abs(expected) + 70 * deviation)
            + 1e-40,
          "\(endPoint) channel \(c)")
        #expect(
          abs(Double(variance[c]) - expectedVariance) <= 4e-6 * expectedVariance + 1e-40,
          "\(endPoint) channel \(c)")
      }
    }
  }

  /// The loops of these tests against central differences: gradients and loss belong together.
  @Test func naiveGradients() throws {
    let fixture = try TrainingFixture(images: [4, 11, 14, 3])
    let naive = fixture.naive(Double.self, masks: nil)
    var random = Seeded(4)
    for (name, gradient) in naive.gradients {
      let direction = gradient.map { _ in Double.random(in: -1...1, using: &random) }
      func loss(_ step: Double) -> Double {
        var tensors = naive.parameters
        for index in 0..<gradient.count {
          tensors[name, default: gradient][flat: index] += step * direction[flat: index]
        }
        let moved = fixture.naive(Double.self, masks: nil, tensors: tensors)
        return moved.crossEntropy + moved.regularization
      }
      let slope = zip(gradient.scalars, direction.scalars).reduce(0) { $0 + $1.0 * $1.1 }
      // Small enough to cross hardly any kink, large enough for the digits of the loss.
      let step = 1e-9
      let difference = (loss(step) - loss(-step)) / (2 * step)
      let scale = relativeNorm(gradient.scalars) * relativeNorm(direction.scalars)
      #expect(abs(slope - difference) <= 1e-4 * scale + 1e-7, "\(name): \(slope), \(difference)")
    }
  }

  /// A wrong value anywhere is found: the tolerance is no wider than it has to be.
  @Test func tolerance() throws {
    let fixture = try TrainingFixture(images: [3, 17, 9, 3])
    let engine = try fixture.makeEngine()
    try fixture.step(engine)
    let masks = try engine.activations()
    let exact = fixture.naive(Double.self, masks: masks)
    let plain = fixture.naive(Float.self, masks: masks)
    var wrong = fixture.parameters.tensors.filter { !$0.key.contains("/moving_") }
      .mapValues { Tensor<Double>($0) }
    let name = "MobilenetV1/Conv2d_7_depthwise/depthwise_weights"
    // The middle tap: the others may see nothing but padding.
    wrong[name]?[flat: 4 * 128 + 5] += 1e-2
    let off = fixture.naive(Double.self, masks: masks, tensors: wrong)
    let tolerance =
      8
      * relativeDistance(
        plain.gradients[required: name].scalars, exact.gradients[required: name].scalars)
    #expect(
      relativeDistance(
        off.gradients[required: name].scalars, exact.gradients[required: name].scalars) > tolerance
        + 2e-6)
  }

  private func relativeNorm(_ values: [Double]) -> Double {
    values.reduce(0) { $0 + $1 * $1 }.squareRoot()
  }

  private func check(
    _ fixture: TrainingFixture, _ isa: InstructionSet, threads: Int = 1
  ) throws {
    let engine = try fixture.makeEngine(isa: isa, threads: threads)
    let loss = try fixture.step(engine)
    let masks = try engine.activations()
    let exact = fixture.naive(Double.self, masks: masks)
    let plain = fixture.naive(Float.self, masks: masks)
    let shaken = fixture.shaken(masks: masks)
    // Eight times what plain float32 loops err or what the last bit of the variables does.
    func close<A: BinaryFloatingPoint>(
      _ what: String, _ found: [A], _ expected: [Double], _ plain: [Float], _ shaken: [Double]
    ) {
      let least = max(relativeDistance(plain, expected), relativeDistance(shaken, expected))
      let distance = relativeDistance(found, expected)
      #expect(distance <= 8 * least + 2e-6, "\(what) of \(fixture.images.shape) on \(isa)")
    }
    close(
      "cross-entropy", [loss.crossEntropy], [exact.crossEntropy], [plain.crossEntropy],
      [shaken.crossEntropy])
    close(
      "regularization", [loss.regularization], [exact.regularization], [plain.regularization],
      [shaken.regularization])
    for (endPoint, expected) in exact.endPoints {
      close(
        "\(endPoint)", try engine.endPoint(endPoint).scalars, expected.scalars,
        plain.endPoints[required: endPoint].scalars, shaken.endPoints[required: endPoint].scalars)
    }
    for (endPoint, expected) in exact.means {
      close(
        "mean of \(endPoint)", try engine.batchMean(endPoint), expected,
        plain.means[required: endPoint], shaken.means[required: endPoint])
    }
    for (endPoint, expected) in exact.variances {
      close(
        "variance of \(endPoint)", try engine.batchVariance(endPoint), expected,
        plain.variances[required: endPoint], shaken.variances[required: endPoint])
    }
    #expect(exact.gradients.count == 83)
    for (name, expected) in exact.gradients {
      let gradient = try engine.gradient(name)
      #expect(gradient.shape == expected.shape)
      close(
        name, gradient.scalars, expected.scalars, plain.gradients[required: name].scalars,
        shaken.gradients[required: name].scalars)
    }
    close(
      "images", engine.imageGradient().scalars, exact.imageGradient.scalars,
      plain.imageGradient.scalars, shaken.imageGradient.scalars)
  }
}
