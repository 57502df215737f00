import CHDF5

/// How a dataset's elements lie in the file.
package enum Storage: Hashable, Sendable {
  /// One run of bytes, as they are.
  case contiguous
  /// Chunks, shuffled (bytes of equal weight together) and deflated.
  ///
  /// - Parameters:
  ///   - chunk: Extents of a chunk; by default outermost axes are cut until it is 1 MiB or less.
  ///   - level: 0 (none) to 9 (smallest).
  case deflated(chunk: [Int]? = nil, level: Int = 6)

  /// 1 MiB is what libhdf5's chunk cache holds.
  static let chunkBytes = 1 << 20

  /// Chunks of whole inner axes.
  static func defaultChunk(shape: [Int], elementSize: Int) -> [Int] {
    var chunk = shape
    for axis in chunk.indices {
      let inner = chunk[(axis + 1)...].reduce(elementSize, *)
      chunk[axis] = max(1, min(shape[axis], chunkBytes / max(inner, 1)))
      if chunk[axis] > 1 { break }
    }
    return chunk
  }
}

extension Group {
  /// The group at `path`; those on the way to it that are not yet there are made, and it too.
  ///
  /// - Throws: ``HDF5Error`` with `wrongKind` if there is a dataset on the way.
  @discardableResult
  package func createGroup(_ path: String) throws(HDF5Error) -> Group {
    var group = self
    for name in path.split(separator: "/").map(String.init) {
      group =
        try group.contains(name) ? try group.group(name) : try group.makeGroup(named: name)
    }
    return group
  }

  private func makeGroup(named name: String) throws(HDF5Error) -> Group {
    let location = object.location.member(name)
    return try object.handle.use { id throws(HDF5Error) in
      let links = linkProperties()
      defer { H5Pclose(links) }
      let properties = H5Pcreate(chdf5_group_create())
      defer { H5Pclose(properties) }
      // Without times, equal contents make equal files.
      H5Pset_obj_track_times(properties, false)
      let group = try location.check(
        H5Gcreate2(id, name, links, properties, chdf5_default()), else: .cannotWrite)
      return Group(object: Object(handle: Handle(group) { H5Gclose($0) }, location: location))
    }
  }

  /// For links with UTF-8 names. The caller closes it.
  private func linkProperties() -> hid_t {
    let properties = H5Pcreate(chdf5_link_create())
    H5Pset_char_encoding(properties, H5T_CSET_UTF8)
    return properties
  }

  /// The group that the last name of `path` is to be in, made if it is not there, and that name.
  private func parent(of path: String) throws(HDF5Error) -> (Group, name: String) {
    var names = path.split(separator: "/").map(String.init)
    let name = names.popLast() ?? ""
    return (try createGroup(names.joined(separator: "/")), name)
  }

  /// Writes a new dataset of numbers, little-endian, and the groups on the way to it that are not
  /// yet there.
  ///
  /// - Parameters:
  ///   - values: As many as `shape` has, last axis fastest.
  ///   - shape: `[]` for a single value, which is never chunked.
  package func write<S: Scalar>(
    _ path: String, _ values: [S], shape: [Int], storage: Storage = .contiguous
  ) throws(HDF5Error) {
    precondition(shape.reduce(1, *) == values.count, "the values do not fill the shape")
    let (group, name) = try parent(of: path)
    let location = group.object.location.member(name)
    try group.object.handle.use { id throws(HDF5Error) in
      let properties = try datasetProperties(
        storage, shape: shape, elementSize: MemoryLayout<S>.stride, at: location)
      defer { H5Pclose(properties) }
      let dataset = try makeDataset(
        id, name, type: S.fileType, shape: shape, properties: properties, at: location)
      defer { H5Dclose(dataset) }
      let status = values.withUnsafeBytes { bytes in
        H5Dwrite(
          dataset, S.memoryType, chdf5_all(), chdf5_all(), chdf5_default(), bytes.baseAddress)
      }
      try location.check(status, else: .cannotWrite)
    }
  }

  /// Writes a new dataset of variable-length UTF-8 strings, which must not contain a NUL.
  package func write(
    _ path: String, _ strings: [String], shape: [Int]? = nil
  ) throws(HDF5Error) {
    let shape = shape ?? [strings.count]
    precondition(shape.reduce(1, *) == strings.count, "the strings do not fill the shape")
    let (group, name) = try parent(of: path)
    let location = group.object.location.member(name)
    try group.object.handle.use { id throws(HDF5Error) in
      let type = try Strings.makeType(at: location)
      defer { H5Tclose(type) }
      let properties = try datasetProperties(
        .contiguous, shape: shape, elementSize: 1, at: location)
      defer { H5Pclose(properties) }
      let dataset = try makeDataset(
        id, name, type: type, shape: shape, properties: properties, at: location)
      defer { H5Dclose(dataset) }
      let status = Strings.withPointers(strings) {
        H5Dwrite(dataset, type, chdf5_all(), chdf5_all(), chdf5_default(), $0)
      }
      try location.check(status, else: .cannotWrite)
    }
  }

  private func makeDataset(
    _ group: hid_t, _ name: String, type: hid_t, shape: [Int], properties: hid_t,
    at location: Location
  ) throws(HDF5Error) -> hid_t {
    let space = try Extent.makeSpace(shape, at: location)
    defer { H5Sclose(space) }
    let links = linkProperties()
    defer { H5Pclose(links) }
    return try location.check(
      H5Dcreate2(group, name, type, space, links, properties, chdf5_default()),
      else: .cannotWrite)
  }

  private func datasetProperties(
    _ storage: Storage, shape: [Int], elementSize: Int, at location: Location
  ) throws(HDF5Error) -> hid_t {
    let properties = H5Pcreate(chdf5_dataset_create())
    var status = H5Pset_obj_track_times(properties, false)
    if case .deflated(let chunk, let level) = storage, !shape.isEmpty, !shape.contains(0) {
      let chunk = chunk ?? Storage.defaultChunk(shape: shape, elementSize: elementSize)
      status = min(
        status, H5Pset_chunk(properties, Int32(chunk.count), chunk.map { hsize_t($0) }),
        H5Pset_shuffle(properties), H5Pset_deflate(properties, UInt32(level)))
    }
    guard status >= 0 else {
      let error = location.failure(.cannotWrite)
      H5Pclose(properties)
      throw error
    }
    return properties
  }
}
