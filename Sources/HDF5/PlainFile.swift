import Foundation

/// What the operating system says of a file, before anybody reads it: libhdf5 does not tell a missing
/// file from one that may not be read, and a pipe would be waited for.
package enum PlainFile {
  /// Why the file at `path` cannot be read, `nil` if it can.
  package static func obstacle(reading path: String) -> String? {
    // Without O_NONBLOCK a pipe that nobody writes to would block for ever.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return errorText() }
    defer { _ = close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return errorText() }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return nil
    case S_IFDIR: return "Is a directory"
    default: return "Not an ordinary file"
    }
  }

  static func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Text of the last failure of a system call.
  static func errorText() -> String { String(cString: strerror(errno)) }
}

/// A file beside its place, removed unless it is moved there.
final class TemporaryFile: Sendable {
  let path: String
  private let destination: String

  /// Makes an empty file in the folder of `destination`.
  init(for destination: String) throws(HDF5Error) {
    self.destination = destination
    let location = Location(file: destination)
    guard !PlainFile.isDirectory(destination) else {
      throw HDF5Error(.cannotCreate("Is a directory"), at: location)
    }
    let slash = destination.lastIndex(of: "/").map { destination.index(after: $0) }
    let split = slash ?? destination.startIndex
    let suffix = String(UInt64.random(in: 0...UInt64.max), radix: 36)
    path = "\(destination[..<split]).\(destination[split...]).\(suffix).partial"
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw HDF5Error(.cannotCreate(PlainFile.errorText()), at: location)
    }
    _ = close(descriptor)
  }

  deinit {
    // Once moved there is nothing here to remove.
    _ = unlink(path)
  }

  func moveIntoPlace() throws(HDF5Error) {
    let location = Location(file: destination)
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw HDF5Error(.cannotCreate(PlainFile.errorText()), at: location)
    }
    defer { _ = close(descriptor) }
    // Otherwise a crash of the machine could leave the new name on data that was never written.
    guard fsync(descriptor) == 0, rename(path, destination) == 0 else {
      throw HDF5Error(.cannotCreate(PlainFile.errorText()), at: location)
    }
  }
}
