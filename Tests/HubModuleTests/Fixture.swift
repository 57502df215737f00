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

  static func module() throws -> HubModule { try made.get() }

  /// A small case with TensorFlow's float64.
  static func golden() throws -> GoldenCase { try read.get() }
}
