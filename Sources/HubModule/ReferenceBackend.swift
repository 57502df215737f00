import MobileNet
import Reference

/// The reference in float64, rounded once to float32 at every end point.
struct ReferenceBackend: HubModule.Backend {
  private let network: ReferenceNetwork<Double>

  init(parameters: Parameters) {
    network = ReferenceNetwork(parameters: parameters)
  }

  var architecture: Architecture { network.architecture }

  func endPoints(
    _ wanted: Set<EndPoint>, images: Tensor<Float>
  ) -> [EndPoint: Tensor<Float>] {
    var result: [EndPoint: Tensor<Float>] = [:]
    var current = Tensor<Double>(images)
    for (index, layer) in architecture.layers.enumerated() where result.count < wanted.count {
      current = network.output(layer: index, input: current)
      if wanted.contains(layer.endPoint) { result[layer.endPoint] = Tensor(current) }
    }
    return result
  }

  func replacing(_ parameters: Parameters) -> any HubModule.Backend {
    ReferenceBackend(parameters: parameters)
  }
}

/// The reference's training mode in float64, rounded once to float32 at every end point and moving
/// average.
struct ReferenceTrainingBackend: HubModule.TrainingBackend {
  private let network: TrainingNetwork<Double>

  init(parameters: Parameters) {
    network = TrainingNetwork(parameters: parameters)
  }

  var architecture: Architecture { network.architecture }

  func forward(
    _ wanted: Set<EndPoint>, images: Tensor<Float>, batchNormMomentum momentum: Float,
    dropoutMask: Tensor<Float>?
  ) -> TrainingOutputs {
    let options = options(momentum)
    let layers = network.forward(
      images: Tensor(images), dropoutMask: mask(dropoutMask, images), options,
      accumulating: Sum<Double>.self)
    return outputs(layers, wanted, options)
  }

  func gradients(
    from endPoint: EndPoint, images: Tensor<Float>, batchNormMomentum momentum: Float,
    dropoutMask: Tensor<Float>?,
    of lossGradient: (_ output: Tensor<Float>) throws -> Tensor<Float>
  ) throws -> TrainingGradients {
    let options = options(momentum)
    let mask = mask(dropoutMask, images)
    let layers = network.forward(
      images: Tensor(images), dropoutMask: mask, options, accumulating: Sum<Double>.self)
    let outputs = outputs(layers, [endPoint], options)
    guard let output = outputs.endPoints[endPoint] else {
      throw HubModuleError.unknownEndPoint(endPoint)
    }
    let pass = network.backward(
      from: endPoint, gradient: Tensor(try lossGradient(output)), through: layers,
      dropoutMask: mask, options)
    return TrainingGradients(outputs: outputs, variables: pass.gradients.mapValues { Tensor($0) })
  }

  private func options(_ momentum: Float) -> TrainingOptions {
    var options = TrainingOptions()
    options.batchNormMomentum = Double(momentum)
    return options
  }

  private func mask(_ mask: Tensor<Float>?, _ images: Tensor<Float>) -> Tensor<Double> {
    mask.map { Tensor($0) }
      ?? Tensor(repeating: 1, shape: [images.shape[0], architecture.featureChannels])
  }

  private func outputs(
    _ layers: [LayerForward<Sum<Double>>], _ wanted: Set<EndPoint>, _ options: TrainingOptions
  ) -> TrainingOutputs {
    var endPoints: [EndPoint: Tensor<Float>] = [:]
    for (layer, values) in zip(architecture.layers, layers) where wanted.contains(layer.endPoint) {
      endPoints[layer.endPoint] = Tensor(values.output)
    }
    return TrainingOutputs(
      endPoints: endPoints,
      movingAverages: network.movingAverages(after: layers, options).mapValues { Tensor($0) })
  }

  func replacing(_ parameters: Parameters) -> any HubModule.TrainingBackend {
    ReferenceTrainingBackend(parameters: parameters)
  }
}
