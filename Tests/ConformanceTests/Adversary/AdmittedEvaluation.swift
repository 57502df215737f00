import Conformance
import Foundation
import MobileNet

/// One admitted way to compute an element of a convolution with its batch norm in float32.
///
/// Two of the forms are not in the derivation of the bound word by word, but it covers them: the shift
/// in two steps, and division by the deviation before γ where the quotient does not underflow.
struct ConvolutionEvaluation {
  enum Form: String, CaseIterable {
    /// (z - μ) s + β.
    case shifted = "(z-m)s+b"
    /// ((z - μ)/σ) γ + β.
    case normalized = "((z-m)/d)g+b"
    /// z s + (β - μ s).
    case scaled = "zs+b'"
    /// (z s - μ s) + β.
    case scaledShifted = "(zs-ms)+b"
    /// The sum over x (w s), with β - μ s as one of its terms.
    case folded = "folded"
    /// The sum over x (w s) without a bias, minus μ s, plus β.
    case foldedShifted = "(folded-ms)+b"
  }

  /// How γ/√(v + ε) is computed.
  enum Scale: Hashable {
    case quotient
    /// γ times fl(1/√).
    case reciprocal
    /// γ times an approximate 1/√, this many floats from the nearest one.
    case reciprocalRoot(steps: Int)
    /// In float64, rounded once; ε as float32 or as float64.
    case wide(roundsEpsilon: Bool)
  }

  var form: Form
  var scale: Scale
  var arithmetic: Arithmetic
  /// Over the products and, as the last term, the bias; without it unless ``form`` is folded.
  var tree: SummationTree
  /// Whether batch norm's products are fused into its sums.
  var fusesOffset: Bool
  var fusesBias: Bool
  /// Whether weights are folded in float64 and rounded once.
  var foldsWide: Bool
  var computesBiasWide: Bool
  var skipsPadding: Bool

  /// The result before the clamp; `nil` where the evaluation is not one of the admitted class.
  func value(of element: ConvolutionElement) -> Float? {
    let x =
      element.readsImage
      ? element.x.map { arithmetic.sum(arithmetic.product(2, $0), -1) } : element.x
    let root = root(element)
    switch form {
    case .shifted, .normalized: return shifted(element, x, root)
    case .scaled:
      let sum = Float(productSum(x, element.w))
      return arithmetic.multiplyAdd(
        sum, scale(element, root), bias(element, root), fuses: fusesOffset)
    case .scaledShifted:
      let sum = Float(productSum(x, element.w))
      let scale = scale(element, root)
      let shift = arithmetic.product(element.mean, scale)
      return arithmetic.sum(
        arithmetic.multiplyAdd(sum, scale, -shift, fuses: fusesOffset), element.beta)
    case .foldedShifted:
      let sum = Float(productSum(x, folded(element, root)))
      return arithmetic.sum(
        arithmetic.multiplyAdd(-element.mean, scale(element, root), sum, fuses: fusesBias),
        element.beta)
    case .folded:
      return arithmetic.written(
        Float(
          tree.sum(
            x + [bias(element, root)], folded(element, root) + [1], arithmetic,
            skipsZeros: skipsPadding)))
    }
  }

  /// Without the bias.
  private func productSum(_ x: [Float], _ w: [Float]) -> Double {
    var tree = tree
    tree.order.removeAll { $0 == w.count }
    return tree.sum(x, w, arithmetic, skipsZeros: skipsPadding)
  }

  private func shifted(_ element: ConvolutionElement, _ x: [Float], _ root: Float) -> Float? {
    let sum = arithmetic.written(Float(productSum(x, element.w)))
    let difference = arithmetic.sum(sum, -element.mean)
    if form == .shifted {
      return arithmetic.multiplyAdd(
        difference, scale(element, root), element.beta, fuses: fusesOffset)
    }
    let normalized: Float
    switch scale {
    case .quotient: normalized = arithmetic.quotient(difference, root)
    default: normalized = arithmetic.product(difference, inverseRoot(element, root))
    }
    // γ is large where the standard deviation is; what is lost here, the bound does not know of.
    guard difference == 0 || normalized.magnitude >= .leastNormalMagnitude else { return nil }
    return arithmetic.multiplyAdd(normalized, element.gamma, element.beta, fuses: fusesOffset)
  }

  /// √(v + ε).
  private func root(_ element: ConvolutionElement) -> Float {
    arithmetic.sum(element.variance, Self.epsilon).squareRoot()
  }

  private func inverseRoot(_ element: ConvolutionElement, _ root: Float) -> Float {
    let steps = if case .reciprocalRoot(let steps) = scale { steps } else { 0 }
    if case .reciprocal = scale { return 1 / root }
    let sum = Double(arithmetic.sum(element.variance, Self.epsilon))
    return approximation(of: 1 / sum.squareRoot(), steps: steps)
  }

  private func scale(_ element: ConvolutionElement, _ root: Float) -> Float {
    switch scale {
    case .quotient: arithmetic.quotient(element.gamma, root)
    case .reciprocal, .reciprocalRoot:
      arithmetic.product(element.gamma, inverseRoot(element, root))
    case .wide: arithmetic.written(Float(wideScale(element, root)))
    }
  }

  private func wideScale(_ element: ConvolutionElement, _ root: Float) -> Double {
    guard case .wide(let roundsEpsilon) = scale else { return Double(scale(element, root)) }
    let epsilon = roundsEpsilon ? Double(Self.epsilon) : Architecture.batchNormEpsilon
    return Double(element.gamma) / (Double(element.variance) + epsilon).squareRoot()
  }

  /// β - μ s.
  private func bias(_ element: ConvolutionElement, _ root: Float) -> Float {
    if computesBiasWide {
      let product = Double(element.mean) * wideScale(element, root)
      return arithmetic.written(Float(Double(element.beta) - product))
    }
    return arithmetic.multiplyAdd(
      -element.mean, scale(element, root), element.beta, fuses: fusesBias)
  }

  private func folded(_ element: ConvolutionElement, _ root: Float) -> [Float] {
    if foldsWide {
      let scale = wideScale(element, root)
      return element.w.map { arithmetic.written(Float(Double($0) * scale)) }
    }
    let scale = scale(element, root)
    return element.w.map { arithmetic.product($0, scale) }
  }

  private static let epsilon = Float(Architecture.batchNormEpsilon)
}

extension ConvolutionEvaluation {
  static func random(terms: Int, _ generator: inout SplitMix64) -> Self {
    ConvolutionEvaluation(
      form: Form.allCases.randomElement(using: &generator) ?? .folded,
      scale: .random(&generator), arithmetic: .random(&generator),
      tree: .random(count: terms + 1, &generator), fusesOffset: .random(using: &generator),
      fusesBias: .random(using: &generator), foldsWide: .random(using: &generator),
      computesBiasWide: .random(using: &generator), skipsPadding: .random(using: &generator))
  }

  /// Changes one property, more often than not of the sum.
  mutating func mutate(_ generator: inout SplitMix64) {
    switch Int.random(in: 0..<12, using: &generator) {
    case 0: form = Form.allCases.randomElement(using: &generator) ?? form
    case 1: scale = .random(&generator)
    case 2: arithmetic = .random(&generator)
    case 3: fusesOffset.toggle()
    case 4: fusesBias.toggle()
    case 5: foldsWide.toggle()
    case 6: computesBiasWide.toggle()
    case 7: skipsPadding.toggle()
    default: tree.mutate(&generator)
    }
  }

  /// For the table.
  var name: String {
    var parts = [form.rawValue, tree.isWide ? "wide" : tree.shape.name]
    if !tree.isWide { parts.append(tree.fusing.name) }
    if form == .folded {
      let bias = tree.order.firstIndex(of: tree.order.count - 1) ?? 0
      parts.append(
        bias == 0 ? "bias first" : bias == tree.order.count - 1 ? "bias last" : "bias inside")
    }
    parts.append("\(scale)")
    if arithmetic != Arithmetic() { parts.append("flushing") }
    return parts.joined(separator: ", ")
  }
}

extension ConvolutionEvaluation.Scale: CustomStringConvertible {
  static func random(_ generator: inout SplitMix64) -> Self {
    switch Int.random(in: 0..<8, using: &generator) {
    case 0, 1: .quotient
    case 2: .reciprocal
    case 3: .wide(roundsEpsilon: .random(using: &generator))
    case 4: .reciprocalRoot(steps: .random(in: -1...1, using: &generator))
    default: .reciprocalRoot(steps: Bool.random(using: &generator) ? 2 : -2)
    }
  }

  var description: String {
    switch self {
    case .quotient: "g/sqrt"
    case .reciprocal: "g(1/sqrt)"
    case .reciprocalRoot(let steps): "g rsqrt\(steps < 0 ? "" : "+")\(steps)"
    case .wide: "wide scale"
    }
  }
}
