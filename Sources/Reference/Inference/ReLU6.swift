import MobileNet
import RealModule

extension Operations {
  /// min(max(y, 0), 6). Not a number stays not a number; the result is never -0.
  public static func relu6<Scalar: Real & BinaryFloatingPoint & Sendable>(
    _ y: Tensor<Scalar>
  ) -> Tensor<Scalar> {
    let ceiling = Scalar(Architecture.reluCeiling)
    return y.map { $0 <= 0 ? 0 : $0 >= ceiling ? ceiling : $0 }
  }
}
