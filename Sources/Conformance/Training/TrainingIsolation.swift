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

  /// Visits every point whose operands the subject shows.
  ///
  /// - Parameter recorded: What the subject shows, in the right shapes.
  package func visit(
    _ recorded: [EndPoint: Tensor<Float>], _ body: (EndPoint, Expectation) -> Void
  ) {
    var input: Tensor<Float>? = Tensor(batch.images)
    var previous = EndPoint("images")
    for (index, layer) in network.architecture.layers.enumerated() {
      if let input {
        let place = Place(index: index, layer: layer, previous: previous, input: input)
        visit(place, recorded, body)
      }
      visitAverages(layer, recorded, body)
      previous = layer.endPoint
      input = recorded[layer.endPoint.output]
    }
    visitLoss(recorded, body)
  }

  /// One layer and what it reads.
  private struct Place {
    let index: Int
    let layer: Layer
    let previous: EndPoint
    let input: Tensor<Float>
  }

  private func visit(
    _ place: Place, _ recorded: [EndPoint: Tensor<Float>], _ body: (EndPoint, Expectation) -> Void
  ) {
    let layer = place.layer
    let forward = network.forward(
      layer: place.index, input: Tensor(place.input), dropoutMask: batch.dropoutMask, options,
      accumulating: Moments.self)
    let probe = naive.forward(
      layer: place.index, input: place.input, dropoutMask: mask, options,
      accumulating: Sum<Float>.self)
    switch layer.operation {
    case .convolution(let convolution):
      visit(convolution, place, forward, probe, recorded, body)
    case .globalPool:
      body(layer.endPoint.output, probed(head.pool(layer, forward), probe.output))
      if let gradient = recorded[layer.endPoint.gradient] {
        let spread = head.spread(gradient: Tensor(gradient), over: forward.input.shape)
        body(
          place.previous.gradient,
          probed(
            spread, Operations.globalMeanGradient(gradient, inputShape: forward.input.shape)))
      }
    case .logits:
      body(layer.endPoint.output, probed(head.logits(layer, forward), probe.output))
      guard let gradient = recorded[layer.endPoint.gradient] else { return }
      let result = head.backward(layer, forward, gradient: Tensor(gradient))
      let naive = naive.backward(
        layer: place.index, probe, gradient: gradient, dropoutMask: mask, options)
      let names = layer.variableNames
      body(
        .gradient(of: names.weights),
        probed(result.weights, decayed(naive.variables[names.weights]?.map(\.value), layer)))
      body(
        .gradient(of: names.biases),
        probed(result.biases, naive.variables[names.biases]?.map(\.value)))
      body(place.previous.gradient, probed(result.input, naive.input))
    case .softmax:
      let predictions = head.predictions(layer, forward)
      body(layer.endPoint.output, probed(predictions, probe.output))
      body(
        EndPoint.logits.gradient,
        probed(
          head.logitsGradient(predictions),
          Operations.crossEntropyGradient(predictions: probe.output, labels: batch.labels)))
      body(.crossEntropy, head.crossEntropy(logits: forward.input))
    }
  }

  private func visit(
    _ convolution: Convolution, _ place: Place, _ forward: LayerForward<Moments>,
    _ probe: LayerForward<Sum<Float>>, _ recorded: [EndPoint: Tensor<Float>],
    _ body: (EndPoint, Expectation) -> Void
  ) {
    let (endPoint, names) = (place.layer.endPoint, place.layer.variableNames)
    let norm = NormExpectation(
      forward, length: convolution.dotProductLength, roundsInput: place.index == 0,
      gamma: network[names.gamma].scalars)
    body(
      endPoint.batchMean, probed(norm.mean.expectation, probe.statistics.map { row($0.mean) }))
    body(
      endPoint.batchVariance,
      probed(norm.variance.expectation, probe.statistics.map { row($0.variance) }))
    let output = norm.output(offset: network[names.beta].scalars)
    body(endPoint.output, probed(output, probe.output))

    guard let gradient = recorded[endPoint.gradient], let own = recorded[endPoint.output] else {
      return
    }
    let result = GradientExpectation(
      GradientExpectation.Given(
        convolution: convolution, isFirst: place.index == 0, weights: network[names.weights],
        gamma: network[names.gamma].scalars,
        weightDecay: place.layer.hasWeightDecay ? options.weightDecay : 0, norm: norm,
        outputBounds: output.bounds, output: Tensor(own), gradient: Tensor(gradient)))
    let naive = naiveBackward(convolution, place, probe, gradient: gradient, output: own)
    body(.gradient(of: names.beta), probed(result.beta, naive.beta))
    body(.gradient(of: names.gamma), probed(result.gamma, naive.gamma))
    body(.gradient(of: names.weights), probed(result.weights, naive.weights))
    body(place.previous.gradient, probed(result.input, naive.input))
  }

  /// The plain loops on the same values, the gradient passed where the subject's end point says so.
  private func naiveBackward(
    _ convolution: Convolution, _ place: Place, _ forward: LayerForward<Sum<Float>>,
    gradient: Tensor<Float>, output: Tensor<Float>
  ) -> (beta: Tensor<Float>, gamma: Tensor<Float>, weights: Tensor<Float>?, input: Tensor<Float>) {
    guard let statistics = forward.statistics else {
      preconditionFailure("a convolution has statistics")
    }
    let names = place.layer.variableNames
    let norm = Operations.batchNormGradient(
      Operations.relu6Gradient(gradient, y: output), z: forward.products.map(\.value),
      statistics: statistics, gamma: naive[names.gamma].scalars)
    let weights = Operations.weightsGradient(
      convolution, forward.input, gradient: norm.input, accumulating: Sum<Float>.self)
    let input = Operations.inputGradient(
      convolution, norm.input, weights: naive[names.weights], inputShape: forward.input.shape,
      accumulating: Sum<Float>.self)
    let factor: Float = place.index == 0 ? 2 : 1
    return (
      row(norm.beta.map(\.value)), row(norm.gamma.map(\.value)),
      decayed(weights.map(\.value), place.layer), input.map { $0.value * factor }
    )
  }

  private func decayed(_ gradient: Tensor<Float>?, _ layer: Layer) -> Tensor<Float>? {
    guard var gradient, layer.hasWeightDecay else { return gradient }
    let (weights, factor) = (naive[layer.variableNames.weights], Float(options.weightDecay))
    for index in 0..<weights.count { gradient[flat: index] += factor * weights[flat: index] }
    return gradient
  }

  /// The moving averages, from the subject's own statistics of the batch.
  private func visitAverages(
    _ layer: Layer, _ recorded: [EndPoint: Tensor<Float>], _ body: (EndPoint, Expectation) -> Void
  ) {
    guard layer.convolution != nil else { return }
    let names = layer.variableNames
    if let mean = recorded[layer.endPoint.batchMean] {
      body(.updated(names.movingMean), head.average(names.movingMean, batch: wide(mean)))
    }
    guard let variance = recorded[layer.endPoint.batchVariance],
      let output = recorded[layer.endPoint.output]
    else { return }
    // One value by itself has no unbiased variance; the factor is 1 then, as in TensorFlow.
    let count = Double(output.count / variance.count)
    let factor = options.movingVariance == .unbiased && count > 1 ? count / (count - 1) : 1
    body(
      .updated(names.movingVariance),
      head.average(names.movingVariance, batch: wide(variance).map { $0 * factor }))
  }

  private func visitLoss(
    _ recorded: [EndPoint: Tensor<Float>], _ body: (EndPoint, Expectation) -> Void
  ) {
    var decay = Float(0)
    for layer in naive.architecture.layers where layer.hasWeightDecay {
      let weights = naive[layer.variableNames.weights]
      decay += Operations.weightDecay(weights, factor: Float(options.weightDecay))
    }
    body(.regularization, probed(head.regularization(), row([decay])))
    if let crossEntropy = recorded[.crossEntropy], let regularization = recorded[.regularization] {
      body(
        .totalLoss,
        head.total(
          crossEntropy: Double(crossEntropy[flat: 0]),
          regularization: Double(regularization[flat: 0])))
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
