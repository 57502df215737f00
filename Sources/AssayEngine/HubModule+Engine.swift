import Golden
import HubModule

extension HubModule {
  /// Loads the module's parameters; the optimized float32 engine computes.
  ///
  /// ```swift
  /// import Assay
  /// import AssayEngine
  ///
  /// let module = try HubModule(parameters: "parameters.h5", engineThreads: 2)
  /// ```
  ///
  /// - Parameters:
  ///   - path: A `parameters.h5`.
  ///   - tags: None for inference, or ``Tag/train``.
  ///   - trainable: Whether the variables are there to be trained.
  ///   - threads: At least 1, the caller's included.
  /// - Throws: `GoldenError` if the file cannot be read or is not what it must be; an error that says so
  ///   if there are no such threads, or the environment variable `ASSAY_ISA` names kernels that cannot
  ///   run here.
  public init(
    parameters path: String, tags: Set<Tag> = [], trainable: Bool = false,
    engineThreads threads: Int
  ) throws {
    let file = try ParametersFile(reading: path)
    if tags.contains(.train) {
      self.init(
        file, trainable: trainable,
        trainingBackend: try EngineTrainingBackend(parameters: file.parameters, threads: threads))
    } else {
      self.init(
        file, trainable: trainable,
        backend: try EngineBackend(parameters: file.parameters, threads: threads))
    }
  }
}
