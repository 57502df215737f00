import CHDF5
import Foundation

/// An HDF5 file, open for reading.
///
/// It stays open as long as this value, or any group, dataset or attribute from it, is kept.
package struct File: Sendable {
  /// As it was given.
  package let path: String
  package let root: Group

  /// Opens a file for reading.
  ///
  /// - Throws: ``HDF5Error`` with `cannotOpen` if the operating system does not give the file or it
  ///   is no ordinary file, `notHDF5` if it does not begin as HDF5 does, `damaged` if libhdf5
  ///   cannot make sense of it.
  package init(reading path: String) throws(HDF5Error) {
    let location = Location(file: path)
    if let cause = PlainFile.obstacle(reading: path) {
      throw HDF5Error(.cannotOpen(cause), at: location)
    }
    let handle = try Library.call { () throws(HDF5Error) -> Handle in
      guard H5Fis_hdf5(path) > 0 else { throw HDF5Error(.notHDF5, at: location) }
      let access = H5Pcreate(chdf5_file_access())
      defer { H5Pclose(access) }
      _ = chdf5_disable_file_lock(access)
      let file = try location.check(
        H5Fopen(path, chdf5_read_only(), access), else: .damaged)
      return Handle(file) { H5Fclose($0) }
    }
    self.path = path
    root = try File.root(of: handle, in: path, else: .damaged)
  }

  /// The root group, which keeps its file open.
  fileprivate static func root(
    of file: Handle, in path: String, else reason: HDF5Error.Reason
  ) throws(HDF5Error) -> Group {
    let location = Location(file: path, object: "/")
    return try file.use { id throws(HDF5Error) in
      let root = try location.check(H5Gopen2(id, "/", chdf5_default()), else: reason)
      return Group(object: Object(handle: Handle(root) { H5Gclose($0) }, location: location))
    }
  }
}

/// An HDF5 file in the making.
///
/// It is written beside its place under a temporary name, and ``commit()`` puts it there in one
/// step. Whoever looks sees the old file or the new one, never half of it. Without a commit, all
/// that was written is removed with this object.
package final class FileWriter: Sendable {
  /// Where the file will be.
  package let path: String
  package let root: Group
  private let handle: Handle
  private let temporary: TemporaryFile

  /// Begins a file that will be at `path`, replacing what is there.
  ///
  /// - Throws: ``HDF5Error`` with `cannotCreate` if the folder is missing or not writable, or if
  ///   `path` is a folder.
  package init(creating path: String) throws(HDF5Error) {
    let location = Location(file: path)
    let temporary = try TemporaryFile(for: path)
    let handle = try Library.call { () throws(HDF5Error) -> Handle in
      let access = H5Pcreate(chdf5_file_access())
      defer { H5Pclose(access) }
      // Committing must write everything, whoever still holds a group or a dataset.
      H5Pset_fclose_degree(access, H5F_CLOSE_STRONG)
      // Since 1.10 all metadata has checksums, so that a damaged file is known for one; before,
      // libhdf5 follows damaged addresses and crashes.
      H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_V110)
      let creation = H5Pcreate(chdf5_file_create())
      defer { H5Pclose(creation) }
      H5Pset_obj_track_times(creation, false)
      let file = try location.check(
        H5Fcreate(temporary.path, chdf5_truncate(), creation, access), else: .cannotWrite)
      return Handle(file) { H5Fclose($0) }
    }
    self.path = path
    self.handle = handle
    self.temporary = temporary
    root = try File.root(of: handle, in: path, else: .cannotWrite)
  }

  deinit {
    // Before the temporary file is removed.
    _ = try? close()
  }

  /// Writes everything, closes the file and puts it in its place. Groups and datasets from this
  /// writer fail from then on.
  ///
  /// - Throws: ``HDF5Error`` with `cannotWrite` or `cannotCreate`; the old file is then as it was.
  package func commit() throws(HDF5Error) {
    guard try close() else {
      throw HDF5Error(.cannotWrite, at: Location(file: path), details: ["closed before"])
    }
    try temporary.moveIntoPlace()
  }

  /// Returns whether it was open.
  private func close() throws(HDF5Error) -> Bool {
    try Library.call { () throws(HDF5Error) in
      guard let status = handle.close() else { return false }
      try Location(file: path).check(status, else: .cannotWrite)
      return true
    }
  }
}
