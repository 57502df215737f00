import ArgumentParser
import Conformance
import Foundation
import Golden
import MobileNet

/// Which golden files to read.
struct GoldenOptions: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "Golden files, such as DIR/inference.h5; the embedded default, unless given.",
      valueName: "golden"))
  var goldens: [String] = []

  @Option(
    help: ArgumentHelp(
      "The network's parameters; parameters.h5 beside the first golden, unless given.",
      valueName: "FILE"))
  var parameters: String?

  @Option(help: ArgumentHelp("Only the cases that match, such as 'hot_*'.", valueName: "GLOB"))
  var cases: String?

  /// Whether a case is among those asked for.
  func selects(_ name: String) -> Bool {
    cases.map { Glob($0).matches(name) } ?? true
  }

  /// The embedded default, as seen from the working directory where it lies below that.
  private static func embeddedInference() throws -> String {
    let path = try DefaultGolden.directory() + "/inference.h5"
    let current = FileManager.default.currentDirectoryPath + "/"
    return path.hasPrefix(current) ? String(path.dropFirst(current.count)) : path
  }

  /// Opens the goldens and the parameters that belong to them.
  ///
  /// - Parameter training: Whether goldens of training steps are welcome.
  func open(
    training: Bool = false
  ) throws -> (goldens: [GoldenFile], parameters: ParametersFile) {
    let paths = goldens.isEmpty ? [try Self.embeddedInference()] : goldens
    return try Self.open(paths, parameters: parameters, training: training)
  }

  /// Opens these goldens and the parameters that belong to them.
  static func open(
    _ paths: [String], parameters: String?, training: Bool = false
  ) throws -> (goldens: [GoldenFile], parameters: ParametersFile) {
    let files = try paths.map { try GoldenFile(reading: $0) }
    for file in files {
      try file.validate()
      // Nothing in it would be judged, and nobody would notice beside other files.
      if file.caseNames.isEmpty, !(training && file.kind == .training) {
        throw GoldenError(
          .wrongValue(expected: "a kind that has activations", found: "\"\(file.kind)\""),
          file: file.path, object: "/@kind",
          remedy: file.kind == .training
            ? "only verify and explain know steps of training"
            : "name an inference.h5 or a sweep.h5")
      }
    }
    // Every golden names the parameters that it was made with; they have to be these.
    let parametersFile = try files[0].readParameters(from: parameters)
    for file in files.dropFirst() { try file.check(parametersFile) }
    return (files, parametersFile)
  }
}
