import MobileNet
import Reference

/// The reference's own chain: its value, and how far a float32 chain may have strayed from it.
struct ChainState {
  private(set) var value: Tensor<Double>
  /// Variance of a float32 chain's error at this point, after the clamp.
  private var variance: Tensor<Double>
  /// The same before the clamp.
  private var element: Tensor<Double>

  /// The plain float32 chain, at this point.
  private var probed: Tensor<Float>
  /// How much larger than ``ErrorBudget`` says the errors of the plain float32 chain are, at least 1.
  ///
  /// The budget takes errors as independent. They are not where many elements hold the same value,
  /// as on plain areas of an image: equal operands err equally, and the errors add up instead of
  /// averaging out. The plain loops pay for that just like any engine.
  private(set) var correlation = 1.0
  private var isCommon = false

  init(images: Tensor<Float>) {
    value = Tensor(images)
    probed = images
    // The images are given in float32: nobody errs there.
    variance = Tensor(repeating: 0, shape: images.shape)
    element = variance
  }

  mutating func advance(
    through layer: Layer, at index: Int, of network: ReferenceNetwork<Double>,
    probe: ReferenceNetwork<Float>
  ) -> LayerEvaluation {
    let evaluation = network.evaluate(layer: index, input: value)
    element = ErrorBudget.accumulated(
      by: layer, at: index, in: network, evaluation, input: value, inherited: variance)
    variance = ErrorBudget.clamped(element, by: layer, evaluation)
    value = evaluation.output
    isCommon = layer.endPoint == .predictions
    probed = probe.output(layer: index, input: probed)
    correlation = 1
    correlation = max(1, statistics(probed).budgetRatio ?? 1)
    return evaluation
  }

  func statistics(_ tensor: Tensor<Float>) -> ErrorStatistics {
    ErrorStatistics(
      tensor, reference: value,
      budget: ErrorStatistics.Budget(element: element, clamped: variance, isCommon: isCommon)
        .scaled(by: correlation))
  }
}
