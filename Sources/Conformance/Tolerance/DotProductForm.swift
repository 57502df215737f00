import MobileNet
import Reference

/// The sums behind a convolution's elements in one way of evaluating it, y = s · sum + bias, with what
/// bound and budget need to know of them.
package struct DotProductForm: Sendable {
  let form: EvaluationForm
  /// Of every element's sum. ``Moments/absolute`` is what roundings are relative to.
  let moments: Tensor<Moments>
  /// m: how often a term is rounded at most, folded weights and the product included.
  let roundings: Int
  /// l: how many additions the bias passes at most.
  let length: Int
  /// Whether operands are rounded before they are multiplied, besides folded weights.
  let roundsInput: Bool
  private let norm: BatchNorm<Double>
  /// What the bias has besides β - μs, in units of s, channel by channel: -Σw, and Σ|w|.
  private let constants: [(sum: Double, absolute: Double)]?

  /// The layer's own dot product.
  ///
  /// The first layer reads 2x - 1, which rounds once before anything is multiplied.
  init(_ convolution: Convolution, _ evaluation: LayerEvaluation) {
    guard let moments = evaluation.moments, let norm = evaluation.norm else {
      preconditionFailure("a convolution has moments and batch norm")
    }
    let readsImages = convolution.kind == .standard
    form = .biasLast
    self.moments = moments
    length = convolution.dotProductLength
    roundings = length + (readsImages ? 3 : 2)
    roundsInput = readsImages
    self.norm = norm
    constants = nil
  }

  /// Sums that come about in another way.
  ///
  /// - Parameter constants: See ``constants``.
  init(
    _ form: EvaluationForm, moments: Tensor<Moments>, roundings: Int, length: Int,
    norm: BatchNorm<Double>, constants: [(sum: Double, absolute: Double)]? = nil
  ) {
    self.form = form
    self.moments = moments
    self.roundings = roundings
    self.length = length
    self.norm = norm
    self.constants = constants
    roundsInput = false
  }

  /// What is added to s · sum in channel `c`.
  func bias(_ c: Int) -> Double {
    let folded = norm.offset[c] - norm.mean[c] * norm.scale[c]
    return folded + norm.scale[c] * (constants?[c].sum ?? 0)
  }

  /// How far that may be off by more than its own rounding and that of s μ: the sum of n folded
  /// weights and its difference to the bias.
  func biasError(_ c: Int) -> Double {
    guard let constants else { return 0 }
    return Roundoff.gamma(length + 10) * abs(norm.scale[c]) * constants[c].absolute
  }

  /// The variance of ``biasError(_:)``, in units of c u².
  func biasVariance(_ c: Int) -> Double {
    guard let constants else { return 0 }
    let size = norm.scale[c] * constants[c].absolute
    return size * size
  }
}
