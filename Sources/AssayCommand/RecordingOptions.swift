import ArgumentParser
import Conformance
import Golden

/// A recorded run in place of a subject that computes.
struct RecordingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Judge recorded activations instead of a subject.", valueName: "FILE.h5"))
  var activations: String?

  /// - Throws: `ValidationError` if the options of a subject contradict a recording.
  func validate(with options: SubjectOptions) throws {
    if activations != nil, options.inject != nil {
      throw ValidationError("--activations judges a file; --inject needs a subject that runs")
    }
  }

  /// The recording, or else the subject that the options ask for.
  func makeSubject(
    _ parametersFile: ParametersFile, else options: SubjectOptions
  ) throws -> any Subject {
    guard let activations else {
      return try options.makeSubject(parameters: parametersFile.parameters)
    }
    return try RecordedSubject(
      try GoldenFile(reading: activations),
      parametersSHA256: parametersFile.provenance.parametersSHA256)
  }

  /// The option as it is written on a command line.
  var arguments: [String] { activations.map { ["--activations", $0] } ?? [] }
}
