import MobileNet
import RealModule

extension TrainingNetwork {
  /// Computes one step of training: forwards, the loss, backwards. No variable changes.
  ///
  /// - Precondition: The batch was checked against this architecture.
  @specialized(where Scalar == Double)
  @specialized(where Scalar == Float)
  public func step(
    _ batch: TrainingBatch<Scalar>, _ options: TrainingOptions = TrainingOptions()
  ) -> TrainingStep<Scalar> {
    let forward = forward(batch, options)
    let loss = loss(ofLogits: forward[forward.count - 2].output, batch, options)
    var gradient = Operations.crossEntropyGradient(
      predictions: forward[forward.count - 1].output, labels: batch.labels)

    var gradients: [String: Tensor<Scalar>] = [:]
    var endPointGradients: [Tensor<Scalar>] = []
    for index in architecture.layers.indices.dropLast().reversed() {
      endPointGradients.append(gradient)
      let result = backward(
        layer: index, forward[index], gradient: gradient, dropoutMask: batch.dropoutMask, options)
      gradient = result.input
      for (name, terms) in result.variables {
        gradients[name] = totalGradient(terms.map(\.value), of: name, layer: index, options)
      }
    }
    return TrainingStep(
      endPoints: forward.map(\.output), preActivations: forward.map(\.preActivation),
      statistics: forward.compactMap(\.statistics), loss: loss, gradients: gradients,
      imagesGradient: gradient, endPointGradients: endPointGradients.reversed(),
      movingAverages: movingAverages(forward.map(\.statistics), options))
  }

  /// The loss alone, without the way back.
  ///
  /// - Precondition: The batch was checked against this architecture.
  @specialized(where Scalar == Double)
  @specialized(where Scalar == Float)
  public func loss(
    _ batch: TrainingBatch<Scalar>, _ options: TrainingOptions = TrainingOptions()
  ) -> TrainingLoss<Scalar> {
    let forward = forward(batch, options)
    return loss(ofLogits: forward[forward.count - 2].output, batch, options)
  }

  /// Every layer, each computed from the one before.
  private func forward(
    _ batch: TrainingBatch<Scalar>, _ options: TrainingOptions
  ) -> [LayerForward<Sum<Scalar>>] {
    var current = batch.images
    return architecture.layers.indices.map { index in
      let layer = forward(
        layer: index, input: current, dropoutMask: batch.dropoutMask, options,
        accumulating: Sum<Scalar>.self)
      current = layer.output
      return layer
    }
  }

  private func loss(
    ofLogits logits: Tensor<Scalar>, _ batch: TrainingBatch<Scalar>, _ options: TrainingOptions
  ) -> TrainingLoss<Scalar> {
    var regularization = Scalar(0)
    for layer in architecture.layers where layer.hasWeightDecay {
      regularization += Operations.weightDecay(
        self[layer.variableNames.weights], factor: Scalar(options.weightDecay))
    }
    return TrainingLoss(
      crossEntropy: Operations.crossEntropy(logits, labels: batch.labels),
      regularization: regularization)
  }

  /// The gradient of the cross-entropy by a variable, and that of the weight decay with it.
  private func totalGradient(
    _ gradient: Tensor<Scalar>, of name: String, layer index: Int, _ options: TrainingOptions
  ) -> Tensor<Scalar> {
    let layer = architecture.layers[index]
    guard layer.hasWeightDecay, name == layer.variableNames.weights else { return gradient }
    let (weights, factor) = (self[name], Scalar(options.weightDecay))
    var total = gradient
    for index in 0..<weights.count { total[flat: index] += factor * weights[flat: index] }
    return total
  }

  private func movingAverages(
    _ statistics: [BatchStatistics<Sum<Scalar>>?], _ options: TrainingOptions
  ) -> [String: Tensor<Scalar>] {
    var averages: [String: Tensor<Scalar>] = [:]
    for (layer, statistics) in zip(architecture.layers, statistics) {
      guard let statistics else { continue }
      let variance =
        options.movingVariance == .unbiased ? statistics.unbiasedVariance : statistics.variance
      let names = layer.variableNames
      for (name, batch) in [(names.movingMean, statistics.mean), (names.movingVariance, variance)] {
        averages[name] = Tensor(
          shape: [batch.count],
          scalars: Operations.movingAverage(
            self[name].scalars, batch: batch, momentum: options.batchNormMomentum))
      }
    }
    return averages
  }
}
