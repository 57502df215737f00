/// A number format narrower than float32, to nearest, ties to even.
enum NumberFormat: Sendable {
  /// 8 significant bits.
  case bfloat16
  /// IEEE binary16: 11 significant bits, 65504 at most.
  case half
  /// 11 significant bits with the range of float32, as tensor cores read their operands.
  case tensorFloat32

  /// The number of this format that is nearest.
  func rounded(_ value: Float) -> Float {
    switch self {
    case .bfloat16: return Self.rounded(value, fractionBits: 7)
    case .tensorFloat32: return Self.rounded(value, fractionBits: 10)
    case .half:
      let magnitude = abs(value)
      // Below the normal range the numbers are evenly spaced.
      if magnitude < 0x1p-14 { return (value * 0x1p24).rounded(.toNearestOrEven) * 0x1p-24 }
      let result = Self.rounded(value, fractionBits: 10)
      return abs(result) > 65504 ? (value < 0 ? -.infinity : .infinity) : result
    }
  }

  /// Rounds away all bits of the fraction but the first.
  static func rounded(_ value: Float, fractionBits: Int) -> Float {
    guard value.isFinite else { return value }
    let dropped = UInt32(Float.significandBitCount - fractionBits)
    let pattern = value.bitPattern
    let toEven = (UInt32(1) << (dropped - 1)) - 1 + ((pattern >> dropped) & 1)
    return Float(bitPattern: (pattern &+ toEven) & ~((UInt32(1) << dropped) - 1))
  }

  /// Cuts off all bits of the fraction but the first, as a table of reciprocal roots does.
  static func truncated(_ value: Float, fractionBits: Int) -> Float {
    let dropped = UInt32(Float.significandBitCount - fractionBits)
    return Float(bitPattern: value.bitPattern & ~((UInt32(1) << dropped) - 1))
  }

  /// The float32 number next to `value` on the side of zero.
  static func towardZero(_ value: Double) -> Float {
    let nearest = Float(value)
    guard abs(Double(nearest)) > abs(value) else { return nearest }
    return nearest > 0 ? nearest.nextDown : nearest.nextUp
  }

  /// Zero in place of a subnormal number.
  static func flushed(_ value: Float) -> Float { value.isSubnormal ? 0 : value }
}
