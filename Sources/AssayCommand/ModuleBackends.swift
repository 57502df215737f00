import Conformance
import Engine
import HubModule
import MobileNet

/// The built-in engine behind the hub module.
struct EngineBackend: HubModule.Backend {
  let engine: Engine

  var architecture: Architecture { engine.architecture }

  func endPoints(
    _ wanted: Set<EndPoint>, images: Tensor<Float>
  ) throws -> [EndPoint: Tensor<Float>] {
    try engine.endPoints(wanted, images: images)
  }

  func replacing(_ parameters: Parameters) throws -> any HubModule.Backend {
    EngineBackend(
      engine: try Engine(
        parameters: parameters, isa: engine.instructionSet, threads: engine.threads))
  }
}

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
    return EngineBackend(
      engine: try Engine(parameters: parameters, isa: isa, threads: threads))
  }
}
