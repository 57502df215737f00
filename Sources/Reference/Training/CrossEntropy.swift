import MobileNet
import RealModule

extension Operations {
  /// Mean over the batch of the softmax cross-entropy with one right class for each image.
  ///
  ///     L = 1/N Σ_n (log Σ_k exp(z[n, k] - m[n]) + m[n] - z[n, label[n]])
  ///
  /// with m the largest logit of the row, which changes nothing in exact arithmetic and keeps every
  /// exponential at most 1. The loss stays finite where the softmax of the right class is 0.
  ///
  /// - Parameters:
  ///   - logits: `[batch, classes]`.
  ///   - labels: The right class of every image, from 0.
  public static func crossEntropy<Scalar: Real & BinaryFloatingPoint & Sendable>(
    _ logits: Tensor<Scalar>, labels: [Int]
  ) -> Scalar {
    let (batch, classes) = (logits.shape[0], logits.shape[1])
    precondition(labels.count == batch && labels.allSatisfy { 0 <= $0 && $0 < classes })
    var loss = Scalar(0)
    for n in 0..<batch {
      let row = n * classes..<(n + 1) * classes
      var largest = -Scalar.infinity
      for k in row { largest = max(largest, logits[flat: k]) }
      var sum = Scalar(0)
      for k in row { sum += Scalar.exp(logits[flat: k] - largest) }
      loss += Scalar.log(sum) - (logits[flat: row.lowerBound + labels[n]] - largest)
    }
    return loss / Scalar(batch)
  }

  /// dz[n, k] = (p[n, k] - [k = label[n]]) / N, with p the softmax of the logits.
  ///
  /// - Parameters:
  ///   - predictions: p, `[batch, classes]`.
  ///   - labels: The right class of every image, from 0.
  /// - Returns: Gradient of the logits, `[batch, classes]`.
  public static func crossEntropyGradient<Scalar: Real & BinaryFloatingPoint & Sendable>(
    predictions: Tensor<Scalar>, labels: [Int]
  ) -> Tensor<Scalar> {
    let (batch, classes) = (predictions.shape[0], predictions.shape[1])
    precondition(labels.count == batch && labels.allSatisfy { 0 <= $0 && $0 < classes })
    var gradient = predictions
    for n in 0..<batch { gradient[flat: n * classes + labels[n]] -= 1 }
    return gradient.map { $0 / Scalar(batch) }
  }
}
