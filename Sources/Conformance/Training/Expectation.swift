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

  /// How much larger than the budget the errors of the plain loops are.
  package var correlation: Correlation {
    guard let probed, let budget = budget(.none) else { return .none }
    return Correlation(of: probed, from: value, budget)
  }

  /// How `tensor` compares with this, the budget enlarged by `correlation`.
  package func statistics(
    _ tensor: Tensor<Float>, correlation: Correlation = .none
  ) -> ErrorStatistics {
    var statistics = ErrorStatistics(
      tensor, reference: value, bounds: bounds, budget: budget(correlation))
    if let evaluation, let variance {
      statistics.clamp = ClampStatistics(tensor, evaluation, variance: variance)
    }
    return statistics
  }

  private func budget(_ correlation: Correlation) -> ErrorStatistics.Budget? {
    variance.map {
      let factor = correlation.whole * correlation.whole
      return ErrorStatistics.Budget(
        element: correlation.enlarge($0), clamped: (clamped ?? $0).map { $0 * factor }
      ).counted(for: value)
    }
  }

  /// How much larger errors are than independent ones would be, at least 1.
  ///
  /// In training the errors of a channel's mean, deviation and their gradients are common to all its
  /// values, and a sum over all positions of equal terms rounds the same way again and again. So the
  /// yardstick of single elements has a factor for every channel; that of the tensor has one for all.
  package struct Correlation {
    static let none = Correlation(whole: 1, channels: [])

    /// Of the tensor.
    package let whole: Double
    /// Of each channel, never less than that of the tensor; empty where channels are too small to
    /// tell.
    let channels: [Double]

    /// Elements that a channel has to have, unless there is one for each.
    private static let least = 8

    private init(whole: Double, channels: [Double]) {
      (self.whole, self.channels) = (whole, channels)
    }

    fileprivate init(
      of probed: Tensor<Float>, from value: Tensor<Double>, _ budget: ErrorStatistics.Budget
    ) {
      whole = max(1, ErrorStatistics(probed, reference: value, budget: budget).budgetRatio ?? 1)
      let count = Self.channels(value.shape)
      guard count > 0, value.shape.count == 1 || value.count >= Self.least * count else {
        channels = []
        return
      }
      var (squares, variances) = (
        [Double](repeating: 0, count: count), [Double](repeating: 0, count: count)
      )
      for index in 0..<value.count {
        let error = Double(probed[flat: index]) - value[flat: index]
        squares[index % count] += error * error
        variances[index % count] += budget.clamped[flat: index]
      }
      let least = whole
      channels = zip(squares, variances).map {
        max(least, ErrorStatistics.ratio($0, $1).squareRoot())
      }
    }

    /// Output channels of an activation or a kernel; a depthwise kernel's last axis has length 1.
    private static func channels(_ shape: [Int]) -> Int {
      guard let last = shape.last else { return 0 }
      return shape.count == 4 && last == 1 ? shape[2] : last
    }

    fileprivate func enlarge(_ variance: Tensor<Double>) -> Tensor<Double> {
      var result = variance
      for index in 0..<variance.count {
        let factor = channels.isEmpty ? whole : channels[index % channels.count]
        result[flat: index] *= factor * factor
      }
      return result
    }
  }
}
