import CHDF5

/// Owns one id of libhdf5 and closes it when the last reference goes.
///
/// A class, and not a noncopyable value, because groups and datasets are values that people keep
/// and pass on; libhdf5 itself counts references the same way. Ids that live within one function
/// are closed there with `defer` and never come here.
final class Handle: Sendable {
  private let id: hid_t
  private let close: @Sendable (hid_t) -> herr_t

  init(_ id: hid_t, close: @escaping @Sendable (hid_t) -> herr_t) {
    self.id = id
    self.close = close
  }

  deinit {
    Library.call {
      // Committing a file closes all that is open in it.
      if H5Iis_valid(id) > 0 { _ = close(id) }
    }
  }

  /// Lends the id to `body`, inside the library's lock, and keeps it open meanwhile.
  func use<Result, Failure: Error>(
    _ body: (hid_t) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(self) {} }
    return try Library.call { () throws(Failure) -> Result in try body(id) }
  }
}
