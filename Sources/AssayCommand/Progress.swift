import Foundation

/// A line on stderr that counts finished cases, only where someone can see it.
final class Progress: Sendable {
  private let isVisible: Bool
  private let label: String

  private init(label: String) {
    self.label = label
    isVisible = isatty(STDERR_FILENO) != 0
  }

  /// Shows the line while `body` works, and removes it however that ends.
  static func showing<Result>(
    _ label: String, _ body: (Progress) async throws -> Result
  ) async rethrows -> Result {
    let progress = Progress(label: label)
    defer { progress.hide() }
    return try await body(progress)
  }

  func update(_ done: Int, of total: Int) {
    guard isVisible else { return }
    let width = 30
    let filled = width * done / max(total, 1)
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    FileHandle.standardError.write(Data("\r\(label) \(bar) \(done)/\(total)".utf8))
  }

  /// Removes the line until the next update, for others to write.
  func hide() {
    guard isVisible else { return }
    FileHandle.standardError.write(Data("\r\u{1B}[K".utf8))
  }
}
