import Foundation
import MobileNet
import Reference

/// The largest error that a correct float32 evaluation of one layer can make, element by element.
///
/// *Correct* is any evaluation of the admitted class, which this module's README writes down: any tree
/// of sums over products and bias, with or without fused multiply-add, batch norm applied afterwards or
/// folded into weights and bias, means by division or by reciprocal, padding as zeros or skipped.
///
/// Every bound is computed from the data: A = Σ|x||w| of the very element, its batch norm and its
/// result. u is the unit roundoff, n the length of the dot product with its padding counted, and θ_k
/// any number with |θ_k| ≤ γ_k = k u / (1 - k u): the relative error of k roundings. Products of such
/// factors add their indices, (1 + θ_j)(1 + θ_k) = 1 + θ_{j+k} (Higham, *Accuracy and Stability of
/// Numerical Algorithms*, 2nd ed., lemma 3.3).
///
/// A bound says nothing of an evaluation that overflows: where an operand or a sum of magnitudes comes
/// near the largest float32 number, it is infinite.
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
    bounds(of: layer, evaluation, input: input, magnitudes: evaluation.output)
  }

  /// - Parameter magnitudes: What a softmax's errors are relative to, if not its output.
  static func bounds(
    of layer: Layer, _ evaluation: LayerEvaluation, input: Tensor<Double>,
    magnitudes: Tensor<Double>
  ) -> Tensor<Double> {
    switch layer.operation {
    case .convolution(let convolution):
      convolutionBounds(
        DotProductForm(convolution, evaluation), evaluation,
        largestInput: largestInput(input, of: convolution))
    case .globalPool:
      poolBounds(evaluation, positions: input.shape[1] * input.shape[2])
    case .logits(let inputChannels, _):
      logitsBounds(evaluation, terms: inputChannels, largestInput: input.largestMagnitude)
    case .softmax:
      softmaxBounds(magnitudes, logits: input)
    }
  }

  /// Dot product, batch norm, clamp.
  ///
  ///     |s| ((1 + γ_9) γ_m A + γ_9 (|z| + |μ|))  +  γ_{l+1} |b|  +  underflow
  ///
  /// with b = β - μs. For a plain dot product m = n + 2 and l = n; the first layer's m has one more,
  /// the rounding of 2x - 1.
  ///
  /// *The scale.* ŝ = s (1 + θ_6): v + ε and ε itself round (half of each survives the root), a root
  /// and a division follow, or a reciprocal root good to 2 ulp (4u) and a product.
  ///
  /// *Folded*, y = Σ x_k ŵ_k + b̂ in any tree of n + 1 leaves: a leaf passes at most n additions, and a
  /// product rounds twice more, as ŵ_k = fl(w_k ŝ) and as product. With the factor 1 + θ_6 of the scale
  /// taken out of the sum, Σ x_k w_k s (1 + θ_6)(1 + θ_{n+2}) is off by |s| (γ_6 |z| + (1 + γ_6) γ_{n+2} A).
  /// b̂ = (β - μs (1 + θ_7))(1 + θ_1), times 1 + θ_n in the tree, is off by γ_{n+1} |b| + γ_8 |s μ|.
  ///
  /// *Afterwards*, (ẑ - μ) ŝ + β or ẑ ŝ + b̂: ẑ is off by γ_n A; difference, product and scale make θ_8
  /// of s (z - μ), or θ_7 of s z and θ_8 of s μ; the last addition is off by u |y|. Since
  /// |y| ≤ |s| A + |b|, that is within the two units by which m exceeds n, and within γ_{l+1} |b|.
  ///
  /// A flushed γ costs η / √ε < 32 η of ŝ, η being the smallest normal number.
  ///
  /// ReLU6 is 1-Lipschitz: the clamp cannot enlarge an error.
  static func convolutionBounds(
    _ form: DotProductForm, _ evaluation: LayerEvaluation, largestInput: Double
  ) -> Tensor<Double> {
    guard let norm = evaluation.norm else { preconditionFailure("a convolution has batch norm") }
    let channels = norm.mean.count
    let ofProducts = (1 + Roundoff.gamma(9)) * Roundoff.gamma(form.roundings)
    let (ofScale, ofBias) = (Roundoff.gamma(9), Roundoff.gamma(form.length + 1))
    let lost = underflow(
      terms: form.length, largestInput: largestInput, largestWeight: evaluation.largestWeight)
    var bounds = evaluation.preActivation
    for index in 0..<bounds.count {
      let c = index % channels
      let (scale, mean) = (abs(norm.scale[c]), abs(norm.mean[c]))
      let absolute = form.moments[flat: index].absolute
      let sizes = abs(form.moments[flat: index].value) + mean
      let bias = abs(form.bias(c))
      let bound =
        scale * (ofProducts * absolute + ofScale * sizes) + ofBias * bias
        + form.biasError(c) + lost * (1 + scale)
        + 32 * Roundoff.smallestNormal * (absolute + mean)
      let operands = absolute + mean + evaluation.largestWeight
      bounds[flat: index] = isSafe(max(scale, 1) * operands + bias) ? bound : .infinity
    }
    return bounds
  }

  /// Mean over N positions: γ_{N+1} mean|x|.
  ///
  /// A sum takes N - 1 additions. A division rounds once more; a product with fl(1/N) twice, and so
  /// do terms that are scaled one by one. A mean of H rows' means over W columns rounds at most
  /// H + W + 2 times, and its divisions not at all by 2; that is no more than H W + 1.
  private static func poolBounds(
    _ evaluation: LayerEvaluation, positions: Int
  ) -> Tensor<Double> {
    guard let moments = evaluation.moments else { preconditionFailure("a pool has moments") }
    let gamma = Roundoff.gamma(positions + 1)
    let lost = Double(2 * positions + 2) * Roundoff.smallestNormal
    return moments.map { moments in
      guard isSafe(moments.absolute) else { return .infinity }
      return gamma * moments.absolute / Double(positions) + lost
    }
  }

  /// Dot product and bias, n + 1 leaves of one tree: γ_{n+1} (A + |b|).
  private static func logitsBounds(
    _ evaluation: LayerEvaluation, terms: Int, largestInput: Double
  ) -> Tensor<Double> {
    guard let moments = evaluation.moments else { preconditionFailure("logits have moments") }
    let gamma = Roundoff.gamma(terms + 1)
    let lost = underflow(
      terms: terms, largestInput: largestInput, largestWeight: evaluation.largestWeight)
    var bounds = evaluation.output
    for index in 0..<bounds.count {
      let bias = abs(evaluation.output[flat: index] - moments[flat: index].value)
      let sizes = moments[flat: index].absolute + bias
      bounds[flat: index] = isSafe(sizes) ? gamma * sizes + lost : .infinity
    }
    return bounds
  }

  /// Softmax over K classes: relatively exp(R) - 1, with
  ///
  ///     R = e_k + Σ_j p_j (exp(e_j) - 1) + γ_{K+9},        e_k = u (3 |z_k - m| + 2 |z_k|)
  ///
  /// and m the row's largest logit. e_k is the error of the exponent: z - m rounds; with exp2 so do
  /// log2 e, and the product with it, of z or of z - m. Where m log2 e is rounded by itself, the error
  /// is common to numerator and sum, and cancels. exp or exp2 is taken to be good to 2 ulp, 4u, in the
  /// numerator and, on average, in the sum; the sum of K positive terms adds γ_{K-1}, whatever its
  /// order, and the division, or reciprocal and product, 2u. Errors of exponents are factors exp(±e_j):
  /// 1 / Σ p_j exp(-e_j) ≤ exp(Σ p_j e_j) by Jensen's inequality, ln Σ p_j exp(e_j) ≤ Σ p_j (exp(e_j) - 1).
  ///
  /// Without the shift by m, exponentials may be as small as exp(m), and what they lose to underflow
  /// weighs more.
  private static func softmaxBounds(
    _ magnitudes: Tensor<Double>, logits: Tensor<Double>
  ) -> Tensor<Double> {
    let classes = logits.shape[1]
    let u = Roundoff.unit
    let probabilities = Operations.softmax(logits)
    var bounds = magnitudes
    for n in 0..<logits.shape[0] {
      let row = n * classes..<(n + 1) * classes
      // A logit of -∞ has an exponential of exactly 0; a NaN makes one of its whole row.
      let largest = logits.scalars[row].filter(\.isFinite).max() ?? 0
      func exponent(_ k: Int) -> Double {
        guard logits[flat: k].isFinite else { return 0 }
        return u * (3 * abs(logits[flat: k] - largest) + 2 * abs(logits[flat: k]))
      }
      let common =
        row.reduce(0.0) { $0 + probabilities[flat: $1] * expm1(exponent($1)) }
        + Roundoff.gamma(classes + 9)
      let lost = Roundoff.smallestNormal * max(1, exp(min(-largest, 700)))
      for k in row {
        let p = abs(magnitudes[flat: k])
        bounds[flat: k] = expm1(exponent(k) + common) * p + lost * (1 + Double(classes) * p)
      }
    }
    return bounds
  }

  /// What a dot product of n terms may lose where a number falls below the smallest normal one, η, and
  /// is rounded to a subnormal or flushed to zero: each product and each addition η; each operand that
  /// is flushed, folded weights included, η times the other one.
  private static func underflow(
    terms: Int, largestInput: Double, largestWeight: Double
  ) -> Double {
    2 * Roundoff.smallestNormal * Double(terms + 4) * (2 + largestInput + largestWeight)
  }

  /// Of what the dot product reads: the first layer makes 2x - 1 of its input.
  static func largestInput(_ input: Tensor<Double>, of convolution: Convolution) -> Double {
    let largest = input.largestMagnitude
    return convolution.kind == .standard ? 2 * largest + 1 : largest
  }

  /// Whether no float32 evaluation overflows whose magnitudes add up to `sizes`.
  private static func isSafe(_ sizes: Double) -> Bool { sizes < 0x1p127 }
}
