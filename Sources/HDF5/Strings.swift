import CHDF5

/// Strings between Swift and libhdf5, for datasets and attributes alike.
enum Strings {
  typealias Transfer = (_ type: hid_t, _ buffer: UnsafeMutableRawPointer) -> herr_t

  /// Reads `count` strings of the file's type `type` with `transfer`.
  ///
  /// - Parameter space: The dataspace of all of them; variable-length ones are freed by it.
  static func read(
    count: Int, type: hid_t, space: hid_t, at location: Location, transfer: Transfer
  ) throws(HDF5Error) -> [String] {
    H5Tis_variable_str(type) > 0
      ? try readVariable(count: count, type: type, space: space, at: location, transfer: transfer)
      : try readFixed(count: count, type: type, at: location, transfer: transfer)
  }

  private static func readVariable(
    count: Int, type: hid_t, space: hid_t, at location: Location, transfer: Transfer
  ) throws(HDF5Error) -> [String] {
    let memoryType = try makeType(bytes: chdf5_variable_length(), like: type, at: location)
    defer { H5Tclose(memoryType) }
    let pointers = UnsafeMutableBufferPointer<UnsafeMutablePointer<CChar>?>.allocate(
      capacity: count)
    pointers.initialize(repeating: nil)
    defer { pointers.deallocate() }
    guard let base = UnsafeMutableRawPointer(pointers.baseAddress) else { return [] }
    guard transfer(memoryType, base) >= 0 else { throw location.failure(.damaged) }
    defer { H5Dvlen_reclaim(memoryType, space, chdf5_default(), base) }
    var strings: [String] = []
    for pointer in pointers {
      // libhdf5 gives no memory for an empty string.
      guard let text = pointer.map({ String(validatingCString: $0) }) ?? "" else {
        throw HDF5Error(.notUTF8, at: location)
      }
      strings.append(text)
    }
    return strings
  }

  private static func readFixed(
    count: Int, type: hid_t, at location: Location, transfer: Transfer
  ) throws(HDF5Error) -> [String] {
    let size = H5Tget_size(type)
    let padding = H5Tget_strpad(type)
    guard size > 0, let bytes = Extent.count([count, size], elementSize: 1) else {
      throw HDF5Error(.tooLarge(shape: [count]), at: location)
    }
    var cells = [UInt8](repeating: 0, count: bytes)
    let status = cells.withUnsafeMutableBytes { cells in
      cells.baseAddress.map { transfer(type, $0) } ?? 0
    }
    try location.check(status, else: .damaged)
    var strings: [String] = []
    for start in stride(from: 0, to: bytes, by: size) {
      let text = trim(cells[start..<start + size], padding: padding)
      guard let string = String(validating: text, as: UTF8.self) else {
        throw HDF5Error(.notUTF8, at: location)
      }
      strings.append(string)
    }
    return strings
  }

  private static func trim(_ cell: ArraySlice<UInt8>, padding: H5T_str_t) -> ArraySlice<UInt8> {
    let filler: UInt8 = padding == H5T_STR_SPACEPAD ? 0x20 : 0
    if padding == H5T_STR_NULLTERM { return cell.prefix { $0 != 0 } }
    return cell.prefix(through: cell.lastIndex { $0 != filler } ?? cell.startIndex - 1)
  }

  /// A new string type of `bytes` bytes in UTF-8, or in the character set of another type. The
  /// caller closes it with `H5Tclose`.
  static func makeType(
    bytes: Int = chdf5_variable_length(), like other: hid_t? = nil, at location: Location
  ) throws(HDF5Error) -> hid_t {
    let type = try location.check(H5Tcopy(chdf5_string()), else: .cannotWrite)
    let set = other.map { H5Tget_cset($0) } ?? H5T_CSET_UTF8
    guard H5Tset_size(type, bytes) >= 0, H5Tset_cset(type, set) >= 0 else {
      let error = location.failure(.cannotWrite)
      H5Tclose(type)
      throw error
    }
    return type
  }

  /// Lends `strings` as an array of C strings, as libhdf5 writes variable-length ones.
  static func withPointers(
    _ strings: [String], _ body: (UnsafeRawPointer) -> herr_t
  ) -> herr_t {
    let copies = strings.map { string in
      let bytes = Array(string.utf8CString)
      let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
      copy.initialize(from: bytes, count: bytes.count)
      return copy
    }
    defer { for copy in copies { copy.deallocate() } }
    return copies.withUnsafeBytes { $0.baseAddress.map(body) ?? 0 }
  }
}
