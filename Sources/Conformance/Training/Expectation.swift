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

  /// How `tensor` compares with this.
  package func statistics(_ tensor: Tensor<Float>) -> ErrorStatistics {
    statistics(tensor, budget)
  }

  /// The same with the budget enlarged by the factor by which the plain loops exceed it, at least 1,
  /// and that factor.
  package func correlatedStatistics(
    _ tensor: Tensor<Float>
  ) -> (statistics: ErrorStatistics, correlation: Double) {
    guard let probed, let budget else { return (statistics(tensor, budget), 1) }
    let correlation = Correlation(of: probed, from: value, budget)
    return (statistics(tensor, correlation.enlarge(budget)), correlation.whole)
  }

  private func statistics(
    _ tensor: Tensor<Float>, _ budget: ErrorStatistics.Budget?
  ) -> ErrorStatistics {
    var statistics = ErrorStatistics(tensor, reference: value, bounds: bounds, budget: budget)
    if let evaluation, let variance, statistics.count > 0 {
      statistics.clamp = ClampStatistics(tensor, evaluation, variance: variance)
    }
    return statistics
  }

  /// Of independent errors.
  private var budget: ErrorStatistics.Budget? {
    variance.map { ErrorStatistics.Budget(element: $0, clamped: clamped ?? $0) }
  }

  /// How much larger errors are than independent ones would be, at least 1.
  ///
  /// In training the errors of a channel's mean, deviation and their gradients are common to all its
  /// values, and a sum over all positions of equal terms rounds the same way again and again. So the
  /// yardstick of single elements has a factor for every channel; that of the tensor has one for all.
  private struct Correlation {
    /// Of the tensor.
    let whole: Double
    /// Of each channel, never less than that of the tensor; empty where channels are too small to
    /// tell.
    let channels: [Double]

    /// Elements that a channel has to have, unless there is one for each.
    private static let least = 8

    init(
      of probed: Tensor<Float>, from value: Tensor<Double>, _ budget: ErrorStatistics.Budget
    ) {
      let count = max(Self.channels(value.shape), 1)
      var (squares, variances) = (
        [Double](repeating: 0, count: count), [Double](repeating: 0, count: count)
      )
      var sums = (squares: 0.0, variances: 0.0)
      for index in 0..<value.count
      where value[flat: index].isFinite && budget.clamped[flat: index].isFinite {
        let error = ErrorStatistics.error(Double(probed[flat: index]), value[flat: index])
        let (square, variance) = (error * error, budget.clamped[flat: index])
        sums.squares += square
        sums.variances += variance
        squares[index % count] += square
        variances[index % count] += variance
      }
      let least = max(
        1, ErrorStatistics.ratio(sums.squares.squareRoot(), sums.variances.squareRoot()))
      whole = least
      guard value.shape.count == 1 || value.count >= Self.least * count else {
        channels = []
        return
      }
      channels = zip(squares, variances).map {
        max(least, ErrorStatistics.ratio($0, $1).squareRoot())
      }
    }

    /// Output channels of an activation or a kernel; a depthwise kernel's last axis has length 1.
    private static func channels(_ shape: [Int]) -> Int {
      guard let last = shape.last else { return 0 }
      return shape.count == 4 && last == 1 ? shape[2] : last
    }

    func enlarge(_ budget: ErrorStatistics.Budget) -> ErrorStatistics.Budget {
      var element = budget.element
      for index in 0..<element.count {
        let factor = channels.isEmpty ? whole : channels[index % channels.count]
        element[flat: index] *= factor * factor
      }
      return budget.scaled(by: whole, element: element)
    }
  }
}
