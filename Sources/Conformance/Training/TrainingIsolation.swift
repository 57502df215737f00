import MobileNet
import RealModule
import Reference

/// Every point of a step by itself: what it has to be, given what the subject had before it.
///
/// Forwards a layer reads the subject's end point before it; backwards the same, its own end point
/// and the gradient of that; a moving average the subject's mean and variance of the batch. So an
/// error is blamed on the operation that makes it, and what later operations make of it is not.
package struct TrainingIsolation {
  private let network: TrainingNetwork<Double>
  private let naive: TrainingNetwork<Float>
  private let batch: TrainingBatch<Double>
  private let mask: Tensor<Float>
  private let options: TrainingOptions
  private let head: HeadExpectation

  package init(
    parameters: Parameters, batch: TrainingBatch<Float>, _ options: TrainingOptions
  ) throws(TrainingBatchError) {
    network = TrainingNetwork(parameters: parameters)
    naive = TrainingNetwork(parameters: parameters)
    self.batch = try batch.wide(parameters.architecture)
    mask = batch.dropoutMask
    self.options = options
    head = HeadExpectation(network: network, batch: self.batch, options: options)
  }

  /// Visits points whose operands the subject shows.
  ///
  /// - Parameters:
  ///   - recorded: What the subject shows, in the right shapes.
  ///   - isWanted: Whether to visit a point; what the others would have to be is not computed.
  package func visit(
    _ recorded: [EndPoint: Tensor<Float>], where isWanted: (EndPoint) -> Bool = { _ in true },
    _ body: (EndPoint, Expectation) -> Void
  ) {
    let architecture = network.architecture
    var visit = Visit(
      recorded: recorded, wanted: Set(architecture.trainingPoints.filter(isWanted)))
    var input: Tensor<Float>? = Tensor(batch.images)
    for (index, layer) in architecture.layers.enumerated() {
      if let input, visit.wants(architecture.points(madeBy: index).filter { !$0.isAverage }) {
        let place = Place(
          index: index, layer: layer, previous: architecture.endPoint(before: index), input: input)
        look(at: place, &visit)
      }
      lookAtAverages(layer, &visit)
      visit.finish(body)
      input = recorded[layer.endPoint.output]
    }
    lookAtLoss(&visit)
    visit.finish(body)
  }

  /// What is asked for, and what has been found of it in one layer.
  private struct Visit {
    let recorded: [EndPoint: Tensor<Float>]
    let wanted: Set<EndPoint>
    private var found: [(EndPoint, Expectation)] = []

    init(recorded: [EndPoint: Tensor<Float>], wanted: Set<EndPoint>) {
      (self.recorded, self.wanted) = (recorded, wanted)
    }

    func wants(_ points: [EndPoint]) -> Bool { points.contains(where: wanted.contains) }

    /// - Parameter expectation: Computed only if it is wanted.
    mutating func add(_ point: EndPoint, _ expectation: @autoclosure () -> Expectation) {
      if wanted.contains(point) { found.append((point, expectation())) }
    }

    mutating func finish(_ body: (EndPoint, Expectation) -> Void) {
      for (point, expectation) in found { body(point, expectation) }
      found = []
    }
  }

  /// One layer and what it reads.
  private struct Place {
    let index: Int
    let layer: Layer
    let previous: EndPoint
    let input: Tensor<Float>
  }

  private func look(at place: Place, _ visit: inout Visit) {
    let layer = place.layer
    let forward = network.forward(
      layer: place.index, input: Tensor(place.input), dropoutMask: batch.dropoutMask, options,
      accumulating: Moments.self)
    let probe = naive.forward(
      layer: place.index, input: place.input, dropoutMask: mask, options,
      accumulating: Sum<Float>.self)
    switch layer.operation {
    case .convolution(let convolution):
      look(at: convolution, place, forward, probe, &visit)
    case .globalPool:
      visit.add(layer.endPoint.output, probed(head.pool(layer, forward), probe.output))
      if let gradient = visit.recorded[layer.endPoint.gradient] {
        let spread = head.spread(gradient: Tensor(gradient), over: forward.input.shape)
        visit.add(
          place.previous.gradient,
          probed(
            spread, Operations.globalMeanGradient(gradient, inputShape: forward.input.shape)))
      }
    case .logits:
      visit.add(layer.endPoint.output, probed(head.logits(layer, forward), probe.output))
      lookBack(atLogits: place, forward, probe, &visit)
    case .softmax:
      let predictions = head.predictions(layer, forward)
      visit.add(layer.endPoint.output, probed(predictions, probe.output))
      visit.add(
        EndPoint.logits.gradient,
        probed(
          head.logitsGradient(predictions),
          Operations.crossEntropyGradient(predictions: probe.output, labels: batch.labels)))
      visit.add(.crossEntropy, head.crossEntropy(logits: forward.input))
    }
  }

  private func lookBack(
    atLogits place: Place, _ forward: LayerForward<Moments>, _ probe: LayerForward<Sum<Float>>,
    _ visit: inout Visit
  ) {
    let (layer, names) = (place.layer, place.layer.variableNames)
    let points = [names.weights, names.biases].map(EndPoint.gradient) + [place.previous.gradient]
    guard visit.wants(points), let gradient = visit.recorded[layer.endPoint.gradient] else {
      return
    }
    let result = head.backward(layer, forward, gradient: Tensor(gradient))
    let naive = naive.backward(
      layer: place.index, probe, gradient: gradient, dropoutMask: mask, options)
    visit.add(
      .gradient(of: names.weights),
      probed(result.weights, decayed(naive.variables[names.weights]?.map(\.value), layer)))
    visit.add(
      .gradient(of: names.biases),
      probed(result.biases, naive.variables[names.biases]?.map(\.value)))
    visit.add(place.previous.gradient, probed(result.input, naive.input))
  }

  private func look(
    at convolution: Convolution, _ place: Place, _ forward: LayerForward<Moments>,
    _ probe: LayerForward<Sum<Float>>, _ visit: inout Visit
  ) {
    let (endPoint, names) = (place.layer.endPoint, place.layer.variableNames)
    let norm = NormExpectation(
      forward, length: convolution.dotProductLength, roundsInput: place.index == 0,
      gamma: network[names.gamma].scalars)
    visit.add(
      endPoint.batchMean, probed(norm.mean.expectation, probe.statistics.map { row($0.mean) }))
    visit.add(
      endPoint.batchVariance,
      probed(norm.variance.expectation, probe.statistics.map { row($0.variance) }))
    let output = norm.output(offset: network[names.beta].scalars)
    visit.add(endPoint.output, probed(output, probe.output))

    let points = [names.beta, names.gamma, names.weights].map(EndPoint.gradient)
    guard visit.wants(points + [place.previous.gradient]),
      let gradient = visit.recorded[endPoint.gradient], let own = visit.recorded[endPoint.output]
    else { return }
    let result = GradientExpectation(
      GradientExpectation.Given(
        convolution: convolution, isFirst: place.index == 0, weights: network[names.weights],
        gamma: network[names.gamma].scalars,
        weightDecay: place.layer.hasWeightDecay ? options.weightDecay : 0, norm: norm,
        outputBounds: output.bounds, output: Tensor(own), gradient: Tensor(gradient)))
    let back = naiveBackward(place, probe, gradient: gradient, output: own)
    visit.add(.gradient(of: names.beta), probed(result.beta, row(back.beta.map(\.value))))
    visit.add(.gradient(of: names.gamma), probed(result.gamma, row(back.gamma.map(\.value))))
    visit.add(
      .gradient(of: names.weights),
      probed(result.weights(), naiveWeights(convolution, place, probe, dz: back.input)))
    visit.add(
      place.previous.gradient,
      probed(result.input(), naiveInput(convolution, place, probe, dz: back.input)))
  }

  /// The plain loops' batch norm on the same values, the gradient passed where the subject's end point
  /// says so.
  private func naiveBackward(
    _ place: Place, _ forward: LayerForward<Sum<Float>>, gradient: Tensor<Float>,
    output: Tensor<Float>
  ) -> BatchNormGradient<Sum<Float>> {
    guard let statistics = forward.statistics else {
      preconditionFailure("a convolution has statistics")
    }
    return Operations.batchNormGradient(
      Operations.relu6Gradient(gradient, y: output), z: forward.products.map(\.value),
      statistics: statistics, gamma: naive[place.layer.variableNames.gamma].scalars)
  }

  private func naiveWeights(
    _ convolution: Convolution, _ place: Place, _ forward: LayerForward<Sum<Float>>,
    dz: Tensor<Float>
  ) -> Tensor<Float>? {
    let sums = Operations.weightsGradient(
      convolution, forward.input, gradient: dz, accumulating: Sum<Float>.self)
    return decayed(sums.map(\.value), place.layer)
  }

  private func naiveInput(
    _ convolution: Convolution, _ place: Place, _ forward: LayerForward<Sum<Float>>,
    dz: Tensor<Float>
  ) -> Tensor<Float> {
    let sums = Operations.inputGradient(
      convolution, dz, weights: naive[place.layer.variableNames.weights],
      inputShape: forward.input.shape, accumulating: Sum<Float>.self)
    let factor: Float = place.index == 0 ? 2 : 1
    return sums.map { $0.value * factor }
  }

  private func decayed(_ gradient: Tensor<Float>?, _ layer: Layer) -> Tensor<Float>? {
    guard var gradient, layer.hasWeightDecay else { return gradient }
    let (weights, factor) = (naive[layer.variableNames.weights], Float(options.weightDecay))
    for index in 0..<weights.count { gradient[flat: index] += factor * weights[flat: index] }
    return gradient
  }

  /// The moving averages, from the subject's own statistics of the batch.
  private func lookAtAverages(_ layer: Layer, _ visit: inout Visit) {
    guard layer.convolution != nil else { return }
    let names = layer.variableNames
    if let mean = visit.recorded[layer.endPoint.batchMean] {
      visit.add(.updated(names.movingMean), head.average(names.movingMean, batch: wide(mean)))
    }
    guard let variance = visit.recorded[layer.endPoint.batchVariance],
      let output = visit.recorded[layer.endPoint.output]
    else { return }
    // One value by itself has no unbiased variance; the factor is 1 then, as in TensorFlow.
    let count = Double(output.count / variance.count)
    let factor = options.movingVariance == .unbiased && count > 1 ? count / (count - 1) : 1
    visit.add(
      .updated(names.movingVariance),
      head.average(names.movingVariance, batch: wide(variance).map { $0 * factor }))
  }

  private func lookAtLoss(_ visit: inout Visit) {
    visit.add(.regularization, probed(head.regularization(), row([naiveDecay])))
    if let crossEntropy = visit.recorded[.crossEntropy],
      let regularization = visit.recorded[.regularization]
    {
      visit.add(
        .totalLoss,
        head.total(
          crossEntropy: Double(crossEntropy[flat: 0]),
          regularization: Double(regularization[flat: 0])))
    }
  }

  /// The plain loops' weight decay.
  private var naiveDecay: Float {
    naive.architecture.layers.filter(\.hasWeightDecay).reduce(0) {
      let weights = naive[$1.variableNames.weights]
      return $0 + Operations.weightDecay(weights, factor: Float(options.weightDecay))
    }
  }

  private func probed(_ expectation: Expectation, _ tensor: Tensor<Float>?) -> Expectation {
    var expectation = expectation
    expectation.probed = tensor
    return expectation
  }

  private func wide(_ tensor: Tensor<Float>) -> [Double] { tensor.scalars.map { Double($0) } }
}

extension NormExpectation.Quantity {
  fileprivate var expectation: Expectation {
    Expectation(value: row(value), bounds: row(bound), variance: row(variance))
  }
}
