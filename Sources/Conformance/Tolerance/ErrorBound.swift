import Foundation
import MobileNet
import Reference

/// The largest error that a correct float32 implementation of one layer can make, element by
/// element, whatever its order of summation, with or without fused multiply-add, with batch norm
/// folded into the weights or not.
///
/// Every bound is computed from the data: A = Σ|x||w| of the very element, its batch norm and its
/// result. u is the unit roundoff and n the length of the dot product, padding counted.
public enum ErrorBound {
  /// Bounds of one layer, of the shape of its output.
  ///
  /// - Parameters:
  ///   - layer: What was computed.
  ///   - evaluation: The same layer in float64, on the same input.
  ///   - input: That input, `[batch, …]`.
  public static func bounds(
    of layer: Layer, _ evaluation: LayerEvaluation, input: Tensor<Double>
  ) -> Tensor<Double> {
    switch layer.operation {
    case .convolution(let convolution):
      convolutionBounds(convolution, evaluation, largestInput: largestMagnitude(input))
    case .globalPool:
      poolBounds(evaluation, positions: input.shape[1] * input.shape[2])
    case .logits(let inputChannels, _):
      logitsBounds(evaluation, terms: inputChannels, largestInput: largestMagnitude(input))
    case .softmax:
      softmaxBounds(evaluation, logits: input)
    }
  }

  /// Dot product, batch norm, clamp.
  ///
  ///     |s| γ_{n+2} A  +  6u |s| (A + |μ|)  +  2u |β|  +  2u |y|  +  underflow
  ///
  /// The dot product takes γ_n A (Higham, section 3.1); two more roundings pay for 2x - 1 in front
  /// of the first layer and for weights that were rounded when batch norm was folded into them. The
  /// scale s = γ/√(v + ε) costs at most four roundings, the product with it and the subtraction of
  /// the mean one each: six. The clamp cannot enlarge an error.
  private static func convolutionBounds(
    _ convolution: Convolution, _ evaluation: LayerEvaluation, largestInput: Double
  ) -> Tensor<Double> {
    guard let moments = evaluation.moments, let norm = evaluation.norm else {
      preconditionFailure("a convolution has moments and batch norm")
    }
    let u = Roundoff.unit
    let channels = norm.mean.count
    let gamma = Roundoff.gamma(convolution.dotProductLength + 2)
    let tiny = underflow(terms: convolution.dotProductLength, largestInput: largestInput)
    var bounds = evaluation.preActivation
    for index in 0..<bounds.count {
      let c = index % channels
      let scale = abs(norm.scale[c])
      let absolute = moments[flat: index].absolute
      bounds[flat: index] =
        scale * gamma * absolute + 6 * u * scale * (absolute + abs(norm.mean[c]))
        + 2 * u * abs(norm.offset[c]) + 2 * u * abs(evaluation.preActivation[flat: index])
        + (1 + scale) * tiny
    }
    return bounds
  }

  /// Mean over N positions: γ_N mean|x| + u |mean|.
  private static func poolBounds(
    _ evaluation: LayerEvaluation, positions: Int
  ) -> Tensor<Double> {
    guard let moments = evaluation.moments else { preconditionFailure("a pool has moments") }
    let gamma = Roundoff.gamma(positions)
    var bounds = evaluation.output
    for index in 0..<bounds.count {
      bounds[flat: index] =
        gamma * moments[flat: index].absolute / Double(positions)
        + Roundoff.unit * abs(evaluation.output[flat: index]) + Roundoff.smallestNormal
    }
    return bounds
  }

  /// Dot product and bias: γ_{n+1} (A + |b|).
  private static func logitsBounds(
    _ evaluation: LayerEvaluation, terms: Int, largestInput: Double
  ) -> Tensor<Double> {
    guard let moments = evaluation.moments else { preconditionFailure("logits have moments") }
    let gamma = Roundoff.gamma(terms + 1)
    let tiny = underflow(terms: terms, largestInput: largestInput)
    var bounds = evaluation.output
    for index in 0..<bounds.count {
      let bias = evaluation.output[flat: index] - moments[flat: index].value
      bounds[flat: index] = gamma * (moments[flat: index].absolute + abs(bias)) + tiny
    }
    return bounds
  }

  /// Softmax over K classes: relatively (K + m - z + 6) u, with m the row's largest logit.
  ///
  /// The rounding of z - m, at most u (m - z), is a relative error of the exponential; exp itself is
  /// taken to be good to 4u; the sum of K positive terms and the division add (K + 1) u; the last u
  /// covers the products of these. The spread is that of the row, since every term is in the sum.
  private static func softmaxBounds(
    _ evaluation: LayerEvaluation, logits: Tensor<Double>
  ) -> Tensor<Double> {
    let classes = logits.shape[1]
    var bounds = evaluation.output
    for n in 0..<logits.shape[0] {
      let row = n * classes..<(n + 1) * classes
      // A logit of -∞ has an exponential of exactly 0; a NaN makes one of its whole row.
      let values = logits.scalars[row].filter(\.isFinite)
      let spread = (values.max() ?? 0) - (values.min() ?? 0)
      let relative = (Double(classes) + spread + 6) * Roundoff.unit
      for k in row {
        bounds[flat: k] = relative * evaluation.output[flat: k] + Roundoff.smallestNormal
      }
    }
    return bounds
  }

  /// What n products may lose where they, or folded weights, fall below the smallest normal number.
  private static func underflow(terms: Int, largestInput: Double) -> Double {
    Double(terms + 2) * Roundoff.smallestNormal * (1 + largestInput)
  }

  private static func largestMagnitude(_ input: Tensor<Double>) -> Double {
    input.scalars.reduce(0) { $1.isFinite ? max($0, abs($1)) : $0 }
  }
}
