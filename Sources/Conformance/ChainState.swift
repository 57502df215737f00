import MobileNet
import Reference

/// The reference's own chain: its value, and how far a float32 chain may have strayed from it.
struct ChainState {
  private(set) var value: Tensor<Double>
  /// Variance of a float32 chain's error at this point, after the clamp.
  private var variance: Tensor<Double>
  /// The same with what it was before the clamp.
  private var budget: ErrorStatistics.Budget

  /// The plain float32 chain, at this point.
  private var probed: Tensor<Float>
  /// How much larger than ``ErrorBudget`` says the errors of the plain float32 chain are, at least 1.
  ///
  /// The budget takes errors as independent. They are not where many elements hold the same value,
  /// as on plain areas of an image: equal operands err equally, and the errors add up instead of
  /// averaging out. The plain loops pay for that just like any engine.
  private(set) var correlation = 1.0

  /// What the subject says of its arithmetic.
  private let declared: [DeclaredArithmetic]

  init(images: Tensor<Float>, declared: [DeclaredArithmetic] = []) {
    self.declared = declared
    value = Tensor(images)
    probed = images
    // The images are given in float32: nobody errs there.
    variance = Tensor(repeating: 0, shape: images.shape)
    budget = ErrorStatistics.Budget(element: variance, clamped: variance)
  }

  mutating func advance(
    through layer: Layer, at index: Int, of network: ReferenceNetwork<Double>,
    probe: ReferenceNetwork<Float>
  ) -> LayerEvaluation {
    let evaluation = network.evaluate(layer: index, input: value)
    let element = ErrorBudget.accumulated(
      by: layer, at: index, in: network, evaluation, input: value, inherited: variance,
      declared: declared)
    variance = ErrorBudget.clamped(element, by: layer.clamp, evaluation)
    value = evaluation.output
    budget = ErrorStatistics.Budget(
      element: element, clamped: variance, isCommon: layer.endPoint == .predictions
    ).counted(for: value)
    probed = probe.output(layer: index, input: probed)
    correlation = max(1, statistics(probed).budgetRatio ?? 1)
    budget = budget.scaled(by: correlation)
    return evaluation
  }

  /// Predicted standard deviation of one element, before the clamp.
  func sigma(_ index: Int) -> Double { budget.element[flat: index].squareRoot() }

  func statistics(_ tensor: Tensor<Float>, isDetailed: Bool = false) -> ErrorStatistics {
    ErrorStatistics(tensor, reference: value, budget: budget, isDetailed: isDetailed)
  }
}
