import Foundation

/// A line on stderr that counts finished cases, only where someone can see it.
final class Progress: Sendable {
  private let isVisible: Bool
  private let label: String

  init(label: String) {
    self.label = label
    isVisible = isatty(STDERR_FILENO) != 0
  }

  func update(_ done: Int, of total: Int) {
    guard isVisible else { return }
    let width = 30
    let filled = width * done / max(total, 1)
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    FileHandle.standardError.write(Data("\r\(label) \(bar) \(done)/\(total)".utf8))
  }

  /// Removes the line.
  func finish() {
    guard isVisible else { return }
    FileHandle.standardError.write(Data("\r\u{1B}[K".utf8))
  }
}
