import MobileNet
import Reference

/// One layer by itself in float64, on one input, with the bounds and the budget of its float32
/// results: all that is needed to judge any subject's result on that input.
struct IsolatedLayer: Sendable {
  let layer: Layer
  let input: Tensor<Float>
  let evaluation: LayerEvaluation
  let bounds: Tensor<Double>
  let budget: ErrorStatistics.Budget

  /// The layer as the reference computes it.
  init(_ network: ReferenceNetwork<Double>, layer index: Int, input: Tensor<Float>) {
    self.init(
      network.architecture.layers[index],
      ScriptEvaluation(
        evaluation: network.evaluate(layer: index, input: Tensor(input)), gain: 1,
        isClamped: true),
      input: input)
  }

  /// The layer with a mistake in it.
  init(_ script: LayerScript, input: Tensor<Float>) {
    self.init(script.layer, script.evaluate(Tensor(input)), input: input)
  }

  private init(_ layer: Layer, _ script: ScriptEvaluation, input: Tensor<Float>) {
    let wide = Tensor<Double>(input)
    let evaluation = script.evaluation
    let gain = script.gain
    self.layer = layer
    self.input = input
    self.evaluation = evaluation
    let bounds = evaluation.settled(ErrorBound.bounds(of: layer, evaluation, input: wide))
    self.bounds = gain == 1 ? bounds : bounds.map { $0 * gain }
    let variance = evaluation.settled(
      ErrorBudget.introduced(by: layer, evaluation, input: wide))
    let clamped =
      script.isClamped ? ErrorBudget.clamped(variance, by: layer, evaluation) : variance
    budget = ErrorStatistics.Budget(
      element: variance, clamped: clamped, isCommon: layer.isSoftmax
    ).counted(for: evaluation.output).scaled(by: gain)
  }

  /// How `tensor` compares with the layer's exact result.
  func statistics(_ tensor: Tensor<Float>, isDetailed: Bool = false) -> ErrorStatistics {
    var statistics = ErrorStatistics(
      tensor, reference: evaluation.output, bounds: bounds, budget: budget,
      isDetailed: isDetailed)
    // What has nothing finite shows neither a clamp nor rounding.
    guard statistics.count > 0 else { return statistics }
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

  /// Whether every element is within `utilisation` of its bound. Stops at the first that is not.
  func contains(_ tensor: Tensor<Float>, utilisation: Double) -> Bool {
    let output = evaluation.output
    for index in 0..<output.count {
      let (value, exact) = (Double(tensor[flat: index]), output[flat: index])
      guard
        value == exact || (value.isNaN && exact.isNaN)
          || abs(value - exact) <= utilisation * bounds[flat: index]
      else { return false }
    }
    return true
  }
}
