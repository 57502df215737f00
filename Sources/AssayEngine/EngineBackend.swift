import Engine
import HubModule
import MobileNet

/// The optimized float32 engine behind the hub module, for inference.
public struct EngineBackend: HubModule.Backend {
  private let engine: Engine

  /// Folds and packs the weights, and starts the threads.
  ///
  /// - Parameter threads: At least 1, the caller's included.
  /// - Throws: An error that says so if there are no such threads, or the environment variable
  ///   `ASSAY_ISA` names kernels that cannot run here.
  public init(parameters: Parameters, threads: Int = 1) throws {
    try self.init(parameters: parameters, isa: nil, threads: threads)
  }

  /// - Parameter isa: The kernels to use; `nil` for the best there are.
  package init(parameters: Parameters, isa: InstructionSet?, threads: Int) throws(EngineError) {
    engine = try Engine(parameters: parameters, isa: isa, threads: threads)
  }

  public var architecture: Architecture { engine.architecture }

  public func endPoints(
    _ wanted: Set<EndPoint>, images: Tensor<Float>
  ) throws -> [EndPoint: Tensor<Float>] {
    try engine.endPoints(wanted, images: images)
  }

  public func replacing(_ parameters: Parameters) throws -> any HubModule.Backend {
    try EngineBackend(
      parameters: parameters, isa: engine.instructionSet, threads: engine.threads)
  }
}
