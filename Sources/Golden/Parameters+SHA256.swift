import MobileNet

extension Parameters {
  /// SHA-256 over all variables, in 64 lower-case hexadecimal digits: what tells two checkpoints
  /// apart whatever files they are in.
  ///
  /// The message is, for each variable in bytewise order of their names: the name in UTF-8, a zero
  /// byte, the shape as `3x3x3x24` in ASCII, a zero byte, the values in little-endian float32.
  public var sha256: String {
    var hash = SHA256()
    let byName = tensors.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    for (name, tensor) in byName {
      hash.update(name.utf8)
      hash.update([0])
      hash.update(tensor.shape.map(String.init).joined(separator: "x").utf8)
      hash.update([0])
      tensor.scalars.map(\.bitPattern.littleEndian).withUnsafeBytes { hash.update($0) }
    }
    return hash.hexDigest()
  }
}
