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
    var options = TrainingOptions()
    options.batchNormMomentum = Double(momentum)
    let shape = [images.shape[0], architecture.featureChannels]
    let layers = network.forward(
      images: Tensor(images),
      dropoutMask: dropoutMask.map { Tensor($0) } ?? Tensor(repeating: 1, shape: shape), options,
      accumulating: Sum<Double>.self)
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
