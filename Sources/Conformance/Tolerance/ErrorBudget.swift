import Foundation
import MobileNet
import RealModule
import Reference

/// The standard deviation that rounding alone predicts, for a layer by itself and carried through
/// the network.
///
/// Every operation's rounding error is taken as an independent number of variance c u² times its
/// squared result (``Roundoff/meanSquare``). With p_k the products and s_k the partial sums of a
/// sequential dot product this gives c u² Q, Q = Σ p_k² + Σ_{k≥2} s_k².
///
/// An engine may fold batch norm into its weights, as ``ErrorBound`` allows. The budget then has to
/// pay for what folding rounds as well: every weight times the scale (one more Σ p_k²), the mean times
/// the scale, and the offset less that product. Where the mean is large beside the result these are
/// most of the error.
public enum ErrorBudget {
  /// Variance of the error that one layer introduces, before its clamp.
  ///
  /// - Parameters:
  ///   - layer: What was computed.
  ///   - evaluation: The same layer in float64.
  ///   - input: Its input; only the softmax looks at it.
  /// - Returns: Of the shape of the layer's output.
  public static func introduced(
    by layer: Layer, _ evaluation: LayerEvaluation, input: Tensor<Double>
  ) -> Tensor<Double> {
    let unit = Roundoff.meanSquare * Roundoff.unit * Roundoff.unit
    guard let moments = evaluation.moments else {
      return softmaxVariance(evaluation, logits: input)
    }
    var variance = evaluation.output
    switch layer.operation {
    case .convolution(let convolution):
      guard let norm = evaluation.norm else { preconditionFailure("a convolution has batch norm") }
      // Folded weights are rounded; so is 2x - 1, which only the first layer reads.
      let operands = convolution.kind == .standard ? 2.0 : 1
      let channels = norm.mean.count
      for index in 0..<variance.count {
        let c = index % channels
        let scale = norm.scale[c]
        // Subtraction, product, and the three roundings inside the scale; then the last addition.
        let scaled = (moments[flat: index].value - norm.mean[c]) * scale
        let y = evaluation.preActivation[flat: index]
        let shift = norm.mean[c] * scale
        let folded = norm.offset[c] - shift
        let sum = moments[flat: index].squares + operands * moments[flat: index].productSquares
        variance[flat: index] =
          unit
          * (scale * scale * sum + 5 * scaled * scaled + shift * shift + folded * folded + y * y)
      }
    case .globalPool:
      let count = Double(input.shape[1] * input.shape[2])
      for index in 0..<variance.count {
        let mean = evaluation.output[flat: index]
        variance[flat: index] =
          unit * (moments[flat: index].squares / (count * count) + mean * mean)
      }
    case .logits, .softmax:
      for index in 0..<variance.count {
        let z = evaluation.output[flat: index]
        variance[flat: index] = unit * (moments[flat: index].squares + z * z)
      }
    }
    return variance
  }

  /// Variance of the error after a layer of a chain, before its clamp: what it inherits plus what it
  /// introduces. Errors of different inputs are taken as independent.
  ///
  /// - Parameter inherited: Variance of the error of the layer's input.
  public static func accumulated(
    by layer: Layer, at index: Int, in network: ReferenceNetwork<Double>,
    _ evaluation: LayerEvaluation, input: Tensor<Double>, inherited: Tensor<Double>
  ) -> Tensor<Double> {
    var variance = introduced(by: layer, evaluation, input: input)
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

  /// Variance after the clamp: an element that ReLU6 holds at 0 or 6 for sure has no error left.
  public static func clamped(
    _ variance: Tensor<Double>, by layer: Layer, _ evaluation: LayerEvaluation
  ) -> Tensor<Double> {
    guard layer.convolution != nil else { return variance }
    var result = variance
    for index in 0..<result.count {
      let y = evaluation.preActivation[flat: index]
      let reach = clampReach * variance[flat: index].squareRoot()
      if y <= -reach || y >= Architecture.reluCeiling + reach { result[flat: index] = 0 }
    }
    return result
  }

  /// Relative errors of p = e/S with e = exp(z - m): the subtraction (c u² (z - m)²), exp (taken as
  /// one unit in the last place at most: u²), the division, and what these do to the sum S.
  ///
  /// A term below half a unit in the last place of the partial sum is lost altogether. Such losses
  /// all have the same sign, so they add up as they are, not as a random walk.
  private static func softmaxVariance(
    _ evaluation: LayerEvaluation, logits: Tensor<Double>
  ) -> Tensor<Double> {
    let (unit, c) = (Roundoff.unit * Roundoff.unit, Roundoff.meanSquare)
    let classes = logits.shape[1]
    var variance = evaluation.output
    for n in 0..<logits.shape[0] {
      let row = n * classes..<(n + 1) * classes
      let largest = logits.scalars[row].max() ?? 0
      var (partial, common, lost) = (0.0, 0.0, 0.0)
      for k in row {
        let p = evaluation.output[flat: k]
        // Where p is 0, z may be -∞, and 0 · ∞ is not 0.
        let distance = p == 0 ? 0 : logits[flat: k] - largest
        if p < Roundoff.unit * partial { lost += p }
        partial += p
        common += p * p * (c * distance * distance + 1) + c * partial * partial
      }
      for k in row {
        let p = evaluation.output[flat: k]
        let distance = p == 0 ? 0 : logits[flat: k] - largest
        let own = c * distance * distance + 1 + c
        variance[flat: k] =
          p * p * (unit * (own + common) + lost * lost) + Roundoff.smallestNormal
          * Roundoff.smallestNormal
      }
    }
    return variance
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
