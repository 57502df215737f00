import MobileNet
import Reference

extension LayerEvaluation {
  /// Bounds or variances of the layer's elements, 0 where the value before the clamp is infinite.
  ///
  /// A sum with one infinite term is that infinity in every order and every precision, so a correct
  /// engine makes no error there: after ReLU6 the element is 0 or 6 exactly. What the formulas yield
  /// for it, an infinite bound, would admit anything. A NaN stays; its element is matched or fails.
  func settled(_ limits: Tensor<Double>) -> Tensor<Double> {
    guard limits.scalars.contains(where: { !$0.isFinite }) else { return limits }
    var result = limits
    for index in 0..<result.count where preActivation[flat: index].isInfinite {
      result[flat: index] = 0
    }
    return result
  }
}
