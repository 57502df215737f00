import Reference

/// Every product and partial sum is rounded to binary16.
struct HalfSum: Accumulator {
  private(set) var value: Float = 0

  @inline(__always)
  mutating func add(_ x: Float, times w: Float) {
    value = NumberFormat.half.rounded(value + NumberFormat.half.rounded(x * w))
  }
}

/// Every product and partial sum is rounded to bfloat16.
struct BFloat16Sum: Accumulator {
  private(set) var value: Float = 0

  @inline(__always)
  mutating func add(_ x: Float, times w: Float) {
    value = NumberFormat.bfloat16.rounded(value + NumberFormat.bfloat16.rounded(x * w))
  }
}

/// Every product and partial sum is rounded towards zero.
struct TruncatedSum: Accumulator {
  private(set) var value: Float = 0

  @inline(__always)
  mutating func add(_ x: Float, times w: Float) {
    let product = NumberFormat.towardZero(Double(x) * Double(w))
    value = NumberFormat.towardZero(Double(value) + Double(product))
  }
}

/// Subnormal operands, products and partial sums become 0.
struct FlushedSum: Accumulator {
  private(set) var value: Float = 0

  @inline(__always)
  mutating func add(_ x: Float, times w: Float) {
    let product = NumberFormat.flushed(x) * NumberFormat.flushed(w)
    value = NumberFormat.flushed(value + NumberFormat.flushed(product))
  }
}
