import Engine
import HubModule
import MobileNet
import Synchronization

/// The float32 training engine behind the hub module's tag `train`.
///
/// It has memory for images of one shape, that of the last call. May be used from several threads; calls
/// take turns.
public final class EngineTrainingBackend: HubModule.TrainingBackend {
  private let parameters: Parameters
  private let isa: InstructionSet
  private let threads: Int
  private let engine = Mutex<TrainingEngine?>(nil)

  /// - Parameter threads: At least 1, the caller's included.
  /// - Throws: An error that says so if the environment variable `ASSAY_ISA` names kernels that cannot
  ///   run here.
  public convenience init(parameters: Parameters, threads: Int = 1) throws {
    try self.init(parameters: parameters, isa: nil, threads: threads)
  }

  /// - Parameter isa: The kernels to use; `nil` for the best there are.
  package init(parameters: Parameters, isa: InstructionSet?, threads: Int) throws(EngineError) {
    self.parameters = parameters
    self.isa = if let isa { isa } else { try InstructionSet.preferred() }
    self.threads = threads
  }

  public var architecture: Architecture { parameters.architecture }

  public func forward(
    _ wanted: Set<EndPoint>, images: Tensor<Float>, batchNormMomentum momentum: Float,
    dropoutMask: Tensor<Float>?
  ) throws -> TrainingOutputs {
    try withEngine(images) { engine in
      try engine.forward(
        images: images, dropoutMask: dropoutMask, settings: settings(momentum))
      return try outputs(of: engine, wanted)
    }
  }

  public func gradients(
    from endPoint: EndPoint, images: Tensor<Float>, batchNormMomentum momentum: Float,
    dropoutMask: Tensor<Float>?,
    of lossGradient: (_ output: Tensor<Float>) throws -> Tensor<Float>
  ) throws -> TrainingGradients {
    try withEngine(images) { engine in
      try engine.forward(
        images: images, dropoutMask: dropoutMask, settings: settings(momentum))
      let outputs = try outputs(of: engine, [endPoint])
      let output = try engine.endPoint(endPoint)
      try engine.backward(from: endPoint, gradient: try lossGradient(output), images: images)
      var variables: [String: Tensor<Float>] = [:]
      for layer in architecture.layers where endPoint == .logits || layer.endPoint != .logits {
        for variable in layer.variables where variable.isTrainable {
          variables[variable.name] = try engine.gradient(variable.name)
        }
      }
      return TrainingGradients(outputs: outputs, variables: variables)
    }
  }

  public func replacing(_ parameters: Parameters) throws -> any HubModule.TrainingBackend {
    try EngineTrainingBackend(parameters: parameters, isa: isa, threads: threads)
  }

  /// Calls `body` with an engine for images of this shape that has the module's variables.
  private func withEngine<Result>(
    _ images: Tensor<Float>, _ body: (TrainingEngine) throws -> sending Result
  ) throws -> sending Result {
    try engine.withLock { engine in
      let ready: TrainingEngine
      if let found = engine, found.images == images.shape {
        // A call has moved the averages.
        found.load(parameters)
        ready = found
      } else {
        ready = try TrainingEngine(
          parameters: parameters, images: images.shape, isa: isa, threads: threads)
        engine = ready
      }
      return try body(ready)
    }
  }

  /// The original network's, but that the weight decay is the module's business.
  private func settings(_ momentum: Float) -> TrainingSettings {
    TrainingSettings(batchNormMomentum: Double(momentum), weightDecay: 0)
  }

  private func outputs(
    of engine: TrainingEngine, _ wanted: Set<EndPoint>
  ) throws -> TrainingOutputs {
    var outputs = TrainingOutputs(endPoints: [:])
    for endPoint in wanted { outputs.endPoints[endPoint] = try engine.endPoint(endPoint) }
    for variable in architecture.variables where !variable.isTrainable {
      outputs.movingAverages[variable.name] = try engine.variable(variable.name)
    }
    return outputs
  }
}
