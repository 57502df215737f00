import ArgumentParser
import Conformance
import Foundation
import Report

/// `assay verify`: the main job.
struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Judges a subject against golden files, layer by layer.",
    discussion: """
      The verdict is the last line on stdout. DIR gets record.json, from which report renders the \
      rest again: record.html, record.md, the short summary.md, record.junit.xml and badge.json. \
      Where $GITHUB_STEP_SUMMARY names a file, the summary is appended to it.
      """)

  @OptionGroup var goldenOptions: GoldenOptions
  @OptionGroup var subjectOptions: SubjectOptions
  @OptionGroup var reportOptions: ReportOptions

  @Option(
    help: ArgumentHelp("Only the end points that match, such as '*_depthwise'.", valueName: "GLOB"))
  var layers: String?

  func run() async throws {
    let (goldens, parametersFile) = try goldenOptions.open()
    let subject = try subjectOptions.makeSubject(parameters: parametersFile.parameters)
    let verification = Verification(
      parameters: parametersFile.parameters, subject: subject,
      selection: ConformanceRecord.Selection(cases: goldenOptions.cases, layers: layers))
    let progress = Progress(label: "verifying")
    let record: ConformanceRecord
    do {
      record = try await verification.run(goldens) { progress.update($0, of: $1) }
      progress.finish()
    } catch {
      progress.finish()
      throw error
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
      FileHandle.standardOutput.write(try record.json() + Data("\n".utf8))
      return
    }
    if !reportOptions.quiet {
      print(TextReport(record, usesColor: Terminal.usesColor).render())
      print("")
      print("report      \(reportOptions.output)/record.html")
    }
    annotations.forEach { print($0) }
    print(record.verdict.line)
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
