import KernelInterface
import MobileNet

/// What a step has left behind, by name, for whoever wants to check it.
extension TrainingEngine {
  /// An end point of the last step.
  ///
  /// - Throws: ``EngineError/unknownEndPoint(_:)``.
  package func endPoint(_ endPoint: EndPoint) throws(EngineError) -> Tensor<Float> {
    guard let (index, layer) = architecture.layer(endPoint) else {
      throw .unknownEndPoint(endPoint)
    }
    let shape = architecture.shapes(images: images)[index]
    let head = plan.network.head
    switch layer.operation {
    case .convolution: return activations(plan.network.layers[index])
    case .globalPool: return head.features.tensor(shape)
    case .logits: return head.logits.tensor(shape)
    case .softmax: return head.predictions.tensor(shape)
    }
  }

  /// What the batch norm of a convolution read in the last step: the bare convolution.
  ///
  /// - Throws: ``EngineError/unknownEndPoint(_:)`` for what is no convolution.
  package func convolution(_ endPoint: EndPoint) throws(EngineError) -> Tensor<Float> {
    let output = try layer(endPoint).output
    return output.tensor([output.batch, output.height, output.width, output.channels])
  }

  /// Mean of the last step's batch, by channel.
  ///
  /// - Throws: ``EngineError/unknownEndPoint(_:)`` for what is no convolution.
  package func batchMean(_ endPoint: EndPoint) throws(EngineError) -> [Float] {
    try row(NormTable.mean, endPoint)
  }

  /// Biased variance of the last step's batch, by channel.
  ///
  /// - Throws: ``EngineError/unknownEndPoint(_:)`` for what is no convolution.
  package func batchVariance(_ endPoint: EndPoint) throws(EngineError) -> [Float] {
    try row(NormTable.variance, endPoint)
  }

  /// Gradient of the last step's loss with respect to a trainable variable, by its TensorFlow name.
  ///
  /// - Throws: ``EngineError/unknownVariable(_:)``, also for the moving averages.
  package func gradient(_ name: String) throws(EngineError) -> Tensor<Float> {
    guard store.isKnown(name), store.entry(name).variable.isTrainable else {
      throw .unknownVariable(name)
    }
    return store.gradientTensor(store.entry(name))
  }

  /// Gradient with respect to the images, of the last step that was asked for it.
  package func imageGradient() -> Tensor<Float> {
    Tensor(filling: images) { target in
      target.update(from: plan.imageGradient, count: images.reduce(1, *))
    }
  }

  /// One step, as ``step(images:labels:dropoutMask:settings:)`` does it, and the gradient of the loss
  /// with respect to every end point but the predictions, in the end point's shape.
  ///
  /// - Throws: ``EngineError`` as a step does.
  package func stepShowingGradients(
    images: Tensor<Float>, labels: [Int], dropoutMask: Tensor<Float>?,
    settings: TrainingSettings = TrainingSettings()
  ) throws(EngineError) -> (loss: TrainingLoss, gradients: [EndPoint: Tensor<Float>]) {
    let layers = plan.network.layers
    let targets = layers.map { layer in
      UnsafeMutableBufferPointer<Float>.allocate(
        capacity: layer.output.pixels * layer.output.channels)
    }
    defer { for target in targets { target.deallocate() } }
    for (layer, target) in zip(layers, targets) {
      plan.program.tap(layer: layer.index, target.baseAddress)
    }
    defer { for layer in layers { plan.program.tap(layer: layer.index, nil) } }
    let loss = try step(
      images: images, labels: labels, dropoutMask: dropoutMask, settings: settings)
    let shapes = architecture.shapes(images: self.images)
    let head = plan.network.head
    var gradients: [EndPoint: Tensor<Float>] = [
      .logits: head.logitsGradient.tensor(shapes[head.layer + 1]),
      .globalPool: head.featureGradient(plan.network.context, shapes[head.layer]),
    ]
    for (layer, target) in zip(layers, targets) {
      gradients[architecture.layers[layer.index].endPoint] = Tensor(
        shape: shapes[layer.index], scalars: Array(target))
    }
    return (loss, gradients)
  }

  /// A variable's present value, by its TensorFlow name.
  ///
  /// - Throws: ``EngineError/unknownVariable(_:)``.
  package func variable(_ name: String) throws(EngineError) -> Tensor<Float> {
    guard store.isKnown(name) else { throw .unknownVariable(name) }
    return store.tensor(store.entry(name))
  }

  /// All variables as they are now.
  ///
  /// - Throws: ``ParameterError`` if training has made one infinite or not a number.
  package func parameters() throws(ParameterError) -> Parameters {
    var tensors: [String: Tensor<Float>] = [:]
    for variable in architecture.variables {
      tensors[variable.name] = store.tensor(store.entry(variable.name))
    }
    return try Parameters(architecture: architecture, tensors: tensors)
  }

  private func layer(_ endPoint: EndPoint) throws(EngineError) -> TrainingLayer {
    guard let (index, layer) = architecture.layer(endPoint), layer.convolution != nil else {
      throw .unknownEndPoint(endPoint)
    }
    return plan.network.layers[index]
  }

  private func row(_ row: Int, _ endPoint: EndPoint) throws(EngineError) -> [Float] {
    let layer = try layer(endPoint)
    return Array(
      UnsafeBufferPointer(start: layer[norm: row], count: layer.convolution.outputChannels))
  }

  private func activations(_ layer: TrainingLayer) -> Tensor<Float> {
    let output = layer.output
    let memory = UnsafeMutablePointer<Float>.allocate(
      capacity: output.pixels * output.paddedChannels)
    defer { memory.deallocate() }
    plan.network.context.normalize(layer, 0..<output.pixels, into: memory)
    var activation = output
    activation.memory = memory
    return activation.tensor([output.batch, output.height, output.width, output.channels])
  }
}

extension TrainingHead {
  /// With respect to the features, before dropout.
  fileprivate func featureGradient(_ context: TrainingContext, _ shape: [Int]) -> Tensor<Float> {
    var gradient = droppedGradient.tensor(shape)
    for index in 0..<gradient.count {
      let (image, channel) = (index / features.channels, index % features.channels)
      gradient[flat: index] *=
        context.call.pointee.dropout[image * features.paddedChannels + channel]
    }
    return gradient
  }
}

extension Activation {
  /// The values without padding, under a shape of the same count.
  fileprivate func tensor(_ shape: [Int]) -> Tensor<Float> {
    Tensor(filling: shape) { copy(0..<pixels, to: $0) }
  }
}
