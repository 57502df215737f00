import Foundation
import TestSupport

/// The program under test, as it was built beside these tests.
enum Program {
  static let path: String = {
    let tests = Bundle.main.executableURL ?? URL(filePath: CommandLine.arguments[0])
    return tests.resolvingSymlinksInPath().deletingLastPathComponent()
      .appending(path: "assay").path(percentEncoded: false)
  }()

  static func run(_ arguments: String...) throws -> CommandResult { try run(arguments) }

  static func run(_ arguments: [String]) throws -> CommandResult {
    try Command.run(path, arguments, environment: environment)
  }

  /// Runs it and kills it as soon as a condition holds; whether that was before it ended.
  static func kill(_ arguments: String..., when condition: () throws -> Bool) throws -> Bool {
    try Command.kill(path, arguments, environment: environment, when: condition)
  }

  /// Runs it where files have room for so many KiB, as on a disk that is nearly full.
  static func run(filesUpTo limit: Int, _ arguments: [String]) throws -> CommandResult {
    try Command.run(
      "/bin/bash",
      ["-c", "trap '' XFSZ; ulimit -f \(limit); exec \"$0\" \"$@\"", path] + arguments,
      environment: environment)
  }

  private static let environment = [
    "NO_COLOR": "1", "GITHUB_ACTIONS": "", "GITHUB_STEP_SUMMARY": "",
  ]
}

/// A small golden beside its parameters, made from the embedded default: one case of 33 x 33, and one
/// flaw if asked for.
struct SmallGolden {
  let folder: TemporaryDirectory
  var inference: String { folder.path("inference.h5") }
  var parameters: String { folder.path("parameters.h5") }

  /// - Parameter flaw: Python statements that spoil `inference` or `parameters`, two open h5py files.
  init(flaw: String = "") throws {
    folder = try TemporaryDirectory()
    try PythonTools.run(
      """
      import sys, shutil, h5py, numpy
      source, target = sys.argv[1:]
      shutil.copyfile(source + '/parameters.h5', target + '/parameters.h5')
      with h5py.File(source + '/inference.h5') as old, \\
           h5py.File(target + '/inference.h5', 'w') as inference, \\
           h5py.File(target + '/parameters.h5', 'r+') as parameters:
        inference.attrs.update(old.attrs)
        old.copy('/cases/hot_center', inference.create_group('cases'))
        case = inference['/cases/hot_center']
        activations = case['activations']
      \(flaw.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n"))
      """,
      [Repository.path("GoldenData/mobilenet_v1_075_128"), folder.path("")])
  }
}
