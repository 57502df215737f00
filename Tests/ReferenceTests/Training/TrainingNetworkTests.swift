import MobileNet
import Reference
import Testing

@Suite struct TrainingNetworkTests {
  @Test func `a step has every end point, statistic, gradient and average in its shape`() throws {
    let network = try TrainingNetwork.small()
    let batch = try network.batch(2, 33, 47)
    let step = network.step(batch)
    let architecture = network.architecture
    #expect(step.endPoints.map(\.shape) == architecture.shapes(images: batch.images.shape))
    #expect(step.endPointGradients.map(\.shape) == step.endPoints.dropLast().map(\.shape))
    #expect(step.imagesGradient.shape == batch.images.shape)
    #expect(
      step.statistics.map(\.count) == step.endPoints.prefix(27).map { $0.count / $0.shape[3] })
    let trainable = architecture.variables.filter(\.isTrainable)
    let averages = architecture.variables.filter { !$0.isTrainable }
    #expect(step.gradients.mapValues(\.shape) == shapes(trainable))
    #expect(step.movingAverages.mapValues(\.shape) == shapes(averages))
    #expect(trainable.count == 83 && averages.count == 54)
  }

  private func shapes(_ variables: [Variable]) -> [String: [Int]] {
    Dictionary(uniqueKeysWithValues: variables.map { ($0.name, $0.shape) })
  }

  /// Along a direction of one variable, or of the images, the loss grows as its gradient says.
  @Test func `central differences agree for every variable and for the images`() throws {
    let network = try TrainingNetwork.small()
    let batch = try network.batch(4, 32, 32)
    let step = network.step(batch)
    check(
      step.gradients, step.imagesGradient, of: network, batch, gradients: 83
    ) { network, forward in
      network.loss(forward, labels: batch.labels).total
    }
  }

  /// The same with a loss that reads the features in front of dropout, as a new last layer does:
  /// Σ r · global_pool.
  @Test func `central differences agree for a loss of the feature vector`() throws {
    let network = try TrainingNetwork.small()
    let batch = try network.batch(4, 32, 32)
    let forward = network.forward(
      images: batch.images, dropoutMask: batch.dropoutMask, accumulating: Sum<Double>.self)
    let r = noise(forward[27].output.shape, seed: 77)
    let pass = network.backward(
      from: .globalPool, gradient: r, through: forward, dropoutMask: batch.dropoutMask)
    #expect(pass.endPointGradients.map(\.shape) == forward.prefix(28).map(\.output.shape))
    #expect(pass.endPointGradients[27] == r)
    check(
      pass.gradients, pass.imagesGradient, of: network, batch, gradients: 81
    ) { _, forward in
      dot(r, forward[27].output)
    }
  }

  /// An element of a pre-activation that crosses 0 or 6 between the two ends of the difference has no
  /// derivative there; a direction in which that happens is not judged, and there may be few.
  private func check(
    _ gradients: [String: Tensor<Double>], _ imagesGradient: Tensor<Double>,
    of network: TrainingNetwork<Double>, _ batch: TrainingBatch<Double>, gradients count: Int,
    _ loss: Ends.Loss
  ) {
    var results: [String: DirectionalDerivative] = [:]
    for (name, gradient) in gradients {
      results[name] = derivative(gradient) { change in
        var moved = network
        moved[name] = sum(network[name], change)
        return Ends(moved, images: batch.images, batch, loss)
      }
    }
    results["images"] = derivative(imagesGradient) { change in
      Ends(network, images: sum(batch.images, change), batch, loss)
    }
    #expect(results.count == count + 1)
    let crossed = results.filter { $0.value.crossings > 0 }
    #expect(crossed.count <= 4, "\(crossed.mapValues(\.crossings))")
    for (name, result) in results where result.crossings == 0 {
      #expect(result.error < 1e-6, "\(name)")
    }
    // The same judge with every gradient a thousandth too large.
    #expect(results.values.count { $0.errorIfScaled(by: 1.001) >= 1e-6 } >= count - 3)
  }

  /// A derivative along one direction, from the gradient and from two values of the loss.
  private struct DirectionalDerivative {
    let analytic: Double
    let numeric: Double
    /// What the part of the gradient along a random direction is like.
    let size: Double
    /// Elements that are not in the same part of the clamp at both ends.
    let crossings: Int

    var error: Double { errorIfScaled(by: 1) }
    func errorIfScaled(by factor: Double) -> Double { abs(factor * analytic - numeric) / size }
  }

  /// One end of a difference.
  private struct Ends {
    let loss: Double
    let preActivations: [Tensor<Double>]

    typealias Loss = (TrainingNetwork<Double>, [LayerForward<Sum<Double>>]) -> Double

    init(
      _ network: TrainingNetwork<Double>, images: Tensor<Double>, _ batch: TrainingBatch<Double>,
      _ loss: Loss
    ) {
      let forward = network.forward(
        images: images, dropoutMask: batch.dropoutMask, accumulating: Sum<Double>.self)
      self.loss = loss(network, forward)
      preActivations = forward.prefix(27).map(\.preActivation)
    }
  }

  private func derivative(
    _ gradient: Tensor<Double>, _ move: (Tensor<Double>) -> Ends
  ) -> DirectionalDerivative {
    let h = 1e-6
    let direction = noise(gradient.shape, seed: 0.5)
    let (above, below) = (move(direction.map { $0 * h }), move(direction.map { -$0 * h }))
    func part(_ y: Double) -> Int { y <= 0 ? 0 : y < 6 ? 1 : 2 }
    let crossings = zip(above.preActivations, below.preActivations).reduce(0) { count, pair in
      count + zip(pair.0.scalars, pair.1.scalars).count { part($0) != part($1) }
    }
    return DirectionalDerivative(
      analytic: dot(gradient, direction), numeric: (above.loss - below.loss) / (2 * h),
      size: norm(gradient) * norm(direction) / Double(gradient.count).squareRoot(),
      crossings: crossings)
  }

  private func sum(_ a: Tensor<Double>, _ b: Tensor<Double>) -> Tensor<Double> {
    Tensor(shape: a.shape, scalars: zip(a.scalars, b.scalars).map { $0 + $1 })
  }

  /// The step is its layers, one after the other; with moments they compute the same numbers.
  @Test func `layer by layer, with moments, the step is the same`() throws {
    let network = try TrainingNetwork.small()
    let batch = try network.batch(2, 33, 20)
    var options = TrainingOptions()
    options.weightDecay = 0
    let step = network.step(batch, options)
    let forward = network.forward(
      images: batch.images, dropoutMask: batch.dropoutMask, options, accumulating: Moments.self)
    #expect(forward.map(\.output) == step.endPoints)
    var gradient = Operations.crossEntropyGradient(
      predictions: step.endPoints[29], labels: batch.labels)
    for index in (0..<29).reversed() {
      #expect(gradient == step.endPointGradients[index])
      let result = network.backward(
        layer: index, forward[index], gradient: gradient, dropoutMask: batch.dropoutMask, options)
      for (name, terms) in result.variables {
        #expect(terms.map(\.value) == step.gradients[name])
        #expect(
          zip(terms.scalars, terms.map(\.value).scalars).allSatisfy { $0.absolute >= abs($1) })
      }
      gradient = result.input
    }
    #expect(gradient == step.imagesGradient)
  }

  @Test func `weight decay adds its loss and its gradient, to 15 kernels alone`() throws {
    let network = try TrainingNetwork.small()
    let batch = try network.batch(1, 32, 32)
    var (none, much) = (TrainingOptions(), TrainingOptions())
    none.weightDecay = 0
    much.weightDecay = 0.5
    let (without, with) = (network.step(batch, none), network.step(batch, much))
    #expect(without.loss.regularization == 0)
    #expect(without.loss.crossEntropy == with.loss.crossEntropy)
    #expect(with.loss.total == with.loss.crossEntropy + with.loss.regularization)
    var changed: [String] = []
    var squares = 0.0
    for (name, gradient) in with.gradients where gradient != without.gradients[name] {
      changed.append(name)
      squares += dot(network[name], network[name])
    }
    #expect(changed.count == 15)
    #expect(changed.allSatisfy { $0.hasSuffix("/weights") })
    #expect(abs(with.loss.regularization / (0.25 * squares) - 1) < 1e-13)
  }

  @Test func `the two conventions differ by N / (N - 1) in the moving variance and nowhere else`()
    throws
  {
    let network = try TrainingNetwork.small()
    let batch = try network.batch(2, 32, 32)
    var (unbiased, biased) = (TrainingOptions(), TrainingOptions())
    unbiased.batchNormMomentum = 0
    biased.batchNormMomentum = 0
    biased.movingVariance = .biased
    let (a, b) = (network.step(batch, unbiased), network.step(batch, biased))
    #expect(a.gradients == b.gradients && a.endPoints == b.endPoints)
    let means = a.movingAverages.filter { $0.key.hasSuffix("moving_mean") }
    #expect(means == b.movingAverages.filter { $0.key.hasSuffix("moving_mean") })
    // Two values per channel at the end, 512 at the start.
    for (layer, factor) in [("Conv2d_13_pointwise", 2.0), ("Conv2d_0", 512.0 / 511)] {
      let name = "MobilenetV1/\(layer)/BatchNorm/moving_variance"
      let (large, small) = (try #require(a.movingAverages[name]), b.movingAverages[name])
      #expect(relativeL2(large, try #require(small).map { $0 * factor }) < 1e-15)
    }
  }

  /// Float32 has 29 bits less; the network makes of a rounding what it makes of any change.
  @Test func `in float32 the same step is near`() throws {
    let network = try TrainingNetwork.small()
    let batch = try network.batch(4, 64, 64)
    let single = TrainingNetwork<Float>(parameters: try network.parameters())
    let step = network.step(batch)
    let near = single.step(
      try TrainingBatch(
        images: Tensor(batch.images), labels: batch.labels,
        dropoutMask: Tensor(batch.dropoutMask), architecture: network.architecture))
    for (value, exact) in zip(near.endPoints, step.endPoints) {
      #expect(relativeL2(Tensor(value), exact) < 1e-5)
    }
    for (name, exact) in step.gradients {
      let value = try #require(near.gradients[name])
      #expect(relativeL2(Tensor(value), exact) < 1e-4, "\(name)")
    }
  }

  @Test func `descent lowers the loss and moves the averages`() throws {
    var network = try TrainingNetwork.small()
    let batch = try network.batch(4, 32, 32)
    var optimizer = SGD<Double>(learningRate: 0.02, momentum: 0.5)
    let before = network
    var losses: [Double] = []
    for _ in 0..<4 {
      let step = network.step(batch)
      losses.append(step.loss.total)
      network.update(after: step, with: &optimizer)
      #expect(step.movingAverages.allSatisfy { network[$0.key] == $0.value })
    }
    #expect(losses == losses.sorted(by: >), "\(losses)")
    #expect(network.variables.allSatisfy { before[$0.key] != $0.value })
    #expect(optimizer.velocities.count == 83)
  }

  /// z = Σ f / keep · w + b over the features in front of dropout.
  @Test func `without a mask every feature is kept, and divided`() throws {
    let network = try TrainingNetwork.small()
    let masked = try network.batch(2, 33, 47)
    let batch = try TrainingBatch(
      images: masked.images, labels: masked.labels, architecture: network.architecture)
    var options = TrainingOptions()
    options.keepProbability = 0.8
    let step = network.step(batch, options)
    let layer = try #require(network.architecture.layer(.logits))
    let (features, logits) = (step.endPoints[layer.index - 1], step.endPoints[layer.index])
    let weights = network[layer.layer.variables[0].name]
    let biases = network[layer.layer.variables[1].name]
    let channels = network.architecture.featureChannels
    for index in 0..<logits.count {
      let (image, k) = (index / biases.count, index % biases.count)
      let expected = (0..<channels).reduce(biases[flat: k]) {
        $0 + features[flat: image * channels + $1] / 0.8 * weights[flat: $1 * biases.count + k]
      }
      #expect(abs(logits[flat: index] - expected) <= 1e-13 * abs(expected) + 1e-15)
    }
  }

  @Test func `a batch that does not fit is refused`() throws {
    let architecture = try Architecture(depthMultiplier: 0.25, numClasses: 10)
    func batch(
      _ shape: [Int] = [2, 8, 8, 3], labels: [Int] = [0, 9], mask: Tensor<Double>? = nil
    ) throws(TrainingBatchError) {
      _ = try TrainingBatch(
        images: Tensor(repeating: 0, shape: shape), labels: labels, dropoutMask: mask,
        architecture: architecture)
    }
    try batch()
    #expect(throws: TrainingBatchError.wrongImages([2, 8, 8, 4])) { try batch([2, 8, 8, 4]) }
    #expect(throws: TrainingBatchError.wrongLabelCount(1, images: 2)) { try batch(labels: [3]) }
    #expect(throws: TrainingBatchError.noSuchClass(10, classes: 10)) { try batch(labels: [0, 10]) }
    #expect(throws: TrainingBatchError.noSuchClass(-1, classes: 10)) { try batch(labels: [-1, 1]) }
    #expect(throws: TrainingBatchError.wrongMask([2, 1], expected: [2, 256])) {
      try batch(mask: Tensor(repeating: 1, shape: [2, 1]))
    }
    #expect(throws: TrainingBatchError.maskValue(index: [0, 0])) {
      try batch(mask: Tensor(repeating: 0.5, shape: [2, 256]))
    }
  }
}
