import ArgumentParser
import Conformance
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

  /// Opens the goldens and the parameters that belong to them.
  func open() throws -> (goldens: [GoldenFile], parameters: ParametersFile) {
    let paths = goldens.isEmpty ? [try DefaultGolden.directory() + "/inference.h5"] : goldens
    let files = try paths.map { try GoldenFile(reading: $0) }
    for file in files { try file.validate() }
    // Every golden names the parameters that it was made with; they have to be these.
    let parametersFile = try files[0].readParameters(from: parameters)
    for file in files.dropFirst() { _ = try file.readParameters(from: parametersFile.path) }
    return (files, parametersFile)
  }
}
