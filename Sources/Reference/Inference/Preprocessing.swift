import MobileNet
import RealModule

extension Operations {
  /// x ↦ 2x - 1: from the module's [0, 1] to the network's [-1, 1].
  ///
  /// The doubling is exact; the subtraction rounds once, and not at all for x ≥ 1/4. Padding comes
  /// after this step, so a padded zero stays 0.
  public static func preprocess<Scalar: Real & BinaryFloatingPoint & Sendable>(
    _ images: Tensor<Scalar>
  ) -> Tensor<Scalar> {
    images.map { $0 * 2 - 1 }
  }
}
