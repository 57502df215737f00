import MobileNet
import RealModule

extension Operations {
  /// features / keep · mask: some features become 0, the others grow so that their expected value
  /// stays.
  ///
  /// The mask is given, not drawn, so that two programs can drop the same features. Dropout is linear
  /// and each feature goes its own way, so its gradient is the same operation on the gradient.
  ///
  /// - Parameters:
  ///   - features: `[batch, 1, 1, channels]`.
  ///   - mask: 0 for a dropped feature, 1 for a kept one, `[batch, channels]`.
  ///   - keepProbability: Above 0 and at most 1.
  public static func dropout<Scalar: Real & BinaryFloatingPoint & Sendable>(
    _ features: Tensor<Scalar>, mask: Tensor<Scalar>, keepProbability: Scalar
  ) -> Tensor<Scalar> {
    precondition(features.count == mask.count && features.shape[0] == mask.shape[0])
    precondition(keepProbability > 0 && keepProbability <= 1)
    var result = features
    for index in 0..<features.count {
      result[flat: index] = features[flat: index] / keepProbability * mask[flat: index]
    }
    return result
  }
}
