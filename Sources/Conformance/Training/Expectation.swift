import MobileNet
import Reference

/// What one point of a step has to be, given what the subject itself had before it.
package struct Expectation {
  /// In float64.
  package let value: Tensor<Double>
  /// The largest error of a correct float32 evaluation.
  package let bounds: Tensor<Double>
  /// Variance of the rounding errors, if rounding errors are what this point is judged by.
  var variance: Tensor<Double>?
  /// What the clamp leaves of ``variance``; the same where there is no clamp.
  var clamped: Tensor<Double>?
  /// A convolution's layer before the clamp, for gate G4.
  var evaluation: LayerEvaluation?
  /// The same by the plain float32 loops on the same input: what errors that are not independent
  /// add up to.
  var probed: Tensor<Float>?
  /// Elements whose side of a kink the reference could not tell, and the subject's output did.
  var kinks = 0

  /// How much larger than the budget the errors of the plain loops are, at least 1.
  package var correlation: Double {
    guard let probed, let budget = budget(scaledBy: 1) else { return 1 }
    return max(
      1, ErrorStatistics(probed, reference: value, budget: budget).budgetRatio ?? 1)
  }

  /// How `tensor` compares with this, the budget enlarged by `correlation`.
  package func statistics(_ tensor: Tensor<Float>, correlation: Double) -> ErrorStatistics {
    var statistics = ErrorStatistics(
      tensor, reference: value, bounds: bounds, budget: budget(scaledBy: correlation))
    if let evaluation, let variance {
      statistics.clamp = ClampStatistics(tensor, evaluation, variance: variance)
    }
    return statistics
  }

  private func budget(scaledBy factor: Double) -> ErrorStatistics.Budget? {
    variance.map {
      ErrorStatistics.Budget(element: $0, clamped: clamped ?? $0).counted(for: value)
        .scaled(by: factor)
    }
  }
}
