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
      The verdict is the last line on stdout. DIR gets record.json, record.html and record.md.
      """)

  @OptionGroup var goldenOptions: GoldenOptions
  @OptionGroup var subjectOptions: SubjectOptions

  @Option(
    help: ArgumentHelp("Only the end points that match, such as '*_depthwise'.", valueName: "GLOB"))
  var layers: String?

  @Option(name: .shortAndLong, help: ArgumentHelp("Where the reports go.", valueName: "DIR"))
  var output = "Reports/latest"

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
    try writeReports(record)
    print(TextReport(record, usesColor: Terminal.usesColor).render())
    print("")
    print("report      \(output)/record.html")
    print(record.verdict.line)
    if !record.verdict.conforms { throw ExitCode(ExitStatus.doesNotConform.rawValue) }
  }

  private func writeReports(_ record: ConformanceRecord) throws {
    let directory = try OutputDirectory(path: output)
    try directory.write(try record.json(), to: "record.json")
    try directory.write(Data(try HTMLReport(record).render().utf8), to: "record.html")
    try directory.write(Data(MarkdownReport(record).render().utf8), to: "record.md")
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
