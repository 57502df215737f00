import CHDF5
import Foundation

/// The door to libhdf5: every call of the C library is made inside ``call(_:)``.
///
/// libhdf5 as distributions package it is not thread-safe, so one lock guards it all. The lock is
/// recursive because a handle may be released, and so closed, while another call is under way.
package enum Library {
  private static let lock = NSRecursiveLock()

  /// Done once, before the first call.
  private static let initialized: Bool = {
    // A file that another thread still writes at exit is removed or left under its temporary name;
    // closing it from an exit handler would race with that thread.
    H5dont_atexit()
    guard H5open() >= 0 else { return false }
    // A file may name any filter; only those built into the library are to be run.
    H5PLset_loading_state(0)
    return true
  }()

  /// Runs `body` while no other thread is inside the library.
  static func call<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    lock.lock()
    defer { lock.unlock() }
    _ = initialized
    // Errors are reported by throwing, never by printing. The setting belongs to the thread where
    // the library is built to be thread-safe, so it is renewed with every call.
    H5Eset_auto2(chdf5_error_stack(), nil, nil)
    return try body()
  }

  /// Number of all ids in use: files, groups, datasets, attributes, types, dataspaces, properties.
  package static var openIDCount: Int {
    let kinds = [
      H5I_FILE, H5I_GROUP, H5I_DATATYPE, H5I_DATASPACE, H5I_DATASET, H5I_ATTR, H5I_GENPROP_LST,
    ]
    return call {
      kinds.reduce(0) { sum, kind in
        var count: hsize_t = 0
        return H5Inmembers(kind, &count) >= 0 ? sum + Int(count) : sum
      }
    }
  }

  /// The library's account of the last failure, innermost cause first, and clears it.
  ///
  /// To be called in the same ``call(_:)`` as what failed: the next call starts a new account.
  static func takeErrorStack() -> [String] {
    var lines: [String] = []
    withUnsafeMutablePointer(to: &lines) { lines in
      _ = H5Ewalk2(
        chdf5_error_stack(), H5E_WALK_UPWARD,
        { _, error, context in
          guard let error = error?.pointee, let context else { return 0 }
          let lines = context.assumingMemoryBound(to: [String].self)
          let function = error.func_name.map { String(cString: $0) } ?? "?"
          let text = error.desc.map { String(cString: $0) } ?? "?"
          lines.pointee.append("\(function): \(text)")
          return 0
        }, lines)
    }
    H5Eclear2(chdf5_error_stack())
    return lines
  }
}
