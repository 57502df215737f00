import Foundation

/// Python with h5py and numpy, in the environment that `Scripts/python-tools` makes.
package enum PythonTools {
  /// Why tests that need it are skipped.
  package static let hint: String = "run Scripts/python-tools first"

  package static let isAvailable = FileManager.default.isExecutableFile(atPath: python)

  private static let python = Repository.path(".venv-tools/bin/python3")

  /// Runs a Python program given as text and returns what it prints.
  ///
  /// - Parameter arguments: `sys.argv[1:]`.
  /// - Throws: ``PythonError`` with what it printed to stderr, unless it exits with 0.
  @discardableResult
  package static func run(_ program: String, _ arguments: [String] = []) throws -> String {
    let result = try Command.run(python, ["-c", program] + arguments)
    guard result.status == 0 else { throw PythonError(description: result.error) }
    return result.output
  }
}

/// A Python program failed.
package struct PythonError: Error, CustomStringConvertible {
  package let description: String
}
