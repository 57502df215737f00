import Conformance
import Foundation

extension ConvolutionElement {
  /// Changes one number, or one property of all terms.
  mutating func mutate(_ generator: inout SplitMix64) {
    let k = Int.random(in: x.indices, using: &generator)
    switch Int.random(in: 0..<14, using: &generator) {
    case 0: gamma.mutate(&generator)
    case 1: beta.mutate(&generator)
    case 2: mean.mutate(&generator)
    case 3: mutateVariance(&generator)
    case 4, 5, 6: x[k].mutate(&generator)
    case 7, 8, 9: w[k].mutate(&generator)
    case 10: copy(k, &generator)
    case 11: rescale(&generator)
    case 12: w[k] = -w[k]
    default: (beta, mean) = Bool.random(using: &generator) ? (0, mean) : (beta, 0)
    }
    if readsImage { x[k] = min(abs(x[k]), 1) }
  }

  private mutating func mutateVariance(_ generator: inout SplitMix64) {
    // Just over a power of four the reciprocal of the root, just under it the sum is at its worst.
    let power = Float(Foundation.exp2(Double(2 * Int.random(in: -4...4, using: &generator))))
    switch Int.random(in: 0..<3, using: &generator) {
    case 0: variance = abs(power * (1 + .random(exponents: -22...(-8), &generator)) - 0.001)
    case 1: variance = .random(in: 0...1e-6, using: &generator)
    default:
      variance.mutate(&generator)
      variance = abs(variance)
    }
  }

  /// Gives a stretch of terms the values of one.
  private mutating func copy(_ k: Int, _ generator: inout SplitMix64) {
    let end = Int.random(in: k...x.count, using: &generator)
    for other in k..<end {
      x[other] = x[k]
      w[other] = w[k]
    }
  }

  /// Multiplies all weights by a power of two and divides the scale by it.
  private mutating func rescale(_ generator: inout SplitMix64) {
    let power = Float(Foundation.exp2(Double(Int.random(in: -3...3, using: &generator))))
    for k in w.indices { w[k] *= power }
    mean *= power
    if Bool.random(using: &generator) { gamma /= power }
  }
}
