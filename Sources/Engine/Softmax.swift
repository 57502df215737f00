#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The softmax of one row of logits, `exp(x - max) / Σ exp(x - max)`.
///
/// It is a thousandth of the network's work, so that it can afford float64 for everything between the
/// logits and the rounding of the result. A row with a NaN or +∞ is NaN throughout.
func softmax(_ logits: UnsafeBufferPointer<Float>, into target: UnsafeMutablePointer<Float>) {
  var highest = -Float.infinity
  for logit in logits where logit > highest { highest = logit }
  var sum = 0.0
  for logit in logits { sum += exp(Double(logit) - Double(highest)) }
  for (index, logit) in logits.enumerated() {
    target[index] = Float(exp(Double(logit) - Double(highest)) / sum)
  }
}
