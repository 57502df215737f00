import Conformance
import Foundation
import MobileNet

/// Everything that one element of a convolution's output depends on.
struct ConvolutionElement {
  /// Input values of the window; padding is 0. Pixels in [0, 1], of which the layer reads 2x - 1, if
  /// ``readsImage``.
  var x: [Float]
  var w: [Float]
  var gamma: Float
  var beta: Float
  var mean: Float
  var variance: Float
  let readsImage: Bool

  /// What the products are made of, exactly.
  var inputs: [Double] { x.map { readsImage ? 2 * Double($0) - 1 : Double($0) } }

  /// γ/√(v + ε).
  var scale: Double {
    Double(gamma) / (Double(variance) + Architecture.batchNormEpsilon).squareRoot()
  }

  /// β - μ s.
  var bias: Double { Double(beta) - Double(mean) * scale }

  /// Σ |x w|.
  var absolute: Double { zip(inputs, w).reduce(0) { $0 + abs($1.0 * Double($1.1)) } }

  /// The largest |x w s|.
  var largestTerm: Double {
    zip(inputs, w).reduce(0) { max($0, abs($1.0 * Double($1.1) * scale)) }
  }

  /// s (z - μ) + β before the clamp, exactly (all but 2^-50 of its terms).
  var exact: Double {
    var sum = ExactSum()
    for (x, w) in zip(inputs, w) { sum.add(x, times: Double(w)) }
    sum.add(-Double(mean))
    var result = ExactSum()
    result.add(sum.high, times: scale)
    result.add(sum.low, times: scale)
    result.add(Double(beta))
    return result.value
  }
}
