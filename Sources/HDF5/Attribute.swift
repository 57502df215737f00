import CHDF5

/// An object of a file that may have attributes: a group or a dataset.
package protocol AttributeOwner {
  var object: Object { get }
}

/// An open group or dataset, and where it is.
package struct Object: Sendable {
  let handle: Handle
  let location: Location
}

/// A named value beside a group or a dataset.
package struct Attribute: Sendable {
  let handle: Handle
  let location: Location
  package let name: String
  /// Extent of every axis; `[]` for a single value.
  package let shape: [Int]
  package let elementType: ElementType
}

extension AttributeOwner {
  /// Names of all attributes, sorted bytewise.
  package func attributeNames() throws(HDF5Error) -> [String] {
    try object.handle.use { id throws(HDF5Error) in
      try Names.collect(at: object.location) { visit, context in
        chdf5_each_attribute(id, visit, context)
      }
    }
  }

  package func hasAttribute(_ name: String) throws(HDF5Error) -> Bool {
    try object.handle.use { id throws(HDF5Error) in
      try object.location.check(H5Aexists(id, name), else: .damaged) > 0
    }
  }

  /// Opens an attribute.
  ///
  /// - Throws: ``HDF5Error`` with `missing` if there is none of this name.
  package func attribute(_ name: String) throws(HDF5Error) -> Attribute {
    let location = object.location.attribute(name)
    guard try hasAttribute(name) else { throw HDF5Error(.missing, at: location) }
    return try object.handle.use { id throws(HDF5Error) in
      let attribute = try location.check(
        H5Aopen(id, name, chdf5_default()), else: .damaged)
      return try Attribute(
        handle: Handle(attribute) { H5Aclose($0) }, id: attribute, name: name, location: location)
    }
  }

  /// Writes a new attribute with one number.
  package func setAttribute<S: Scalar>(_ name: String, _ value: S) throws(HDF5Error) {
    try setAttribute(name, [value], shape: [])
  }

  /// Writes a new attribute with one variable-length string. It must not contain a NUL.
  package func setAttribute(_ name: String, _ value: String) throws(HDF5Error) {
    try setAttribute(name, [value], shape: [])
  }

  /// Writes a new attribute with as many numbers as `shape` has; by default along one axis.
  package func setAttribute<S: Scalar>(
    _ name: String, _ values: [S], shape: [Int]? = nil
  ) throws(HDF5Error) {
    let shape = shape ?? [values.count]
    precondition(shape.reduce(1, *) == values.count, "the values do not fill the shape")
    let type = Library.call { S.fileType }
    try makeAttribute(name, type: type, shape: shape) { attribute in
      values.withUnsafeBytes { H5Awrite(attribute, S.memoryType, $0.baseAddress) }
    }
  }

  /// Writes a new attribute with as many variable-length strings as `shape` has.
  package func setAttribute(
    _ name: String, _ values: [String], shape: [Int]? = nil
  ) throws(HDF5Error) {
    let shape = shape ?? [values.count]
    precondition(shape.reduce(1, *) == values.count, "the values do not fill the shape")
    let location = object.location.attribute(name)
    let type = try Library.call { () throws(HDF5Error) in try Strings.makeType(at: location) }
    defer { _ = Library.call { H5Tclose(type) } }
    try makeAttribute(name, type: type, shape: shape) { attribute in
      Strings.withPointers(values) { H5Awrite(attribute, type, $0) }
    }
  }

  private func makeAttribute(
    _ name: String, type: hid_t, shape: [Int], write: (hid_t) -> herr_t
  ) throws(HDF5Error) {
    let location = object.location.attribute(name)
    try object.handle.use { id throws(HDF5Error) in
      let space = try Extent.makeSpace(shape, at: location)
      defer { H5Sclose(space) }
      let properties = H5Pcreate(chdf5_attribute_create())
      defer { H5Pclose(properties) }
      H5Pset_char_encoding(properties, H5T_CSET_UTF8)
      let attribute = try location.check(
        H5Acreate2(id, name, type, space, properties, chdf5_default()), else: .cannotWrite)
      defer { H5Aclose(attribute) }
      try location.check(write(attribute), else: .cannotWrite)
    }
  }
}

extension Attribute {
  fileprivate init(
    handle: Handle, id: hid_t, name: String, location: Location
  ) throws(HDF5Error) {
    let type = try location.check(H5Aget_type(id), else: .damaged)
    defer { H5Tclose(type) }
    let space = try location.check(H5Aget_space(id), else: .damaged)
    defer { H5Sclose(space) }
    self.handle = handle
    self.location = location
    self.name = name
    shape = try Extent.shape(space: space, at: location)
    elementType = ElementType(type: type)
  }

  /// Reads all numbers, last axis fastest.
  ///
  /// - Throws: ``HDF5Error`` with `wrongType` unless the elements are exactly `S`.
  package func read<S: Scalar>(_ scalar: S.Type = S.self) throws(HDF5Error) -> [S] {
    guard elementType == S.elementType else {
      throw HDF5Error(.wrongType(expected: S.elementType, found: elementType), at: location)
    }
    let count = try checkedCount(elementSize: MemoryLayout<S>.stride)
    return try handle.use { id throws(HDF5Error) in
      try readArray(of: S.self, count: count, at: location) { H5Aread(id, S.memoryType, $0) }
    }
  }

  /// Reads all strings, of variable or of fixed length.
  package func readStrings() throws(HDF5Error) -> [String] {
    guard elementType.isString else {
      throw HDF5Error(.wrongType(expected: .string, found: elementType), at: location)
    }
    let count = try checkedCount(elementSize: 16)
    return try handle.use { id throws(HDF5Error) in
      let type = try location.check(H5Aget_type(id), else: .damaged)
      defer { H5Tclose(type) }
      let space = try location.check(H5Aget_space(id), else: .damaged)
      defer { H5Sclose(space) }
      return try Strings.read(count: count, type: type, space: space, at: location) {
        H5Aread(id, $0, $1)
      }
    }
  }

  /// Reads the one number there is.
  ///
  /// - Throws: ``HDF5Error`` with `wrongShape` if there are more or none.
  package func readScalar<S: Scalar>(_ scalar: S.Type = S.self) throws(HDF5Error) -> S {
    try single(try read(S.self))
  }

  /// Reads the one string there is.
  package func readString() throws(HDF5Error) -> String {
    try single(try readStrings())
  }

  private func single<Value>(_ values: [Value]) throws(HDF5Error) -> Value {
    guard shape.allSatisfy({ $0 == 1 }), let value = values.first else {
      throw HDF5Error(.wrongShape(expected: [], found: shape), at: location)
    }
    return value
  }

  private func checkedCount(elementSize: Int) throws(HDF5Error) -> Int {
    // libhdf5 holds an attribute in memory as soon as it is opened.
    guard let count = Extent.count(shape, elementSize: elementSize), count <= 1 << 24 else {
      throw HDF5Error(.tooLarge(shape: shape), at: location)
    }
    return count
  }
}

/// Reads `count` numbers with `transfer`, which fills the memory it is given.
func readArray<S: Scalar>(
  of scalar: S.Type, count: Int, at location: Location,
  transfer: (UnsafeMutableRawPointer) -> herr_t
) throws(HDF5Error) -> [S] {
  guard count > 0 else { return [] }
  var status: herr_t = -1
  let values = [S](unsafeUninitializedCapacity: count) { buffer, initializedCount in
    guard let base = buffer.baseAddress else { return }
    status = transfer(UnsafeMutableRawPointer(base))
    initializedCount = status >= 0 ? count : 0
  }
  try location.check(status, else: .damaged)
  return values
}
