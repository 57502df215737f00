import MobileNet
import RealModule

extension Operations {
  /// dX[n, y, x, c] = g[n, 0, 0, c] / (height · width): every pixel has the same share in the mean.
  ///
  /// - Parameters:
  ///   - gradient: g, `[batch, 1, 1, channels]`.
  ///   - inputShape: Of what was averaged, `[batch, height, width, channels]`.
  /// - Returns: Of `inputShape`.
  public static func globalMeanGradient<Scalar: Real & BinaryFloatingPoint & Sendable>(
    _ gradient: Tensor<Scalar>, inputShape: [Int]
  ) -> Tensor<Scalar> {
    let (batch, pixels, depth) = (inputShape[0], inputShape[1] * inputShape[2], inputShape[3])
    precondition(gradient.shape == [batch, 1, 1, depth])
    var result = Tensor(repeating: Scalar(0), shape: inputShape)
    for n in 0..<batch {
      for pixel in 0..<pixels {
        for c in 0..<depth {
          result[flat: (n * pixels + pixel) * depth + c] =
            gradient[flat: n * depth + c] / Scalar(pixels)
        }
      }
    }
    return result
  }
}
