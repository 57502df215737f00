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
///
/// A product that is zero is added without rounding, so it counts nowhere; after a ReLU6 that is every
/// second one.
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
  /// Σ s_k over all k with p_k ≠ 0.
  private var partialSums = 0.0
  /// p_1².
  private var firstSquare = 0.0
  /// How many products are not zero.
  public private(set) var count = 0.0

  public init() {}

  /// A sum that comes about in another way.
  ///
  /// - Parameters:
  ///   - absolute: What each of its roundings is relative to.
  ///   - squares: Variance of its error in units of c u².
  package init(value: Double, absolute: Double, squares: Double) {
    self.value = value
    self.absolute = absolute
    sumSquares = squares
  }

  @inline(__always)
  public mutating func add(_ x: Double, times w: Double) {
    let product = x * w
    // Factors in place of branches: which products are zero cannot be predicted.
    let isFirst: Double = absolute == 0 ? 1 : 0
    let isLive: Double = product == 0 ? 0 : 1
    value += product
    absolute += abs(product)
    productSquares += product * product
    sumSquares += (isLive - isFirst * isLive) * (value * value)
    partialSums += isLive * value
    firstSquare += isFirst * (product * product)
    count += isLive
  }

  /// Q of the same sum when it starts with `start`, so that every partial sum carries it:
  ///
  ///     Σ p_k² + Σ_k (start + s_k)²
  ///
  /// - Parameter start: In units of the products. An engine that folds batch norm into its weights and
  ///   puts the folded bias first starts with b/s here.
  public func squares(startingWith start: Double) -> Double {
    squares + firstSquare + start * (2 * partialSums + start * count)
  }
}
