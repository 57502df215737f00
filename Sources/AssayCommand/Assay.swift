import ArgumentParser
import Conformance

/// The command-line program.
@main
struct Assay: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "assay",
    abstract: "Says whether a float32 engine computes MobileNet V1 as the checkpoint defines it.",
    discussion: """
      Exit status: 0 conforms, 1 does not conform, 64 usage, 65 bad data, 66 cannot read, \
      70 internal error.
      """,
    version: Verification.assayVersion,
    subcommands: [
      VerifyCommand.self, SweepCommand.self, ExplainCommand.self, FaultsCommand.self,
      RunCommand.self, InspectCommand.self, BenchCommand.self, ClassifyCommand.self,
      GateCommand.self, ReportCommand.self,
    ])

  static func main() async {
    do {
      var command = try parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch {
      ExitStatus.end(with: error)
    }
  }
}
