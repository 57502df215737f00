import Conformance
import MobileNet

/// The bound as it was before it knew of sums that start with the bias. It lives on here to show that
/// the adversary finds out.
struct FormerBoundCase: AdversaryCase {
  var current: ConvolutionCase

  mutating func mutate(_ generator: inout SplitMix64) { current.mutate(&generator) }

  /// |error| / (|s| γ_{n+2} A + 6u |s| (A + |μ|) + 2u |β| + 2u |y|).
  var ratio: Double? {
    let element = current.element
    guard current.ratio != nil, let value = current.evaluation.value(of: element) else {
      return nil
    }
    let u = Roundoff.unit
    let scale = abs(element.scale)
    let absolute = zip(element.inputs, element.w).reduce(0) { $0 + abs($1.0 * Double($1.1)) }
    let bound =
      scale * Roundoff.gamma(element.x.count + 2) * absolute
      + 6 * u * scale * (absolute + abs(Double(element.mean)))
      + 2 * u * abs(Double(element.beta)) + 2 * u * abs(element.exact)
    return bound > 0 ? abs(Double(value) - element.exact) / bound : nil
  }

  var name: String { current.name }
}
