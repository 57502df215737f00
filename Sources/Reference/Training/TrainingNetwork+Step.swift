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
    let forward = forward(
      images: batch.images, dropoutMask: batch.dropoutMask, options,
      accumulating: Sum<Scalar>.self)
    let gradient = Operations.crossEntropyGradient(
      predictions: forward[forward.count - 1].output, labels: batch.labels)
    let pass = backward(
      from: .logits, gradient: gradient, through: forward, dropoutMask: batch.dropoutMask, options)
    var gradients = pass.gradients
    for (name, decay) in weightDecayGradients(options) {
      gradients[name]?.add(decay)
    }
    return TrainingStep(
      endPoints: forward.map(\.output), preActivations: forward.map(\.preActivation),
      statistics: forward.compactMap(\.statistics),
      loss: loss(forward, labels: batch.labels, options), gradients: gradients,
      imagesGradient: pass.imagesGradient, endPointGradients: pass.endPointGradients,
      movingAverages: movingAverages(after: forward, options))
  }

  /// The way back of any loss that depends on the images through one end point: for a step the logits,
  /// for a new last layer the pool.
  ///
  /// ```swift
  /// let forward = network.forward(images: images, dropoutMask: mask, accumulating: Sum<Double>.self)
  /// let pass = network.backward(
  ///   from: .globalPool, gradient: gradient, through: forward, dropoutMask: mask)
  /// ```
  ///
  /// - Parameters:
  ///   - endPoint: One of the architecture, but not the softmax.
  ///   - gradient: Of the loss by it, of its shape.
  ///   - forward: Every layer, in order.
  ///   - mask: Of the dropout in front of the logits, `[batch, channels]`; it does not matter to what
  ///     begins before.
  @specialized(where Scalar == Double, Terms == Sum<Double>)
  @specialized(where Scalar == Double, Terms == Moments)
  @specialized(where Scalar == Float, Terms == Sum<Float>)
  public func backward<Terms: Accumulator>(
    from endPoint: EndPoint, gradient: Tensor<Scalar>, through forward: [LayerForward<Terms>],
    dropoutMask mask: Tensor<Scalar>, _ options: TrainingOptions = TrainingOptions()
  ) -> BackwardPass<Scalar> where Terms.Scalar == Scalar {
    guard let last = architecture.endPoints.firstIndex(of: endPoint) else {
      preconditionFailure("there is no \(endPoint)")
    }
    precondition(gradient.shape == forward[last].output.shape)
    var gradient = gradient
    var gradients: [String: Tensor<Scalar>] = [:]
    var endPointGradients: [Tensor<Scalar>] = []
    for index in architecture.layers.indices[...last].reversed() {
      endPointGradients.append(gradient)
      let result = backward(
        layer: index, forward[index], gradient: gradient, dropoutMask: mask, options)
      gradient = result.input
      for (name, terms) in result.variables { gradients[name] = terms.map(\.value) }
    }
    return BackwardPass(
      gradients: gradients, imagesGradient: gradient,
      endPointGradients: endPointGradients.reversed())
  }

  /// Gradient of the weight decay by each of the 15 kernels that have it, by TensorFlow name.
  public func weightDecayGradients(
    _ options: TrainingOptions = TrainingOptions()
  ) -> [String: Tensor<Scalar>] {
    var gradients: [String: Tensor<Scalar>] = [:]
    for layer in architecture.layers where layer.hasWeightDecay {
      let name = layer.variableNames.weights
      gradients[name] = Operations.weightDecayGradient(
        self[name], factor: Scalar(options.weightDecay))
    }
    return gradients
  }

  /// Every layer forwards, each computed from the one before, with the batch's own statistics.
  ///
  /// - Parameters:
  ///   - images: `[batch, height, width, 3]` in [0, 1].
  ///   - mask: Of the dropout in front of the logits, `[batch, channels]`.
  /// - Returns: In order of the layers.
  @specialized(where Scalar == Double, Terms == Sum<Double>)
  @specialized(where Scalar == Double, Terms == Moments)
  @specialized(where Scalar == Float, Terms == Sum<Float>)
  public func forward<Terms: Accumulator>(
    images: Tensor<Scalar>, dropoutMask mask: Tensor<Scalar>,
    _ options: TrainingOptions = TrainingOptions(), accumulating: Terms.Type
  ) -> [LayerForward<Terms>] where Terms.Scalar == Scalar {
    var current = images
    return architecture.layers.indices.map { index in
      let layer = forward(
        layer: index, input: current, dropoutMask: mask, options, accumulating: Terms.self)
      current = layer.output
      return layer
    }
  }

  /// The loss of what went forwards.
  ///
  /// - Parameters:
  ///   - forward: Every layer, in order.
  ///   - labels: The right class of every image, from 0.
  public func loss<Terms: Accumulator>(
    _ forward: [LayerForward<Terms>], labels: [Int],
    _ options: TrainingOptions = TrainingOptions()
  ) -> TrainingLoss<Scalar> where Terms.Scalar == Scalar {
    var regularization = Scalar(0)
    for layer in architecture.layers where layer.hasWeightDecay {
      regularization += Operations.weightDecay(
        self[layer.variableNames.weights], factor: Scalar(options.weightDecay))
    }
    return TrainingLoss(
      crossEntropy: Operations.crossEntropy(forward[forward.count - 2].output, labels: labels),
      regularization: regularization)
  }

  /// The moving averages after what went forwards, by TensorFlow name.
  ///
  /// - Parameter forward: Every layer, in order.
  public func movingAverages<Terms: Accumulator>(
    after forward: [LayerForward<Terms>], _ options: TrainingOptions = TrainingOptions()
  ) -> [String: Tensor<Scalar>] where Terms.Scalar == Scalar {
    var averages: [String: Tensor<Scalar>] = [:]
    for (layer, statistics) in zip(architecture.layers, forward.map(\.statistics)) {
      guard let statistics else { continue }
      let variance =
        switch options.movingVariance {
        case .unbiased: statistics.unbiasedVariance
        case .biased: statistics.variance
        }
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

extension Tensor where Scalar: FloatingPoint {
  /// Adds a tensor of the same shape, element by element.
  fileprivate mutating func add(_ other: Tensor) {
    precondition(shape == other.shape)
    for index in 0..<count { self[flat: index] += other[flat: index] }
  }
}
