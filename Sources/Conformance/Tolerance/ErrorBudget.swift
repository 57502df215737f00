import MobileNet
import Reference

/// What an activation does to errors: it passes them between 0 and a ceiling, ends them above, and
/// multiplies them by a slope below.
struct Clamp: Hashable, Sendable {
  var slopeBelow: Double
  var ceiling: Double

  static let relu6 = Clamp(slopeBelow: 0, ceiling: Architecture.reluCeiling)
  /// No activation.
  static let none = Clamp(slopeBelow: 1, ceiling: .infinity)
}

extension Layer {
  /// What follows the layer's sums.
  var clamp: Clamp { convolution == nil ? .none : .relu6 }
}

/// The standard deviation that rounding alone predicts, carried through the network.
///
/// What a single layer introduces is ``RoundingModel``'s matter. Along a chain, which form each layer
/// has is not known, so the largest is taken.
public enum ErrorBudget {
  /// Mean square of the error that one layer introduces, before its clamp: the largest of all forms of
  /// evaluation.
  ///
  /// - Parameters:
  ///   - layer: What was computed.
  ///   - evaluation: The same layer in float64.
  ///   - input: Its input; only pool and softmax look at it.
  /// - Returns: Of the shape of the layer's output.
  public static func introduced(
    by layer: Layer, _ evaluation: LayerEvaluation, input: Tensor<Double>
  ) -> Tensor<Double> {
    introduced(by: layer, evaluation, input: input, declared: [])
  }

  private static func introduced(
    by layer: Layer, _ evaluation: LayerEvaluation, input: Tensor<Double>,
    declared: [DotProductForm]
  ) -> Tensor<Double> {
    RoundingModel(layer, evaluation, input: input, declared: declared).largestMeanSquares
  }

  /// Variance of the error after a layer of a chain, before its clamp: what it inherits plus what it
  /// introduces. Errors of different inputs are taken as independent.
  ///
  /// - Parameters:
  ///   - inherited: Variance of the error of the layer's input.
  ///   - declared: What the subject says of its arithmetic.
  static func accumulated(
    by layer: Layer, at index: Int, in network: ReferenceNetwork<Double>,
    _ evaluation: LayerEvaluation, input: Tensor<Double>, inherited: Tensor<Double>,
    declared: [DeclaredArithmetic]
  ) -> Tensor<Double> {
    var variance = introduced(
      by: layer, evaluation, input: input,
      declared: declared.compactMap {
        $0.dotProducts(of: layer, at: index, in: network, evaluation, input: input)
      })
    guard let carried = network.propagateVariance(layer: index, inputVariance: inherited) else {
      let jacobian = softmaxInherited(evaluation.output, logitsVariance: inherited)
      for index in 0..<variance.count { variance[flat: index] += jacobian[flat: index] }
      return variance
    }
    let channels = variance.shape.last ?? 1
    for index in 0..<variance.count {
      let scale = evaluation.norm?.scale[index % channels] ?? 1
      variance[flat: index] += scale * scale * carried[flat: index]
    }
    return variance
  }

  /// How many sigmas beyond the clamp an element has to be to have no error left. Nearer to it, the
  /// subject may be on the other side.
  static let clampReach = 16.0

  /// Variance after the clamp: an element that is saturated at 0 or at the ceiling for certain has no
  /// error left.
  static func clamped(
    _ variance: Tensor<Double>, by clamp: Clamp, _ evaluation: LayerEvaluation
  ) -> Tensor<Double> {
    guard clamp != .none else { return variance }
    var result = variance
    for index in 0..<result.count {
      let y = evaluation.preActivation[flat: index]
      let reach = clampReach * variance[flat: index].squareRoot()
      if y >= clamp.ceiling + reach { result[flat: index] = 0 }
      if y <= -reach { result[flat: index] *= clamp.slopeBelow * clamp.slopeBelow }
    }
    return result
  }

  /// First-order propagation through the softmax: dp_i = p_i (dz_i - Σ_j p_j dz_j).
  private static func softmaxInherited(
    _ predictions: Tensor<Double>, logitsVariance: Tensor<Double>
  ) -> Tensor<Double> {
    let classes = predictions.shape[1]
    var result = predictions
    for n in 0..<predictions.shape[0] {
      let row = n * classes..<(n + 1) * classes
      let common = row.reduce(0.0) { sum, k in
        sum + predictions[flat: k] * predictions[flat: k] * logitsVariance[flat: k]
      }
      for k in row {
        let p = predictions[flat: k]
        result[flat: k] = p * p * ((1 - 2 * p) * logitsVariance[flat: k] + common)
      }
    }
    return result
  }
}
