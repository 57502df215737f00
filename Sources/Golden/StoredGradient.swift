import MobileNet

/// A gradient in a golden file, whole or in summary. The numbers are TensorFlow's, float32 ones
/// widened.
public struct StoredGradient: Hashable, Sendable {
  public enum Content: Hashable, Sendable {
    /// All elements, in row-major order.
    case whole([Double])
    case summary(GradientSummary)
  }

  public let shape: [Int]
  public let content: Content
  /// What the signs and the places of the samples come from.
  public let seed: Int

  public init(shape: [Int], content: Content, seed: Int) {
    self.shape = shape
    self.content = content
    self.seed = seed
  }

  /// Number of elements.
  public var count: Int { shape.reduce(1, *) }

  /// L2 norm.
  public var norm: Double {
    switch content {
    case .whole(let values): l2Norm(values)
    case .summary(let summary): summary.norm
    }
  }

  /// The elements that are known, each with its flat place: all, or the samples.
  public var knownElements: [(index: Int, value: Double)] {
    switch content {
    case .whole(let values): zip(values.indices, values).map { ($0, $1) }
    case .summary(let summary):
      zip(GradientSummary.sampleIndices(count: count, seed: seed), summary.samples)
        .map { ($0, $1) }
    }
  }

  /// Relative L2 distance |other - this| / |this|: exact where the gradient is whole, otherwise
  /// estimated to about an eighth from the projections.
  ///
  /// Two gradients of zeros are at distance 0; any other is infinitely far from one of zeros.
  ///
  /// - Parameter other: As many elements as this has, in row-major order.
  public func distance(to other: [Double]) -> Double {
    precondition(other.count == count, "\(other.count) elements, the gradient has \(count)")
    let distance =
      switch content {
      case .whole(let values): l2Norm(zip(values, other).map { $1 - $0 })
      case .summary(let summary):
        summary.distance(to: GradientSummary(of: other, seed: seed))
      }
    return distance == 0 ? 0 : distance / norm
  }
}
