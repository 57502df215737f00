import CHDF5
import Synchronization

/// Owns one id of libhdf5 and closes it when the last reference goes.
///
/// A class, and not a noncopyable value, because groups and datasets are values that people keep
/// and pass on; libhdf5 itself counts references the same way. Ids that live within one function
/// are closed there with `defer` and never come here.
final class Handle: Sendable {
  private let id: hid_t
  private let closing: @Sendable (hid_t) -> herr_t
  private let isOpen = Atomic(true)

  init(_ id: hid_t, close: @escaping @Sendable (hid_t) -> herr_t) {
    self.id = id
    closing = close
  }

  deinit {
    Library.call { _ = close() }
  }

  /// Closes the id, inside the library's lock.
  ///
  /// Only once, however that ends: a file that could not be closed, as its disk is full, is gone
  /// but for its id, and libhdf5 crashes when that is closed again.
  ///
  /// - Returns: What libhdf5 said; `nil` if it was closed before.
  func close() -> herr_t? {
    // Committing a file closes all that is open in it.
    guard isOpen.exchange(false, ordering: .relaxed), H5Iis_valid(id) > 0 else { return nil }
    return closing(id)
  }

  /// Lends the id to `body`, inside the library's lock, and keeps it open meanwhile.
  func use<Result, Failure: Error>(
    _ body: (hid_t) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(self) {} }
    return try Library.call { () throws(Failure) -> Result in try body(id) }
  }
}
