import MobileNet
import RealModule

/// Which variance of the batch the moving variance follows.
///
/// Batch norm itself divides by the biased variance in both.
public enum MovingVariance: String, Hashable, Sendable, CaseIterable {
  /// v · N / (N - 1), as TensorFlow's fused batch norm has it, which MobileNet trains with in float32.
  case unbiased
  /// v, as batch norm made of single operations has it (`fused=False`), and float64 with it.
  case biased
}

extension Operations {
  /// moving - (moving - batch) · (1 - momentum), element by element.
  ///
  /// A momentum of 1 keeps the moving average as it is, 0 forgets it.
  ///
  /// - Parameters:
  ///   - moving: The average so far, one for every channel.
  ///   - batch: Mean or variance of the batch.
  ///   - momentum: From 0 to 1.
  public static func movingAverage<Scalar: Real & BinaryFloatingPoint & Sendable>(
    _ moving: [Scalar], batch: [Scalar], momentum: Double
  ) -> [Scalar] {
    precondition(moving.count == batch.count && 0 <= momentum && momentum <= 1)
    let rate = Scalar(1 - momentum)
    return zip(moving, batch).map { $0 - ($0 - $1) * rate }
  }
}
