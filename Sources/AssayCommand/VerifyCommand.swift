import ArgumentParser
import Conformance
import Foundation
import Golden
import MobileNet
import Report

/// `assay verify`: the main job.
struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Judges a subject against golden files, layer by layer.",
    discussion: """
      The verdict is the last line on stdout. DIR gets record.json, from which report renders the \
      rest again: record.html, record.md, the short summary.md, record.junit.xml and badge.json. \
      Where $GITHUB_STEP_SUMMARY names a file, the summary is appended to it. \
      With --activations a recorded run is judged: a file that assay run or an engine of your own \
      wrote, with the golden's images, under the golden's case names; end points that it lacks are \
      NOT_RUN. A training.h5 among the goldens has steps of training judged; they are NOT_RUN of a \
      recorded run, which has none.
      """)

  @OptionGroup var goldenOptions: GoldenOptions
  @OptionGroup var subjectOptions: SubjectOptions
  @OptionGroup var recordingOptions: RecordingOptions
  @OptionGroup var policyOptions: PolicyOptions
  @OptionGroup var reportOptions: ReportOptions

  @Option(
    help: ArgumentHelp(
      "Only the end points, or points of training, that match, such as '*_depthwise*'.",
      valueName: "GLOB"))
  var layers: String?

  @Flag(help: "Measure what one unit in the last place of the images does to every end point.")
  var conditioning = false

  func validate() throws { try recordingOptions.validate(with: subjectOptions) }

  func run() async throws {
    let (goldens, parametersFile) = try goldenOptions.open(training: true)
    let parameters = parametersFile.parameters
    let verification = Verification(
      parameters: parameters,
      subject: try recordingOptions.makeSubject(parametersFile, else: subjectOptions),
      rebuild: recordingOptions.activations == nil ? subjectOptions.factory : nil,
      trainingSubject: recordingOptions.activations == nil
        ? try subjectOptions.makeTrainingSubject(parameters: parameters) : nil,
      profile: try policyOptions.readProfile(), waivers: try policyOptions.readWaivers(),
      selection: ConformanceRecord.Selection(cases: goldenOptions.cases, layers: layers),
      measuresConditioning: conditioning, explainArguments: explainArguments)
    let record = try await Progress.showing("verifying") {
      try await verification.run(goldens, progress: $0.update)
    }
    try ReportWriter(directory: OutputDirectory(path: reportOptions.output)).write(record)
    StepSummary.append { MarkdownSummary(record).render(limit: $0) }
    try show(record)
    if !record.verdict.conforms { throw ExitCode(ExitStatus.doesNotConform.rawValue) }
  }

  /// The table and the verdict, or as little as was asked for.
  private func show(_ record: ConformanceRecord) throws {
    let annotations = reportOptions.showsAnnotations ? GitHubAnnotations(record).render() : []
    if reportOptions.json {
      // The annotations must not get into the JSON; GitHub reads both streams.
      annotations.forEach { StandardError.print($0) }
      try StandardOutput.print(json: record)
      return
    }
    let text = TextReport(
      record, usesColor: Terminal.usesColor, isWorstFirst: reportOptions.failures)
    if !reportOptions.quiet {
      print(text.render())
      print("")
      if let conditioning = conditioningLine(record) { print(conditioning) }
      print("report      \(reportOptions.output)/record.html")
    }
    annotations.forEach { print($0) }
    print(text.verdictLine)
  }

  /// What `assay explain` has to be given to look at the same subject.
  private var explainArguments: [String] {
    let parameters = goldenOptions.parameters.map { ["--parameters", $0] } ?? []
    let subject =
      recordingOptions.activations == nil ? subjectOptions.arguments : recordingOptions.arguments
    return parameters + subject
  }

  /// Where a change of the images grows most; `nil` if that was not measured.
  private func conditioningLine(_ record: ConformanceRecord) -> String? {
    let factors = record.cases.flatMap { item in
      item.endPoints.compactMap { endPoint in
        endPoint.conditioning.map { (factor: $0, endPoint: endPoint.name, caseName: item.name) }
      }
    }
    guard let worst = factors.max(by: { $0.factor < $1.factor }) else { return nil }
    return "conditioning a relative change of the images grows by up to \(format(worst.factor)), "
      + "in \(worst.endPoint) of case \(worst.caseName)"
  }
}

/// What stdout can show.
enum Terminal {
  /// Colour only for people, and only if they have not declined it (no-color.org).
  static var usesColor: Bool {
    isatty(STDOUT_FILENO) != 0
      && (ProcessInfo.processInfo.environment["NO_COLOR"] ?? "").isEmpty
  }
}
