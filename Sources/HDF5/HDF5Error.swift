/// Why a file could not be read or written.
package struct HDF5Error: Error, Hashable, CustomStringConvertible {
  package enum Reason: Hashable, Sendable {
    /// The operating system does not give the file: it is missing, a directory, not permitted, …
    case cannotOpen(String)
    /// The operating system does not let the file be made, or put in its place.
    case cannotCreate(String)
    /// There is a file, but it does not begin as HDF5 does.
    case notHDF5
    /// The file begins as HDF5 does and is truncated or corrupted.
    case damaged
    /// The object or attribute does not exist.
    case missing
    /// For example a group where a dataset is expected.
    case wrongKind(expected: String, found: String)
    case wrongType(expected: ElementType, found: ElementType)
    case wrongShape(expected: [Int], found: [Int])
    /// The element count, in bytes, is beyond what the file can hold or what is read at once.
    case tooLarge(shape: [Int])
    /// Valid HDF5 that this module does not read, such as a link into another file.
    case unsupported(String)
    /// A string is not valid UTF-8.
    case notUTF8
    /// Writing failed.
    case cannotWrite
  }

  /// The file, as it was named when it was opened.
  package let file: String
  /// The object inside the file, `/group/dataset`, with `@attribute` behind it where the attribute
  /// is at fault; empty where it is the file as a whole.
  package let object: String
  package let reason: Reason
  /// libhdf5's own account, innermost cause first; empty if the failure was found by this module.
  package let details: [String]

  init(_ reason: Reason, at location: Location, details: [String] = []) {
    file = location.file
    object = location.object
    self.reason = reason
    self.details = details
  }

  /// One line: file, object, what is wrong, and libhdf5's innermost cause.
  package var description: String {
    let place = object.isEmpty ? file : "\(file): \(object)"
    let cause = details.first.map { " (\($0))" } ?? ""
    return "\(place): \(reason)\(cause)".replacing("\n", with: " ")
  }
}

extension HDF5Error.Reason: CustomStringConvertible {
  package var description: String {
    switch self {
    case .cannotOpen(let cause): "cannot be opened: \(cause)"
    case .cannotCreate(let cause): "cannot be created: \(cause)"
    case .notHDF5: "not an HDF5 file"
    case .damaged: "truncated or corrupted"
    case .missing: "missing"
    case .wrongKind(let expected, let found): "is a \(found), expected a \(expected)"
    case .wrongType(let expected, let found): "type \(found), expected \(expected)"
    case .wrongShape(let expected, let found):
      "shape \(shapeText(found)), expected \(shapeText(expected))"
    case .tooLarge(let shape): "shape \(shapeText(shape)) is too large to be read"
    case .unsupported(let what): "\(what) is not supported"
    case .notUTF8: "not valid UTF-8"
    case .cannotWrite: "cannot be written"
    }
  }

  private func shapeText(_ shape: [Int]) -> String {
    shape.isEmpty ? "scalar" : shape.map(String.init).joined(separator: "x")
  }
}

/// Where in which file something is: what errors speak of.
struct Location: Hashable, Sendable {
  let file: String
  var object = ""

  /// A member of the group at this place.
  func member(_ name: String) -> Location {
    let parent = object.hasSuffix("/") ? String(object.dropLast()) : object
    return Location(file: file, object: "\(parent)/\(name)")
  }

  func attribute(_ name: String) -> Location {
    Location(file: file, object: "\(object)@\(name)")
  }

  /// What libhdf5 has just failed at, with its account. To be called in the same ``Library/call(_:)``.
  func failure(_ reason: HDF5Error.Reason) -> HDF5Error {
    HDF5Error(reason, at: self, details: Library.takeErrorStack())
  }

  /// Passes on an id or count that is not negative.
  @discardableResult
  func check<Status: SignedInteger>(
    _ status: Status, else reason: HDF5Error.Reason
  ) throws(HDF5Error) -> Status {
    guard status >= 0 else { throw failure(reason) }
    return status
  }
}
