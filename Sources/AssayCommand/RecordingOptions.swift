import ArgumentParser
import Conformance
import Golden

/// A recorded run in place of a subject that computes.
struct RecordingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Judge recorded activations instead of a subject.", valueName: "FILE.h5"))
  var activations: String?

  @Option(
    help: ArgumentHelp(
      "What the recorded engine declares of its arithmetic; may be repeated.",
      discussion: """
        NAME is one of folded-input-scaling, winograd-f2x3, winograd-f4x3. Its layers are judged by bounds \
        derived for that, and the verdict says so.
        """, valueName: "NAME"))
  var arithmetic: [DeclaredArithmetic] = []

  /// - Throws: `ValidationError` if the options of a subject contradict a recording.
  func validate(with options: SubjectOptions) throws {
    if activations != nil, options.inject != nil {
      throw ValidationError("--activations judges a file; --inject needs a subject that runs")
    }
    if activations == nil, !arithmetic.isEmpty {
      throw ValidationError("--arithmetic is about a recorded engine: give it with --activations")
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
      parametersSHA256: parametersFile.provenance.parametersSHA256, arithmetic: arithmetic)
  }

  /// The options as they are written on a command line.
  var arguments: [String] {
    (activations.map { ["--activations", $0] } ?? [])
      + arithmetic.flatMap { ["--arithmetic", $0.rawValue] }
  }
}

extension DeclaredArithmetic: ExpressibleByArgument {}
