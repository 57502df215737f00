import ArgumentParser
import Conformance
import Foundation
import Golden
import MobileNet
import Report

/// `assay sweep`: one image at every size that pads differently.
struct SweepCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep",
    abstract: "Judges a subject at many image sizes, in batches of 1 and 3.",
    discussion: """
      The embedded sweep has the sizes 97 to 128 (each of the 32 combinations of parities once), \
      rectangles and extremes. At every size all end points are judged against the reference; \
      features and logits, and where the golden has more those too, against TensorFlow's. The verdict \
      is the last line on stdout. DIR gets the reports \
      that verify writes.
      """)

  @Argument(
    help: ArgumentHelp("Sweeps, such as DIR/sweep.h5; the embedded one, unless given."))
  var sweeps: [String] = []

  @Option(
    help: ArgumentHelp(
      "The network's parameters; parameters.h5 beside the first sweep, unless given.",
      valueName: "FILE"))
  var parameters: String?

  @Option(help: ArgumentHelp("Only the sizes that match, such as '12?x*'.", valueName: "GLOB"))
  var cases: String?

  @OptionGroup var subjectOptions: SubjectOptions
  @OptionGroup var policyOptions: PolicyOptions

  @Option(name: .shortAndLong, help: ArgumentHelp("Where the reports go.", valueName: "DIR"))
  var output = "Reports/latest"

  func run() async throws {
    let paths = sweeps.isEmpty ? [try DefaultGolden.directory() + "/sweep.h5"] : sweeps
    let (goldens, parametersFile) = try GoldenOptions.open(paths, parameters: parameters)
    let loaded = parametersFile.parameters
    let verification = Verification(
      parameters: loaded, subject: try subjectOptions.makeSubject(parameters: loaded),
      rebuild: subjectOptions.factory, profile: try policyOptions.readProfile(),
      waivers: try policyOptions.readWaivers(),
      selection: ConformanceRecord.Selection(cases: cases),
      explainArguments: (self.parameters.map { ["--parameters", $0] } ?? [])
        + subjectOptions.arguments)
    let record = try await Progress.showing("sweeping") {
      try await verification.run(goldens, progress: $0.update)
    }
    try ReportWriter(directory: OutputDirectory(path: output)).write(record)
    print(SweepText(record, usesColor: Terminal.usesColor).render())
    print("")
    print("report      \(output)/record.html")
    print(TextReport(record, usesColor: Terminal.usesColor).verdictLine)
    if !record.verdict.conforms { throw ExitCode(ExitStatus.doesNotConform.rawValue) }
  }
}
