/// What stands for a gradient that is too large to store: some of its values, its sums under random
/// signs, its length.
///
/// For any difference e of two gradients and signs s drawn at random, (Σ sᵢeᵢ)² is |e|² on average.
/// So the mean square over ``projectionCount`` differences of sums tells |e|, to about an eighth.
public struct GradientSummary: Hashable, Sendable {
  /// A gradient with at most this many elements is stored whole.
  public static let wholeCount = 4096
  public static let sampleCount = 1024
  public static let projectionCount = 32

  /// The gradient's values at ``sampleIndices(count:seed:)``.
  public let samples: [Double]
  /// Its sums under the signs of ``sign(projection:index:seed:)``.
  public let projections: [Double]
  /// Its length (L2).
  public let norm: Double

  public init(samples: [Double], projections: [Double], norm: Double) {
    self.samples = samples
    self.projections = projections
    self.norm = norm
  }

  /// Summarizes a gradient, its elements in row-major order.
  public init(of gradient: [Double], seed: Int) {
    samples = Self.sampleIndices(count: gradient.count, seed: seed).map { gradient[$0] }
    projections = (0..<Self.projectionCount).map { row in
      var sum = 0.0
      for (index, value) in gradient.enumerated() {
        sum += Self.sign(projection: row, index: index, seed: seed) * value
      }
      return sum
    }
    norm = l2Norm(gradient)
  }

  /// The flat places of the samples in a gradient with `count` elements; a place may come twice.
  public static func sampleIndices(count: Int, seed: Int) -> [Int] {
    (0..<sampleCount).map { index in
      let bits = CounterHash.bits(
        seed: UInt64(bitPattern: Int64(seed)), row: projectionCount, index: index)
      return Int(bits % UInt64(count))
    }
  }

  /// 1, or -1 where the hash's top bit is set.
  @inline(__always)
  public static func sign(projection: Int, index: Int, seed: Int) -> Double {
    let bits = CounterHash.bits(
      seed: UInt64(bitPattern: Int64(seed)), row: projection, index: index)
    return bits >> 63 == 0 ? 1 : -1
  }

  /// An estimate of the L2 distance to the gradient that `other` is of.
  public func distance(to other: GradientSummary) -> Double {
    let squares = zip(projections, other.projections).map { ($0 - $1) * ($0 - $1) }
    return (squares.reduce(0, +) / Double(squares.count)).squareRoot()
  }
}

/// The L2 norm, summed as it stands: no gradient comes near the limits of float64.
func l2Norm(_ values: [Double]) -> Double {
  values.reduce(0) { $0 + $1 * $1 }.squareRoot()
}
