import MobileNet
import RealModule

extension Operations {
  /// p[n, k] = exp(z[n, k] - m[n]) / Σ_j exp(z[n, j] - m[n]), with m the largest logit of the row.
  ///
  /// Subtracting m changes nothing in exact arithmetic and keeps every exponential at most 1.
  ///
  /// - Parameter logits: `[batch, classes]`.
  public static func softmax<Scalar: Real & BinaryFloatingPoint & Sendable>(
    _ logits: Tensor<Scalar>
  ) -> Tensor<Scalar> {
    let (batch, classes) = (logits.shape[0], logits.shape[1])
    var result = logits
    for n in 0..<batch {
      let row = n * classes..<(n + 1) * classes
      var largest = -Scalar.infinity
      for k in row { largest = max(largest, logits[flat: k]) }
      var sum = Scalar(0)
      for k in row {
        let exponential = Scalar.exp(logits[flat: k] - largest)
        result[flat: k] = exponential
        sum += exponential
      }
      for k in row { result[flat: k] /= sum }
    }
    return result
  }
}
