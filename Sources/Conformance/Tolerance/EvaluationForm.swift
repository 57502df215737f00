/// How a correct evaluation of a layer goes about it, as far as its rounding errors show it.
///
/// All of these are admitted, and the bound covers them all. They differ in how large errors usually
/// are: a sum that starts with a large bias rounds every partial sum at the bias's size. So each form
/// has a budget of its own, and a result is judged by the form that makes its errors likeliest
/// (``RoundingModel/likeliest(for:)``).
public enum EvaluationForm: String, Hashable, Sendable, Codable, CaseIterable {
  /// (z - μ) s + β, batch norm as it is defined.
  case normalised = "normalised"
  /// z s + (β - μs).
  case scaled = "scaled"
  /// Batch norm folded into weights and bias; the sum ends with the bias, as logits' sums may.
  case biasLast = "bias-last"
  /// The same, but the sum starts with the bias.
  case biasFirst = "bias-first"
  /// A mean divided by the number of positions.
  case division = "division"
  /// A mean times the rounded reciprocal of the number of positions.
  case reciprocal = "reciprocal"
  /// The softmax, in all its forms.
  case softmax = "softmax"
  /// Declared: 2x - 1 folded into the first kernel and its bias.
  case foldedInputScaling = "folded-input-scaling"
  /// Declared: Winograd's F(2x2, 3x3).
  case winogradF2x3 = "winograd-f2x3"
  /// Declared: Winograd's F(4x4, 3x3).
  case winogradF4x3 = "winograd-f4x3"

  /// What it is, in words.
  public var summary: String {
    switch self {
    case .normalised: "batch norm follows the sum"
    case .scaled: "scale and shift follow the sum"
    case .biasLast: "sums end with the bias"
    case .biasFirst: "sums start with the bias"
    case .division: "the mean is a division"
    case .reciprocal: "the mean is a product with the rounded reciprocal"
    case .softmax: "softmax"
    case .foldedInputScaling: "2x - 1 is folded into the first kernel"
    case .winogradF2x3: "Winograd F(2x2, 3x3)"
    case .winogradF4x3: "Winograd F(4x4, 3x3)"
    }
  }
}

/// What a subject may say of its arithmetic: evaluations that are right by the formula and outside the
/// admitted class, because their errors are larger for a reason that no other engine has.
///
/// A subject that declares one is judged by a bound derived for it, from the layer's own data; the
/// record and the verdict say so. What is not declared is not admitted.
public enum DeclaredArithmetic: String, Hashable, Sendable, Codable, CaseIterable {
  /// Σ w (2x - 1) computed as Σ 2w x - Σ w, over images padded with 1/2. Near grey the two sums cancel.
  case foldedInputScaling = "folded-input-scaling"
  /// Depthwise layers of stride 1 by Winograd's F(2x2, 3x3), tiles counted from the first pixel.
  case winogradF2x3 = "winograd-f2x3"
  /// Depthwise layers of stride 1 by Winograd's F(4x4, 3x3), tiles counted from the first pixel.
  case winogradF4x3 = "winograd-f4x3"

  /// The form that a layer then may have.
  var form: EvaluationForm {
    switch self {
    case .foldedInputScaling: .foldedInputScaling
    case .winogradF2x3: .winogradF2x3
    case .winogradF4x3: .winogradF4x3
    }
  }

  /// What it is, in words.
  public var summary: String { form.summary }
}
