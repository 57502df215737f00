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
    let process = makeProcess(executable, arguments, environment)
    if let directory { process.currentDirectoryURL = URL(filePath: directory) }
    process.standardOutput = try emptyFile(folder.path("output"))
    process.standardError = try emptyFile(folder.path("error"))
    try process.run()
    process.waitUntilExit()
    return CommandResult(
      status: process.terminationStatus, output: try text(folder.path("output")),
      error: try text(folder.path("error")))
  }

  /// Runs a program and ends it with SIGKILL as soon as a condition holds. What it prints is lost.
  ///
  /// - Returns: Whether it was killed: `false` if it came to its own end before.
  package static func kill(
    _ executable: String, _ arguments: [String], environment: [String: String] = [:],
    when condition: () throws -> Bool
  ) throws -> Bool {
    let process = makeProcess(executable, arguments, environment)
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    defer { process.waitUntilExit() }
    do {
      while process.isRunning, try !condition() { usleep(500) }
    } catch {
      process.terminate()
      throw error
    }
    guard process.isRunning else { return false }
    _ = Foundation.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    return process.terminationReason == .uncaughtSignal
  }

  private static func makeProcess(
    _ executable: String, _ arguments: [String], _ environment: [String: String]
  ) -> Process {
    let process = Process()
    process.executableURL = URL(filePath: executable)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.currentDirectoryURL = Repository.root
    process.standardInput = FileHandle.nullDevice
    return process
  }

  private static func emptyFile(_ path: String) throws -> FileHandle {
    try Data().write(to: URL(filePath: path))
    return try FileHandle(forWritingTo: URL(filePath: path))
  }

  private static func text(_ path: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
  }
}
