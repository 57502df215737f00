import CHDF5

/// A group: a folder inside a file.
///
/// Members are named by one name or by a path, `cases/chelsea/images`, always relative to the
/// group. Only hard links are followed: a soft or external link could lead anywhere, into other
/// files too.
package struct Group: AttributeOwner, Sendable {
  package let object: Object

  /// From the file's root, `/` itself for the root.
  package var path: String { object.location.object }

  /// Names of all members, sorted bytewise.
  package func members() throws(HDF5Error) -> [String] {
    try object.handle.use { id throws(HDF5Error) in
      try Names.collect(at: object.location) { visit, context in
        chdf5_each_member(id, visit, context)
      }
    }
  }

  /// Whether there is a member at `path`, and every group on the way to it.
  package func contains(_ path: String) throws(HDF5Error) -> Bool {
    do {
      _ = try open(path)
      return true
    } catch  where error.reason == .missing {
      return false
    }
  }

  /// Whether the member at `path` is a group.
  ///
  /// - Throws: ``HDF5Error`` with `missing` if there is none.
  package func isGroup(_ path: String) throws(HDF5Error) -> Bool {
    try kind(try open(path)) == H5I_GROUP
  }

  /// Opens a group.
  ///
  /// - Throws: ``HDF5Error`` with `missing`, or with `wrongKind` if it is a dataset.
  package func group(_ path: String) throws(HDF5Error) -> Group {
    let object = try open(path)
    try expect(H5I_GROUP, "group", object)
    return Group(object: object)
  }

  /// Opens a dataset.
  ///
  /// - Throws: ``HDF5Error`` with `missing`, or with `wrongKind` if it is a group.
  package func dataset(_ path: String) throws(HDF5Error) -> Dataset {
    let object = try open(path)
    try expect(H5I_DATASET, "dataset", object)
    return try Dataset(object: object)
  }
}

extension Group {
  /// Follows `path` name by name, so that every link on the way is checked.
  private func open(_ path: String) throws(HDF5Error) -> Object {
    var current = object
    for name in path.split(separator: "/", omittingEmptySubsequences: true) {
      current = try Self.open(String(name), in: current)
    }
    return current
  }

  private static func open(_ name: String, in parent: Object) throws(HDF5Error) -> Object {
    let location = parent.location.member(name)
    return try parent.handle.use { id throws(HDF5Error) in
      guard H5Iget_type(id) == H5I_GROUP else { throw HDF5Error(.missing, at: location) }
      let exists = try location.check(H5Lexists(id, name, chdf5_default()), else: .damaged)
      guard exists > 0, name != "." else { throw HDF5Error(.missing, at: location) }
      guard try location.check(chdf5_is_hard_link(id, name), else: .damaged) > 0 else {
        throw HDF5Error(.unsupported("a soft or external link"), at: location)
      }
      let object = try location.check(H5Oopen(id, name, chdf5_default()), else: .damaged)
      return Object(handle: Handle(object) { H5Oclose($0) }, location: location)
    }
  }

  private func kind(_ object: Object) throws(HDF5Error) -> H5I_type_t {
    object.handle.use { H5Iget_type($0) }
  }

  private func expect(
    _ kind: H5I_type_t, _ expected: String, _ object: Object
  ) throws(HDF5Error) {
    let found = try self.kind(object)
    guard found != kind else { return }
    let name =
      switch found {
      case H5I_GROUP: "group"
      case H5I_DATASET: "dataset"
      default: "named type"
      }
    throw HDF5Error(.wrongKind(expected: expected, found: name), at: object.location)
  }
}
