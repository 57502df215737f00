import MobileNet
import Reference

/// What a layer's ReLU6 leaves where no rounding error can reach: 0 below, 6 above, exactly. -0 is 0.
public struct ClampStatistics: Hashable, Sendable, Codable {
  /// Elements whose pre-activation is beyond the clamp for certain.
  public var count: Int
  /// Those of them that are not exactly 0 or 6.
  public var deviations: Int
  /// Of the deviating elements the one that is farthest off.
  public var worst: ErrorStatistics.Element?
}

extension ClampStatistics {
  /// Looks at every element whose pre-activation is below -k σ or above 6 + k σ, k being
  /// ``ErrorBudget/clampReach``.
  ///
  /// - Parameters:
  ///   - evaluation: The layer in float64, a convolution.
  ///   - variance: Of every element before the clamp.
  init(_ tensor: Tensor<Float>, _ evaluation: LayerEvaluation, variance: Tensor<Double>) {
    self.init(count: 0, deviations: 0, worst: nil)
    var largest = -1.0
    for index in 0..<tensor.count {
      guard
        let held = Self.held(evaluation.preActivation[flat: index], variance[flat: index])
      else { continue }
      count += 1
      let value = tensor[flat: index]
      guard value != held else { continue }
      deviations += 1
      let distance = abs(Double(value) - Double(held))
      guard distance > largest || distance.isNaN else { continue }
      largest = distance.isNaN ? .infinity : distance
      worst = ErrorStatistics.Element(
        index: tensor.coordinates(of: index), value: Double(value), reference: Double(held),
        bound: nil, sigma: variance[flat: index].squareRoot())
    }
  }

  /// The value that the clamp holds an element at for certain; `nil` if it is inside or too near.
  static func held(_ preActivation: Double, _ variance: Double) -> Float? {
    let reach = ErrorBudget.clampReach * variance.squareRoot()
    if preActivation < -reach { return 0 }
    return preActivation > Architecture.reluCeiling + reach ? Float(Architecture.reluCeiling) : nil
  }
}
