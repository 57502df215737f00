import Foundation

/// A finished process.
package struct CommandResult: Sendable {
  package let status: Int32
  package let output: String
  package let error: String
}

/// Runs programs and captures what they print.
package enum Command {
  /// Runs a program to its end.
  ///
  /// - Parameters:
  ///   - executable: Its path.
  ///   - environment: Added to this process's own.
  ///   - directory: Where it runs, by default the top of the checkout.
  package static func run(
    _ executable: String, _ arguments: [String] = [], environment: [String: String] = [:],
    directory: String? = nil
  ) throws -> CommandResult {
    // Files, not pipes: a pipe that nobody empties stops the process.
    let folder = try TemporaryDirectory()
    let process = Process()
    process.executableURL = URL(filePath: executable)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.currentDirectoryURL = directory.map { URL(filePath: $0) } ?? Repository.root
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try emptyFile(folder.path("output"))
    process.standardError = try emptyFile(folder.path("error"))
    try process.run()
    process.waitUntilExit()
    return CommandResult(
      status: process.terminationStatus, output: try text(folder.path("output")),
      error: try text(folder.path("error")))
  }

  private static func emptyFile(_ path: String) throws -> FileHandle {
    try Data().write(to: URL(filePath: path))
    return try FileHandle(forWritingTo: URL(filePath: path))
  }

  private static func text(_ path: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
  }
}
