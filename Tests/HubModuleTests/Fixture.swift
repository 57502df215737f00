import Golden
import HubModule
import MobileNet

/// The embedded default, loaded once.
enum Fixture {
  static let file: Result<ParametersFile, any Error> = Result {
    try ParametersFile(reading: DefaultGolden.directory() + "/parameters.h5")
  }
  private static let made: Result<HubModule, any Error> = Result {
    try HubModule(parameters: DefaultGolden.directory() + "/parameters.h5")
  }
  private static let read: Result<GoldenCase, any Error> = Result {
    try GoldenFile(reading: DefaultGolden.directory() + "/inference.h5").readCase("hot_center")
  }

  private static let training: Result<HubModule, any Error> = Result {
    try HubModule(
      parameters: DefaultGolden.directory() + "/parameters.h5", tags: [.train], trainable: true)
  }

  static func module() throws -> HubModule { try made.get() }

  static func trainingModule() throws -> HubModule { try training.get() }

  /// A small case with TensorFlow's float64.
  static func golden() throws -> GoldenCase { try read.get() }
}

/// Yields nothing but predictions, all of them equal.
struct EvenBackend: HubModule.Backend {
  let architecture: Architecture

  func endPoints(_ wanted: Set<EndPoint>, images: Tensor<Float>) -> [EndPoint: Tensor<Float>] {
    let shape = [images.shape[0], architecture.numClasses]
    return [.predictions: Tensor(repeating: 1 / Float(architecture.numClasses), shape: shape)]
  }
}
