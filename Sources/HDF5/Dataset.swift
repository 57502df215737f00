import CHDF5

/// An array of elements of one type, inside a file.
package struct Dataset: AttributeOwner, Sendable {
  package let object: Object
  /// Extent of every axis, outermost first; `[]` for a single value.
  package let shape: [Int]
  package let elementType: ElementType

  /// From the file's root.
  package var path: String { object.location.object }

  /// - Throws: ``HDF5Error`` if its type or its shape cannot be told.
  init(object: Object) throws(HDF5Error) {
    let location = object.location
    self.object = object
    (shape, elementType) = try object.handle.use { id throws(HDF5Error) in
      let type = try location.check(H5Dget_type(id), else: .damaged)
      defer { H5Tclose(type) }
      let space = try location.check(H5Dget_space(id), else: .damaged)
      defer { H5Sclose(space) }
      return (try Extent.shape(space: space, at: location), ElementType(type: type))
    }
  }

  /// Reads all numbers, last axis fastest.
  ///
  /// - Throws: ``HDF5Error`` with `wrongType` unless the elements are exactly `S` (in either byte
  ///   order), with `tooLarge` if the file cannot hold so many, with `damaged` if it should but
  ///   does not.
  package func read<S: Scalar>(_ scalar: S.Type = S.self) throws(HDF5Error) -> [S] {
    try expect(S.elementType)
    let location = object.location
    return try object.handle.use { id throws(HDF5Error) in
      let count = try checkedCount(id, elementSize: MemoryLayout<S>.stride)
      return try readArray(of: S.self, count: count, at: location) { buffer in
        H5Dread(id, S.memoryType, chdf5_all(), chdf5_all(), chdf5_default(), buffer)
      }
    }
  }

  /// Reads the part inside `ranges`, one for every axis, last axis fastest.
  ///
  /// - Throws: Like ``read(_:)``, and ``HDF5Error`` with `wrongShape` if the ranges are not as many
  ///   as the axes or go beyond them; `expected` then holds the ranges' upper bounds.
  package func read<S: Scalar>(
    _ scalar: S.Type = S.self, in ranges: [Range<Int>]
  ) throws(HDF5Error) -> [S] {
    try expect(S.elementType)
    let location = object.location
    guard ranges.count == shape.count,
      zip(ranges, shape).allSatisfy({ $0.lowerBound >= 0 && $0.upperBound <= $1 })
    else {
      throw HDF5Error(.wrongShape(expected: ranges.map(\.upperBound), found: shape), at: location)
    }
    if ranges.isEmpty { return try read(S.self) }
    return try object.handle.use { id throws(HDF5Error) in
      _ = try checkedCount(id, elementSize: MemoryLayout<S>.stride)
      let extents = ranges.map { hsize_t($0.count) }
      let file = try location.check(H5Dget_space(id), else: .damaged)
      defer { H5Sclose(file) }
      let memory = try Extent.makeSpace(ranges.map(\.count), at: location)
      defer { H5Sclose(memory) }
      try location.check(
        H5Sselect_hyperslab(
          file, H5S_SELECT_SET, ranges.map { hsize_t($0.lowerBound) }, nil, extents, nil),
        else: .damaged)
      let count = ranges.reduce(1) { $0 * $1.count }
      return try readArray(of: S.self, count: count, at: location) { buffer in
        H5Dread(id, S.memoryType, memory, file, chdf5_default(), buffer)
      }
    }
  }

  /// Reads all strings, of variable or of fixed length.
  ///
  /// - Throws: ``HDF5Error``; with `wrongType` if the elements are no strings, with `notUTF8` if
  ///   one is no text.
  package func readStrings() throws(HDF5Error) -> [String] {
    guard elementType.isString else {
      throw HDF5Error(.wrongType(expected: .string, found: elementType), at: object.location)
    }
    let location = object.location
    return try object.handle.use { id throws(HDF5Error) in
      let type = try location.check(H5Dget_type(id), else: .damaged)
      defer { H5Tclose(type) }
      let space = try location.check(H5Dget_space(id), else: .damaged)
      defer { H5Sclose(space) }
      let count = try checkedCount(id, elementSize: H5Tget_size(type))
      return try Strings.read(count: count, type: type, space: space, at: location) {
        H5Dread(id, $0, chdf5_all(), chdf5_all(), chdf5_default(), $1)
      }
    }
  }

  private func expect(_ expected: ElementType) throws(HDF5Error) {
    guard elementType == expected else {
      throw HDF5Error(
        .wrongType(expected: expected, found: elementType), at: object.location)
    }
  }
}

extension Dataset {
  /// Number of elements, once it is sure that reading them asks for no more memory than the data in
  /// the file can fill: a damaged or hostile file may declare any shape.
  private func checkedCount(_ id: hid_t, elementSize: Int) throws(HDF5Error) -> Int {
    let location = object.location
    let properties = try location.check(H5Dget_create_plist(id), else: .damaged)
    defer { H5Pclose(properties) }
    let expansion = try expansionLimit(properties)
    guard let count = Extent.count(shape, elementSize: elementSize),
      let stored = Int(exactly: H5Dget_storage_size(id)),
      count * elementSize <= stored.multipliedReportingOverflow(by: expansion).partialValue
        || count == 0, stored <= Extent.byteLimit
    else { throw HDF5Error(.tooLarge(shape: shape), at: location) }
    return count
  }

  /// How many bytes one stored byte can become.
  ///
  /// - Throws: ``HDF5Error`` with `unsupported` if the data is elsewhere (in another file) or went
  ///   through a filter that this module does not know.
  private func expansionLimit(_ properties: hid_t) throws(HDF5Error) -> Int {
    let location = object.location
    let layout = H5Pget_layout(properties)
    guard layout != H5D_VIRTUAL, H5Pget_external_count(properties) == 0 else {
      throw HDF5Error(.unsupported("data in another file"), at: location)
    }
    guard layout == H5D_CHUNKED else { return 1 }
    try checkChunk(properties)
    var limit = 1
    let filters = try location.check(H5Pget_nfilters(properties), else: .damaged)
    for index in 0..<UInt32(filters) {
      switch chdf5_filter(properties, index) {
      case chdf5_filter_shuffle(), chdf5_filter_fletcher32(): break
      // Deflated twice would be a bomb.
      case chdf5_filter_deflate() where limit == 1: limit = Extent.deflateLimit
      case let filter: throw HDF5Error(.unsupported("filter \(filter)"), at: location)
      }
    }
    // Chunks reach over the edge of the data, and none of it is stored where it is all fill value;
    // neither is the case in files that this module or h5py writes in one go.
    return limit
  }

  private func checkChunk(_ properties: hid_t) throws(HDF5Error) {
    var extents = [hsize_t](repeating: 0, count: shape.count)
    let rank = H5Pget_chunk(properties, Int32(shape.count), &extents)
    guard rank == shape.count else { throw object.location.failure(.damaged) }
    // libhdf5 holds one chunk in memory at a time, whatever part of it is asked for.
    let chunk = extents.map { Int(clamping: $0) }
    guard Extent.count(chunk, elementSize: 8) != nil else {
      throw HDF5Error(.tooLarge(shape: chunk), at: object.location)
    }
  }
}
