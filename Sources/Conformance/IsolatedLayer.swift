import MobileNet
import Reference

/// One layer's float64 evaluation on a given input, with its bounds and budget.
struct IsolatedLayer {
  let layer: Layer
  let input: Tensor<Float>
  let evaluation: LayerEvaluation
  let bounds: Tensor<Double>
  let budget: ErrorStatistics.Budget

  init(_ network: ReferenceNetwork<Double>, layer index: Int, input: Tensor<Float>) {
    layer = network.architecture.layers[index]
    self.input = input
    let wide = Tensor<Double>(input)
    evaluation = network.evaluate(layer: index, input: wide)
    bounds = ErrorBound.bounds(of: layer, evaluation, input: wide)
    let variance = ErrorBudget.introduced(by: layer, evaluation, input: wide)
    budget = ErrorStatistics.Budget(
      element: variance, clamped: ErrorBudget.clamped(variance, by: layer, evaluation),
      isCommon: layer.endPoint == .predictions
    ).counted(for: evaluation.output)
  }

  /// How `tensor` compares with the layer's exact result.
  func statistics(_ tensor: Tensor<Float>) -> ErrorStatistics {
    var statistics = ErrorStatistics(
      tensor, reference: evaluation.output, bounds: bounds, budget: budget)
    let isClamped = layer.convolution != nil
    if isClamped {
      statistics.clamp = ClampStatistics(tensor, evaluation, variance: budget.element)
    }
    if !budget.isCommon {
      statistics.rounding = RoundingStatistics(
        tensor, evaluation, variance: budget.element, isClamped: isClamped)
    }
    return statistics
  }
}
