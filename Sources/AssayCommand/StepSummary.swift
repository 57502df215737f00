import Foundation
import Report

/// Appends to the file that `$GITHUB_STEP_SUMMARY` names.
enum StepSummary {
  /// GitHub refuses a longer summary of a step as a whole.
  private static let limit = 1024 * 1024

  /// Appends a text if there is such a file, and room in it. A verdict does not depend on that, so
  /// what goes wrong here is only said.
  ///
  /// - Parameter text: The text, of at most as many bytes as it is given.
  static func append(_ text: (_ limit: Int) -> String) {
    guard let path = GitHub.stepSummary else { return }
    do {
      try append(text, to: path)
    } catch {
      StandardError.print(
        "assay: \(path): cannot append the summary: \(error.localizedDescription)")
    }
  }

  private static func append(_ text: (_ limit: Int) -> String, to path: String) throws {
    if !FileManager.default.fileExists(atPath: path) {
      try Data().write(to: URL(filePath: path))
    }
    let file = try FileHandle(forWritingTo: URL(filePath: path))
    defer { try? file.close() }
    let size = Int(try file.seekToEnd())
    let room = limit - size - 1
    guard room >= MarkdownSummary.leastLimit else {
      StandardError.print("assay: \(path): there is no room for the summary")
      return
    }
    try file.write(contentsOf: Data(("\n" + text(room)).utf8))
  }
}
