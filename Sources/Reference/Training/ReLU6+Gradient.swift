import MobileNet
import RealModule

extension Operations {
  /// dy = g where 0 < y < 6, else 0.
  ///
  /// At the kinks, 0 and 6 themselves, and for not a number the gradient is 0: so TensorFlow's
  /// `Relu6Grad`, whether it is given y or the clamped value.
  ///
  /// - Parameters:
  ///   - gradient: g, of the clamped value.
  ///   - y: What was clamped, of the same shape.
  public static func relu6Gradient<Scalar: Real & BinaryFloatingPoint & Sendable>(
    _ gradient: Tensor<Scalar>, y: Tensor<Scalar>
  ) -> Tensor<Scalar> {
    precondition(gradient.shape == y.shape)
    let ceiling = Scalar(Architecture.reluCeiling)
    var result = gradient
    for index in 0..<y.count where !(y[flat: index] > 0 && y[flat: index] < ceiling) {
      result[flat: index] = 0
    }
    return result
  }
}
