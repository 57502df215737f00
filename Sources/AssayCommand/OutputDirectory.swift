import Foundation

/// A folder that receives files whole or not at all.
struct OutputDirectory {
  let url: URL

  /// - Throws: ``OutputError`` if the folder cannot be made.
  init(path: String) throws {
    url = URL(filePath: path, directoryHint: .isDirectory)
    do {
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    } catch {
      throw OutputError(path: path, reason: reason(error))
    }
  }

  /// Writes a file beside its place and moves it there, so that a reader sees the old or the new.
  func write(_ data: Data, to name: String) throws {
    let file = url.appending(path: name)
    do {
      try data.write(to: file, options: .atomic)
    } catch {
      throw OutputError(path: file.path(percentEncoded: false), reason: reason(error))
    }
  }
}

/// Why a result could not be written.
struct OutputError: Error, CustomStringConvertible {
  let path: String
  let reason: String

  var description: String { "\(path): cannot write: \(reason)" }
}

private func reason(_ error: any Error) -> String {
  let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? any Error
  return (underlying ?? error).localizedDescription
}
