import RealModule

/// What happens to the terms of a dot product as the naive loops meet them, one after the other.
///
/// The loops are written once, over any accumulator. ``Sum`` makes them compute the network,
/// ``Moments`` makes the very same loops also yield what error bounds are made of.
public protocol Accumulator: Sendable {
  associatedtype Scalar: Real & BinaryFloatingPoint & Sendable

  /// An empty sum.
  init()

  /// The sum of the terms so far.
  var value: Scalar { get }

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

/// A dot product together with the sums that describe its rounding.
///
/// With products p_k and partial sums s_k = p_1 + … + p_k:
///
/// - ``absolute`` is A = Σ|p_k|. No order of summation, with or without fused multiply-add, is off by
///   more than γ_n A (Higham, *Accuracy and Stability of Numerical Algorithms*, 2nd ed., section 3.1).
/// - ``squares`` is Q = Σ p_k² + Σ_{k≥2} s_k². Each product and each addition rounds its own result,
///   so c u² Q is the variance of the error of the recursive sum.
/// - ``productSquares`` is Σ p_k² alone: what rounding the operands adds, once for each operand that
///   was rounded before the sum.
public struct Moments: Accumulator, Hashable {
  /// s_n, the dot product.
  public private(set) var value = 0.0
  /// A.
  public private(set) var absolute = 0.0
  /// Q.
  public var squares: Double { productSquares + sumSquares }
  /// Σ p_k².
  public private(set) var productSquares = 0.0
  /// Σ s_k² over the additions that can round. The first, 0 + p_1, is exact, as it is to every sum
  /// that is still zero.
  private var sumSquares = 0.0

  public init() {}

  @inline(__always)
  public mutating func add(_ x: Double, times w: Double) {
    let product = x * w
    let isExact = absolute == 0
    value += product
    absolute += abs(product)
    productSquares += product * product
    if !isExact { sumSquares += value * value }
  }
}
