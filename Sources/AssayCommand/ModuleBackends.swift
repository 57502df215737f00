import AssayEngine
import Conformance
import HubModule
import MobileNet

/// Any subject behind the hub module. It computes all end points, whatever is wanted.
struct SubjectBackend: HubModule.Backend {
  let architecture: Architecture
  let subject: any Subject

  func endPoints(
    _ wanted: Set<EndPoint>, images: Tensor<Float>
  ) throws -> [EndPoint: Tensor<Float>] {
    try subject.endPoints(images: images)
  }
}

extension SubjectOptions {
  /// What computes for the hub module, with the fault if one is asked for.
  func makeBackend(_ parameters: Parameters) throws -> any HubModule.Backend {
    guard subject == .engine, inject == nil else {
      return SubjectBackend(
        architecture: parameters.architecture, subject: try makeSubject(parameters: parameters))
    }
    return try EngineBackend(parameters: parameters, isa: isa, threads: threads)
  }
}
