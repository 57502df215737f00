import ArgumentParser
import Foundation

/// What a command that judges writes and prints, beside its files.
struct ReportOptions: ParsableArguments {
  @Option(name: .shortAndLong, help: ArgumentHelp("Where the reports go.", valueName: "DIR"))
  var output = "Reports/latest"

  @Flag(help: "Print only the verdict.")
  var quiet = false

  @Flag(help: "List first what does not pass, then what came nearest to its limit.")
  var failures = false

  @Flag(help: "Print the record as JSON in place of the table and the verdict.")
  var json = false

  @Flag(
    help: ArgumentHelp(
      "Print GitHub's workflow commands for what fails; without this, only within GitHub Actions."))
  var annotations = false

  func validate() throws {
    if quiet, json { throw ValidationError("--quiet and --json exclude each other") }
    if failures, quiet || json {
      throw ValidationError("--failures is about the table, which --quiet and --json leave out")
    }
  }

  /// Whether GitHub's annotations are wanted.
  var showsAnnotations: Bool { annotations || GitHub.isRunning }
}

/// What GitHub Actions says to the programs that it runs.
enum GitHub {
  static var isRunning: Bool { ProcessInfo.processInfo.environment["GITHUB_ACTIONS"] == "true" }

  /// The file whose text GitHub shows beside a run; `nil` elsewhere.
  static var stepSummary: String? {
    let path = ProcessInfo.processInfo.environment["GITHUB_STEP_SUMMARY"] ?? ""
    return path.isEmpty ? nil : path
  }
}
