import Foundation

/// The golden files that come with Assay.
public enum DefaultGolden {
  /// The folder's name.
  public static let name = "mobilenet_v1_075_128"

  /// The environment variable that says where golden data is.
  public static let environmentVariable = "ASSAY_GOLDEN_DATA"

  /// Path of the folder that holds `parameters.h5`, `inference.h5`, `sweep.h5` and `training.h5`.
  ///
  /// If the environment variable `ASSAY_GOLDEN_DATA` is set, that is the folder, or the folder it is
  /// in, and no other place counts. Otherwise it is `GoldenData/mobilenet_v1_075_128` in a folder
  /// around the running program, or else in the checkout that the program was built from.
  ///
  /// - Throws: ``GoldenError`` with `cannotRead` if there is none.
  public static func directory() throws(GoldenError) -> String {
    try directory(
      environment: ProcessInfo.processInfo.environment,
      executable: Bundle.main.executableURL, source: URL(filePath: #filePath))
  }

  /// Path of the golden of training steps.
  ///
  /// - Throws: ``GoldenError`` with `cannotRead` if there is no folder, as in ``directory()``.
  public static func training() throws(GoldenError) -> String {
    try directory() + "/training.h5"
  }

  static let inferenceName = "inference.h5"

  package static func directory(
    environment: [String: String], executable: URL?, source: URL
  ) throws(GoldenError) -> String {
    if let value = environment[environmentVariable], !value.isEmpty {
      let folder = URL(filePath: value)
      return try find(
        [folder.appending(path: name), folder],
        remedy: "\(environmentVariable) is set to it: set it to a folder that has \(name)")
    }
    let starts = [executable?.resolvingSymlinksInPath(), source].compactMap { $0 }
    return try find(
      starts.flatMap(ancestors).map { $0.appending(path: "GoldenData/\(name)") },
      remedy: "run from a checkout of Assay, or set \(environmentVariable)")
  }

  private static func find(_ folders: [URL], remedy: String) throws(GoldenError) -> String {
    for folder in folders {
      let file = folder.appending(path: inferenceName).path(percentEncoded: false)
      if FileManager.default.fileExists(atPath: file) {
        return folder.path(percentEncoded: false)
      }
    }
    let last = folders.last?.path(percentEncoded: false) ?? name
    throw GoldenError(
      .cannotOpen("no \(inferenceName) there or in the other places it could be"), file: last,
      remedy: remedy)
  }

  private static func ancestors(of url: URL) -> [URL] {
    var folders: [URL] = []
    var current = url.deletingLastPathComponent().standardizedFileURL
    while current.path(percentEncoded: false) != "/", folders.count < 64 {
      folders.append(current)
      current = current.deletingLastPathComponent().standardizedFileURL
    }
    return folders
  }
}
