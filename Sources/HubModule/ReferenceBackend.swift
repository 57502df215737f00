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
}
