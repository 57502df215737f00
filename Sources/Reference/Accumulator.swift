import RealModule

/// What happens to the terms of a dot product as the naive loops meet them, one after the other.
///
/// The loops are written once, over any accumulator. ``Sum`` makes them compute the network,
/// ``Moments`` makes the very same loops also yield what error bounds are made of.
public protocol Accumulator: Sendable {
  associatedtype Scalar: Real & BinaryFloatingPoint & Sendable

  /// An empty sum.
  init()

  /// Takes the next term, `x * w`.
  mutating func add(_ x: Scalar, times w: Scalar)
}

/// The plain recursive sum: every product and every addition rounds once, in the order of the loops.
public struct Sum<Scalar: Real & BinaryFloatingPoint & Sendable>: Accumulator {
  public private(set) var value: Scalar = 0

  @inlinable
  public init() {}

  @inline(__always)
  public mutating func add(_ x: Scalar, times w: Scalar) {
    value += x * w
  }
}

/// A dot product together with the two sums that describe its rounding.
///
/// With products p_k and partial sums s_k = p_1 + … + p_k:
///
/// - ``absolute`` is A = Σ|p_k|. No order of summation, with or without fused multiply-add, is off by
///   more than γ_n A (Higham, *Accuracy and Stability of Numerical Algorithms*, 2nd ed., section 3.1).
/// - ``squares`` is Q = Σ p_k² + Σ_{k≥2} s_k². Each product and each addition rounds its own result,
///   so c u² Q is the variance of the error of the recursive sum.
public struct Moments: Accumulator, Hashable {
  /// s_n, the dot product.
  public private(set) var value = 0.0
  /// A.
  public private(set) var absolute = 0.0
  /// Q.
  public private(set) var squares = 0.0
  /// The first addition, 0 + p_1, is exact and contributes nothing to Q.
  private var isEmpty = true

  public init() {}

  @inline(__always)
  public mutating func add(_ x: Double, times w: Double) {
    let product = x * w
    value += product
    absolute += abs(product)
    squares += product * product
    if isEmpty {
      isEmpty = false
    } else {
      squares += value * value
    }
  }
}
