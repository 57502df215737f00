import Conformance
import Foundation

/// Float32 arithmetic of a processor that may flush what lies below the smallest normal number.
struct Arithmetic: Hashable {
  /// Results below the smallest normal number become zero (FTZ).
  var flushesResults = false
  /// Operands below it are read as zero (DAZ).
  var flushesOperands = false

  @inline(__always)
  func read(_ value: Float) -> Float {
    flushesOperands && value.magnitude < Float.leastNormalMagnitude ? 0 : value
  }

  @inline(__always)
  func written(_ value: Float) -> Float {
    flushesResults && value.magnitude < Float.leastNormalMagnitude ? 0 : value
  }

  @inline(__always)
  func sum(_ a: Float, _ b: Float) -> Float { written(read(a) + read(b)) }

  @inline(__always)
  func product(_ a: Float, _ b: Float) -> Float { written(read(a) * read(b)) }

  @inline(__always)
  func quotient(_ a: Float, _ b: Float) -> Float { written(read(a) / read(b)) }

  /// a b + c, rounded once.
  @inline(__always)
  func fused(_ a: Float, _ b: Float, _ c: Float) -> Float {
    written(read(c).addingProduct(read(a), read(b)))
  }

  /// a b + c, rounded once or twice.
  @inline(__always)
  func multiplyAdd(_ a: Float, _ b: Float, _ c: Float, fuses: Bool) -> Float {
    fuses ? fused(a, b, c) : sum(product(a, b), c)
  }

  static func random(_ generator: inout SplitMix64) -> Arithmetic {
    // Half of all engines leave subnormal numbers alone.
    let bits = generator.next() & 7
    return Arithmetic(flushesResults: bits >= 5, flushesOperands: bits >= 4 && bits != 5)
  }
}

/// A float32 number no further from an exact value than two units in its last place, as a good
/// approximation yields it.
///
/// - Parameter steps: How many floats from the nearest one, -2…2; fewer where that is too far.
func approximation(of exact: Double, steps: Int) -> Float {
  let nearest = Float(exact)
  let allowed = 2 * Double(nearest.ulp)
  var value = nearest
  for _ in 0..<steps.magnitude {
    let next = steps > 0 ? value.nextUp : value.nextDown
    guard abs(Double(next) - exact) <= allowed else { break }
    value = next
  }
  return value
}
