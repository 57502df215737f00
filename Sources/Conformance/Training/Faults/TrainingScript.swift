import MobileNet
import RealModule
import Reference

/// The training step in plain loops, with one known mistake in one layer: in float32 a faulty
/// subject, in float64 what a diagnosis compares with.
struct TrainingScript<Scalar: Real & BinaryFloatingPoint & Sendable> {
  let network: TrainingNetwork<Scalar>
  let batch: TrainingBatch<Scalar>
  let options: TrainingOptions
  let fault: TrainingFault
  /// The layer with the mistake.
  let place: Int

  private var architecture: Architecture { network.architecture }

  private func has(_ fault: TrainingFault, at index: Int) -> Bool {
    self.fault == fault && place == index
  }

  /// A layer forwards.
  struct Forward {
    var input: Tensor<Scalar>
    /// Before batch norm.
    var z: Tensor<Scalar>
    var norm: ScriptNorm<Scalar>?
    var output: Tensor<Scalar>
  }

  // MARK: A whole step

  /// Everything that the step yields, by name.
  func step() -> [EndPoint: Tensor<Scalar>] {
    var points: [EndPoint: Tensor<Scalar>] = [:]
    var layers: [Forward] = []
    var current = batch.images
    for index in architecture.layers.indices {
      let forward = forward(layer: index, input: current)
      record(forward, layer: index, &points)
      layers.append(forward)
      current = forward.output
    }
    var gradient = lossGradient(predictions: current)
    points.merge(loss(logits: layers[layers.count - 2].output)) { $1 }
    for index in architecture.layers.indices.dropLast().reversed() {
      let endPoint = architecture.layers[index].endPoint
      points[endPoint.gradient] = gradient
      let result = backward(
        layer: index, layers[index], gradient: gradient, output: layers[index].output)
      for (name, value) in result.variables { points[.gradient(of: name)] = value }
      gradient = result.input
    }
    points[.imagesGradient] = gradient
    return points
  }

  // MARK: One layer on given values

  /// What the layer yields, given what the subject had before it.
  ///
  /// - Returns: The points that the layer's own operations make; those whose operands are missing
  ///   from `recorded` are missing.
  func points(layer index: Int, _ recorded: [EndPoint: Tensor<Scalar>]) -> [EndPoint: Tensor<
    Scalar
  >] {
    let layers = architecture.layers
    let previous = architecture.endPoint(before: index)
    let given = index == 0 ? batch.images : recorded[previous.output]
    guard let given else { return [:] }
    var points: [EndPoint: Tensor<Scalar>] = [:]
    let forward = forward(layer: index, input: given)
    record(forward, layer: index, &points)
    if case .softmax = layers[index].operation {
      points[EndPoint.logits.gradient] = lossGradient(predictions: forward.output)
      points[.crossEntropy] = loss(logits: given)[.crossEntropy]
      return points
    }
    guard let gradient = recorded[layers[index].endPoint.gradient],
      let output = recorded[layers[index].endPoint.output]
    else { return points }
    let result = backward(layer: index, forward, gradient: gradient, output: output)
    for (name, value) in result.variables { points[.gradient(of: name)] = value }
    points[previous.gradient] = result.input
    return points
  }

  private func forward(layer index: Int, input: Tensor<Scalar>) -> Forward {
    let names = architecture.layers[index].variableNames
    guard let convolution = architecture.layers[index].convolution else {
      let keep = Scalar(options.keepProbability)
      let scaled = batch.dropoutMask.map {
        keptBy(index) == keep ? $0 : $0 * (keep / keptBy(index))
      }
      let forward = network.forward(
        layer: index, input: input, dropoutMask: scaled, options, accumulating: Sum<Scalar>.self)
      return Forward(
        input: forward.input, z: forward.preActivation, norm: nil, output: forward.output)
    }
    let read = index == 0 ? Operations.preprocess(input) : input
    let z = Operations.products(
      convolution, read, weights: network[names.weights], accumulating: Sum<Scalar>.self
    ).map(\.value)
    let norm = ScriptNorm(
      z, gamma: network[names.gamma].scalars, beta: network[names.beta].scalars,
      byImage: has(.statisticsByImage, at: index),
      epsilon: has(.batchNormEpsilon, at: index) ? 1e-5 : Architecture.batchNormEpsilon)
    return Forward(input: read, z: z, norm: norm, output: Operations.relu6(norm.output(z)))
  }

  /// By what the kept features are divided.
  private func keptBy(_ index: Int) -> Scalar {
    if has(.dropoutUnscaled, at: index) { return 1 }
    let keep = Scalar(options.keepProbability)
    return has(.dropoutRate, at: index) ? 1 - keep : keep
  }

  private func record(
    _ forward: Forward, layer index: Int, _ points: inout [EndPoint: Tensor<Scalar>]
  ) {
    let layer = architecture.layers[index]
    points[layer.endPoint.output] = forward.output
    guard let norm = forward.norm else { return }
    points[layer.endPoint.batchMean] = row(norm.channelMean)
    points[layer.endPoint.batchVariance] = row(norm.channelVariance)
    let count = norm.count
    let isUnbiased =
      options.movingVariance == .unbiased && count > 1
      && !has(.biasedMovingVariance, at: index)
    let factor = isUnbiased ? Scalar(count) / Scalar(count - 1) : 1
    let names = layer.variableNames
    points[.updated(names.movingMean)] = average(names.movingMean, norm.channelMean, index)
    points[.updated(names.movingVariance)] = average(
      names.movingVariance, norm.channelVariance.map { $0 * factor }, index)
  }

  private func average(_ name: String, _ values: [Scalar], _ index: Int) -> Tensor<Scalar> {
    if has(.staleAverages, at: index) { return network[name] }
    var momentum = options.batchNormMomentum
    if has(.swappedMomentum, at: index) { momentum = 1 - momentum }
    return row(
      Operations.movingAverage(network[name].scalars, batch: values, momentum: momentum))
  }

  // MARK: Backwards

  private var lastIndex: Int { architecture.layers.count - 1 }

  private func lossGradient(predictions: Tensor<Scalar>) -> Tensor<Scalar> {
    let gradient = Operations.crossEntropyGradient(predictions: predictions, labels: batch.labels)
    guard has(.sumForMean, at: lastIndex) else { return gradient }
    return gradient.map { $0 * Scalar(batch.labels.count) }
  }

  /// The terms of the loss by name.
  private func loss(logits: Tensor<Scalar>) -> [EndPoint: Tensor<Scalar>] {
    var crossEntropy = Operations.crossEntropy(logits, labels: batch.labels)
    if has(.sumForMean, at: lastIndex) { crossEntropy *= Scalar(batch.labels.count) }
    var regularization = Scalar(0)
    for layer in architecture.layers where layer.hasWeightDecay {
      regularization += Operations.weightDecay(
        network[layer.variableNames.weights], factor: Scalar(options.weightDecay))
    }
    return [
      .crossEntropy: row([crossEntropy]), .regularization: row([regularization]),
      .totalLoss: row([crossEntropy + regularization]),
    ]
  }

  private func backward(
    layer index: Int, _ forward: Forward, gradient: Tensor<Scalar>, output: Tensor<Scalar>
  ) -> (variables: [String: Tensor<Scalar>], input: Tensor<Scalar>) {
    let names = architecture.layers[index].variableNames
    switch architecture.layers[index].operation {
    case .globalPool:
      return ([:], Operations.globalMeanGradient(gradient, inputShape: forward.input.shape))
    case .logits:
      let result = Operations.fullyConnectedGradient(
        gradient, features: forward.input, weights: network[names.weights],
        accumulating: Sum<Scalar>.self)
      return (
        [
          names.weights: finished(result.weights.map(\.value), layer: index),
          names.biases: row(result.biases.map(\.value)),
        ],
        Operations.dropout(
          result.features.map(\.value), mask: batch.dropoutMask, keepProbability: keptBy(index))
      )
    case .convolution(let convolution):
      return backward(convolution, layer: index, forward, gradient: gradient, output: output)
    case .softmax: preconditionFailure("the way back begins at the logits")
    }
  }

  private func backward(
    _ convolution: Convolution, layer index: Int, _ forward: Forward, gradient: Tensor<Scalar>,
    output: Tensor<Scalar>
  ) -> (variables: [String: Tensor<Scalar>], input: Tensor<Scalar>) {
    let names = architecture.layers[index].variableNames
    guard let norm = forward.norm else { preconditionFailure("a convolution has batch norm") }
    let passed =
      has(.clampGradient, at: index) ? gradient : Operations.relu6Gradient(gradient, y: output)
    let result = norm.gradient(
      passed, forward.z, isDetached: has(.detachedStatistics, at: index))
    let weights = Operations.weightsGradient(
      convolution, forward.input,
      gradient: has(.borderGradient, at: index) ? withoutBorder(result.input) : result.input,
      accumulating: Sum<Scalar>.self)
    let input = Operations.inputGradient(
      convolution, result.input, weights: network[names.weights],
      inputShape: forward.input.shape, accumulating: Sum<Scalar>.self)
    let factor: Scalar = index == 0 ? 2 : 1
    return (
      [
        names.weights: finished(weights.map(\.value), layer: index),
        names.gamma: row(result.gamma), names.beta: row(result.beta),
      ], input.map { $0.value * factor }
    )
  }

  /// Weight decay on top, and channels in place.
  private func finished(_ gradient: Tensor<Scalar>, layer index: Int) -> Tensor<Scalar> {
    let layer = architecture.layers[index]
    var gradient = gradient
    if has(.transposedGradient, at: index) {
      let (rows, columns) = (gradient.shape[2], gradient.shape[3])
      let source = gradient
      for position in 0..<source.count {
        gradient[flat: position] = source[flat: position % rows * columns + position / rows]
      }
    }
    var factor: Scalar = layer.hasWeightDecay ? 1 : 0
    if has(.decayMissing, at: index) { factor = 0 }
    if has(.decayDoubled, at: index) { factor = 2 }
    if has(.decayDepthwise, at: index) { factor = 1 }
    factor *= Scalar(options.weightDecay)
    guard factor != 0 else { return gradient }
    let weights = network[layer.variableNames.weights]
    for position in 0..<gradient.count {
      gradient[flat: position] += factor * weights[flat: position]
    }
    return gradient
  }

  /// The same with zeros in the first and last row and column.
  private func withoutBorder(_ gradient: Tensor<Scalar>) -> Tensor<Scalar> {
    let (height, width) = (gradient.shape[1], gradient.shape[2])
    var result = gradient
    for index in 0..<gradient.count {
      let place = gradient.coordinates(of: index)
      let isInside =
        place[1] > 0 && place[1] < height - 1 && place[2] > 0 && place[2] < width - 1
      if !isInside { result[flat: index] = 0 }
    }
    return result
  }
}
