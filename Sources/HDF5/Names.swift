import CHDF5

/// Collects the names that libhdf5 hands to a visitor.
enum Names {
  private struct Collected {
    var names: [String] = []
    var isValid = true
  }

  /// Names in bytewise order.
  ///
  /// - Parameter iterate: Calls the visitor with the context and each name.
  static func collect(
    at location: Location, iterate: (chdf5_visitor, UnsafeMutableRawPointer) -> herr_t
  ) throws(HDF5Error) -> [String] {
    var collected = Collected()
    let status = withUnsafeMutablePointer(to: &collected) { collected in
      iterate(
        { context, name in
          guard let context, let name else { return }
          let collected = context.assumingMemoryBound(to: Collected.self)
          if let name = String(validatingCString: name) {
            collected.pointee.names.append(name)
          } else {
            collected.pointee.isValid = false
          }
        }, collected)
    }
    try location.check(status, else: .damaged)
    guard collected.isValid else { throw HDF5Error(.notUTF8, at: location) }
    return collected.names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }
}
