import CHDF5

/// Shapes and sizes, checked before anything is allocated by them.
enum Extent {
  /// The most that is read or written at once: 4 GiB.
  static let byteLimit = 1 << 32

  /// Deflate shrinks data by a factor of 1032 at most.
  static let deflateLimit = 1032

  /// Elements of `shape`, or `nil` if their bytes go beyond ``byteLimit``.
  static func count(_ shape: [Int], elementSize: Int) -> Int? {
    var bytes = max(elementSize, 1)
    // An empty axis makes any product 0, so it must not hide an absurd one beside it.
    for extent in shape where extent != 0 {
      guard extent > 0 else { return nil }
      let (product, overflow) = bytes.multipliedReportingOverflow(by: extent)
      guard !overflow, product <= byteLimit else { return nil }
      bytes = product
    }
    return shape.reduce(1, *)
  }

  /// Shape of a dataspace; `[]` for a scalar.
  ///
  /// - Throws: ``HDF5Error`` if it has no extent at all (`H5S_NULL`) or one beyond `Int`.
  static func shape(space: hid_t, at location: Location) throws(HDF5Error) -> [Int] {
    guard H5Sget_simple_extent_type(space) != H5S_NULL else {
      throw HDF5Error(.unsupported("an empty dataspace"), at: location)
    }
    let rank = try location.check(H5Sget_simple_extent_ndims(space), else: .damaged)
    var extents = [hsize_t](repeating: 0, count: Int(rank))
    try location.check(H5Sget_simple_extent_dims(space, &extents, nil), else: .damaged)
    var shape: [Int] = []
    for extent in extents {
      guard let extent = Int(exactly: extent) else {
        throw HDF5Error(.tooLarge(shape: shape + [.max]), at: location)
      }
      shape.append(extent)
    }
    return shape
  }

  /// A new dataspace, which the caller closes with `H5Sclose`.
  static func makeSpace(_ shape: [Int], at location: Location) throws(HDF5Error) -> hid_t {
    let space =
      shape.isEmpty
      ? H5Screate(H5S_SCALAR)
      : H5Screate_simple(Int32(shape.count), shape.map { hsize_t($0) }, nil)
    return try location.check(space, else: .cannotWrite)
  }
}
