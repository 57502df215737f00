import MobileNet
import Reference

/// One layer isolated, in float64, on one input, with the bounds and the budgets of its float32
/// results: all that is needed to judge any subject's result on that input.
package struct IsolatedLayer: Sendable {
  let layer: Layer
  let input: Tensor<Float>
  let evaluation: LayerEvaluation
  let bounds: Tensor<Double>
  let model: RoundingModel
  /// What follows batch norm.
  private let clamp: Clamp
  private let gain: Double
  private let budgets = FormCache<ErrorStatistics.Budget>()

  /// The layer as the reference computes it.
  ///
  /// - Parameter declared: What the subject says of its arithmetic.
  package init(
    _ network: ReferenceNetwork<Double>, layer index: Int, input: Tensor<Float>,
    declared: [DeclaredArithmetic] = []
  ) {
    let layer = network.architecture.layers[index]
    let evaluation = network.evaluate(layer: index, input: Tensor(input))
    self.init(
      layer, ScriptEvaluation(evaluation: evaluation, gain: 1, clamp: layer.clamp), input: input,
      declared: declared.compactMap {
        $0.dotProducts(of: layer, at: index, in: network, evaluation, input: Tensor(input))
      })
  }

  /// The layer with a fault in it.
  init(_ script: LayerScript, input: Tensor<Float>) {
    self.init(script.layer, script.evaluate(Tensor(input)), input: input, declared: [])
  }

  private init(
    _ layer: Layer, _ script: ScriptEvaluation, input: Tensor<Float>, declared: [DotProductForm]
  ) {
    let wide = Tensor<Double>(input)
    evaluation = script.evaluation
    gain = script.gain
    clamp = script.clamp
    self.layer = layer
    self.input = input
    let magnitudes = evaluation.output.map { [least = script.leastMagnitude] in max(abs($0), least)
    }
    model = RoundingModel(
      layer, evaluation, input: wide, declared: declared, magnitudes: magnitudes)
    var bounds = ErrorBound.bounds(
      of: layer, evaluation, input: wide, magnitudes: magnitudes)
    for form in declared {
      let own = ErrorBound.convolutionBounds(
        form, evaluation, largestInput: 2 * wide.largestMagnitude + 1)
      for index in 0..<bounds.count {
        bounds[flat: index] = max(bounds[flat: index], own[flat: index])
      }
    }
    bounds = evaluation.settled(bounds)
    self.bounds = gain == 1 ? bounds : bounds.map { [gain] in $0 * gain }
  }

  /// The budget of results that are evaluated in this form.
  func budget(_ form: EvaluationForm) -> ErrorStatistics.Budget {
    budgets.value(for: form) {
      let element = evaluation.settled(model.meanSquares(form))
      let clamped = ErrorBudget.clamped(element, by: clamp, evaluation)
      return ErrorStatistics.Budget(
        element: element, clamped: clamped, isCommon: layer.isSoftmax
      ).counted(for: evaluation.output).scaled(by: gain)
    }
  }

  /// Predicted standard deviation of one element of `tensor`, before the clamp.
  func sigma(of tensor: Tensor<Float>, at index: Int) -> Double {
    budget(model.likeliest(for: tensor)).element[flat: index].squareRoot()
  }

  /// How `tensor` compares with the layer's exact result, by the budget of the form of evaluation that
  /// makes it likeliest.
  func statistics(_ tensor: Tensor<Float>, isDetailed: Bool = false) -> ErrorStatistics {
    let form = model.likeliest(for: tensor)
    let budget = budget(form)
    var statistics = ErrorStatistics(
      tensor, reference: evaluation.output, bounds: bounds, budget: budget,
      isDetailed: isDetailed)
    statistics.form = form
    // What has nothing finite shows neither a clamp nor rounding.
    guard statistics.count > 0 else { return statistics }
    let isClamped = layer.convolution != nil
    if isClamped {
      statistics.clamp = ClampStatistics(tensor, evaluation, variance: budget.element)
    }
    if !budget.isCommon {
      statistics.rounding = RoundingStatistics(
        tensor, evaluation, variance: { model.variance(form, at: $0) },
        systematic: { model.systematic(form, at: $0) },
        ofScale: { model.systematicOfScale(at: $0) }, isClamped: isClamped)
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
