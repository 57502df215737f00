import Foundation
import MobileNet
import Reference
import Synchronization

/// What was made for the forms of a layer so far: few of them are ever asked for.
final class FormCache<Value: Sendable>: Sendable {
  private let values = Mutex<[EvaluationForm: Value]>([:])

  func value(for form: EvaluationForm, make: () -> Value) -> Value {
    if let value = values.withLock({ $0[form] }) { return value }
    let value = make()
    values.withLock { $0[form] = value }
    return value
  }
}

/// What the rounding errors of one layer look like, for every form of evaluation that it may have.
///
/// Every operation's rounding error is taken as an independent number of variance c u² times its squared
/// result (``Roundoff/meanSquare``). With p_k the products, s_k the partial sums of a dot product,
/// P = Σ p_k², Q = P + Σ_{k≥2} s_k², and b = β - μs, in units of c u²:
///
/// | form | variance |
/// |---|---|
/// | normalised | s² Q + 5 (s (z - μ))² + y² |
/// | scaled | s² Q + (s z)² + 3 (s (z - μ))² + (μs)² + b² + y² |
/// | bias last | s² (Q + P) + 3 (s (z - μ))² + (μs)² + b² + y² |
/// | bias first | s² 2P + Σ_k (b + s s_k)² + 3 (s (z - μ))² + (μs)² + b² |
///
/// The scale rounds three times, weights once when they are folded, as do μs and b. The first layer
/// has one more s² P, for 2x - 1. Partial sums are those of the loops, or of the average over all orders
/// where that is more (``Moments/squaresInAnyOrder(startingWith:)``).
package struct RoundingModel: Sendable {
  /// The forms, never none.
  package let forms: [EvaluationForm]
  private let kind: Kind
  /// What errors are measured from, and where the clamp leaves them alone.
  private let evaluation: LayerEvaluation
  private let isClamped: Bool
  private let spreads = FormCache<Spread>()

  private enum Kind: Sendable {
    case convolution(BatchNorm<Double>, plain: DotProductForm, declared: [DotProductForm])
    /// - Parameter excess: N fl(1/N) - 1.
    case pool(count: Double, excess: Double)
    case logits
    case softmax(Tensor<Double>)
  }

  /// - Parameters:
  ///   - input: Of the layer; only pool and softmax look at it.
  ///   - declared: Forms that the subject declares.
  ///   - magnitudes: What a softmax's errors are relative to, if not its output.
  package init(
    _ layer: Layer, _ evaluation: LayerEvaluation, input: Tensor<Double>,
    declared: [DotProductForm] = [], magnitudes: Tensor<Double>? = nil
  ) {
    self.evaluation = evaluation
    isClamped = layer.convolution != nil
    switch layer.operation {
    case .convolution(let convolution):
      guard let norm = evaluation.norm else { preconditionFailure("a convolution has batch norm") }
      kind = .convolution(
        norm, plain: DotProductForm(convolution, evaluation), declared: declared)
      forms = [.normalised, .scaled, .biasLast, .biasFirst] + declared.map(\.form)
    case .globalPool:
      let count = input.shape[1] * input.shape[2]
      let excess = Double(count) * Double(1 / Float(count)) - 1
      kind = .pool(count: Double(count), excess: excess)
      forms = excess == 0 ? [.division] : [.division, .reciprocal]
    case .logits:
      kind = .logits
      forms = [.biasLast, .biasFirst]
    case .softmax:
      kind = .softmax(Self.softmaxVariance(magnitudes ?? evaluation.output, logits: input))
      forms = [.softmax]
    }
  }

  /// Variance of an element's error before the clamp.
  package func variance(_ form: EvaluationForm, at index: Int) -> Double {
    let unit = Roundoff.variance
    switch kind {
    case .convolution(let norm, let plain, let declared):
      if let other = declared.first(where: { $0.form == form }) {
        return unit
          * max(convolved(norm, other, .biasLast, index), convolved(norm, other, .biasFirst, index))
      }
      return unit * convolved(norm, plain, form, index)
    case .pool(let count, _):
      guard let moments = evaluation.moments else { return 0 }
      let mean = evaluation.output[flat: index]
      return unit * (moments[flat: index].squaresInAnyOrder() / (count * count) + mean * mean)
    case .logits:
      guard let moments = evaluation.moments else { return 0 }
      let z = evaluation.output[flat: index]
      let sums = moments[flat: index]
      return form == .biasFirst
        ? unit * sums.squaresInAnyOrder(startingWith: z - sums.value)
        : unit * (sums.squaresInAnyOrder() + z * z)
    case .softmax(let variance):
      return variance[flat: index]
    }
  }

  /// In units of c u²; see ``RoundingModel``.
  private func convolved(
    _ norm: BatchNorm<Double>, _ product: DotProductForm, _ form: EvaluationForm, _ index: Int
  ) -> Double {
    let c = index % norm.mean.count
    let scale = norm.scale[c]
    let square = scale * scale
    let sums = product.moments[flat: index]
    let y = evaluation.preActivation[flat: index]
    let centred = (sums.value - norm.mean[c]) * scale
    let operands = product.roundsInput ? sums.productSquares : 0
    if form == .normalised {
      return square * (sums.squaresInAnyOrder() + operands) + 5 * centred * centred + y * y
    }
    let shift = norm.mean[c] * scale
    let bias = product.bias(c)
    let constants =
      3 * centred * centred + shift * shift + bias * bias + product.biasVariance(c)
    switch form {
    case .scaled:
      let scaled = scale * sums.value
      return square * (sums.squaresInAnyOrder() + operands) + scaled * scaled + constants + y * y
    case .biasFirst where scale != 0:
      return square
        * (sums.squaresInAnyOrder(startingWith: bias / scale) + operands + sums.productSquares)
        + constants
    default:
      return square * (sums.squaresInAnyOrder() + operands + sums.productSquares) + constants
        + y * y
    }
  }

  /// What all elements err by alike, in the same direction: a mean times the rounded 1/N is off by the
  /// same share of itself everywhere.
  package func systematic(_ form: EvaluationForm, at index: Int) -> Double {
    guard form == .reciprocal, case .pool(_, let excess) = kind else { return 0 }
    return excess * evaluation.output[flat: index]
  }

  /// What half a rounding of the scale makes of an element, if it goes to the same side in every channel.
  ///
  /// A reciprocal root by Newton's iteration errs to one side: TensorFlow's, from the processor's own
  /// estimate, is too small by 0.2 to 0.5 u on average (measured with AVX-512, in TensorFlow's own results
  /// and in LiteRT's, whose weights its converter folds).
  func systematicOfScale(at index: Int) -> Double {
    guard case .convolution(let norm, let plain, _) = kind else { return 0 }
    let c = index % norm.mean.count
    let centred = (plain.moments[flat: index].value - norm.mean[c]) * norm.scale[c]
    return Roundoff.unit / 2 * centred
  }

  /// Mean square of an element's error before the clamp.
  func meanSquare(_ form: EvaluationForm, at index: Int) -> Double {
    let systematic = systematic(form, at: index)
    return variance(form, at: index) + systematic * systematic
  }

  /// ``meanSquare(_:at:)`` of every element.
  func meanSquares(_ form: EvaluationForm) -> Tensor<Double> {
    tensor { meanSquare(form, at: $0) }
  }

  /// The largest that any of the forms has, element by element.
  var largestMeanSquares: Tensor<Double> {
    tensor { index in forms.reduce(0) { max($0, meanSquare($1, at: index)) } }
  }

  private func tensor(_ value: (Int) -> Double) -> Tensor<Double> {
    let output = evaluation.output
    return Tensor(shape: output.shape, scalars: (0..<output.count).map(value))
  }

  /// The form under which the errors of `tensor` are likeliest, taken as independent and normal with
  /// the form's variances: the least Σ (e²/σ² + ln σ²) over the elements that the clamp leaves alone.
  ///
  /// Each form is one that a correct engine may have, so this can only tighten the budget of the widest.
  /// An error counts for at most 8 σ: the many decide, not a single wrong one.
  ///
  /// - Parameter tensor: Of the shape of the layer's output.
  package func likeliest(for tensor: Tensor<Float>) -> EvaluationForm {
    guard forms.count > 1 else { return forms[0] }
    let y = evaluation.preActivation
    var best = (form: forms[0], loss: Double.infinity)
    for form in forms {
      let spread = spread(form)
      var loss = spread.logarithms
      for index in 0..<y.count {
        let variance = spread.variances[flat: index]
        guard variance > 0 else { continue }
        let error = Double(tensor[flat: index]) - y[flat: index] - systematic(form, at: index)
        // NaN counts like a wrong element.
        loss += min(64, error * error / variance)
      }
      if loss < best.loss { best = (form, loss) }
    }
    return best.form
  }

  /// What ``likeliest(for:)`` needs of a form, once for all tensors.
  private struct Spread: Sendable {
    /// Of the elements that the clamp leaves alone; 0 of the others.
    var variances: Tensor<Double>
    /// Σ ln σ² of those.
    var logarithms = 0.0
  }

  private func spread(_ form: EvaluationForm) -> Spread {
    spreads.value(for: form) {
      let y = evaluation.preActivation
      var spread = Spread(variances: y)
      for index in 0..<y.count {
        let exact = y[flat: index]
        let isLive = !isClamped || (exact > 0 && exact < Architecture.reluCeiling)
        let variance = isLive && exact.isFinite ? variance(form, at: index) : 0
        spread.variances[flat: index] = variance
        if variance > 0 { spread.logarithms += log(variance) }
      }
      return spread
    }
  }

  /// Relative errors of p = e/S with e = exp(z - m): the subtraction (c u² (z - m)²), exp (taken as one
  /// unit in the last place at most: u²), the division, and what these do to the sum S.
  ///
  /// A term below half a unit in the last place of the partial sum is lost altogether. Such losses
  /// all have the same sign, so they add up as they are, not as a random walk.
  private static func softmaxVariance(
    _ magnitudes: Tensor<Double>, logits: Tensor<Double>
  ) -> Tensor<Double> {
    let (unit, c) = (Roundoff.unit * Roundoff.unit, Roundoff.meanSquare)
    let classes = logits.shape[1]
    let probabilities = Operations.softmax(logits)
    var variance = magnitudes
    for n in 0..<logits.shape[0] {
      let row = n * classes..<(n + 1) * classes
      let largest = logits.scalars[row].max() ?? 0
      var (partial, common, lost) = (0.0, 0.0, 0.0)
      for k in row {
        let p = probabilities[flat: k]
        // Where p is 0, z may be -∞, and 0 · ∞ is not 0.
        let distance = probabilities[flat: k] == 0 ? 0 : logits[flat: k] - largest
        if p < Roundoff.unit * partial { lost += p }
        partial += p
        common += p * p * (c * distance * distance + 1) + c * partial * partial
      }
      for k in row {
        let p = magnitudes[flat: k]
        // Where p is 0, z may be -∞, and 0 · ∞ is not 0.
        let distance = probabilities[flat: k] == 0 ? 0 : logits[flat: k] - largest
        let own = c * distance * distance + 1 + c
        variance[flat: k] =
          p * p * (unit * (own + common) + lost * lost) + Roundoff.smallestNormal
          * Roundoff.smallestNormal
      }
    }
    return variance
  }
}
