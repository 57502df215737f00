import MobileNet
import RealModule

extension Layer {
  /// Whether training pulls the layer's weights towards 0: those of the first convolution, of the
  /// pointwise ones and of the logits, 15 kernels in all.
  ///
  /// Not the depthwise ones: TF-Slim's `mobilenet_v1_arg_scope` has `regularize_depthwise=False`.
  package var hasWeightDecay: Bool {
    switch operation {
    case .convolution(let convolution): convolution.kind != .depthwise
    case .logits: true
    case .globalPool, .softmax: false
    }
  }
}

extension Operations {
  /// The loss that keeps weights small: λ · Σ w² / 2.
  @specialized(where Scalar == Double)
  @specialized(where Scalar == Float)
  public static func weightDecay<Scalar: Real & BinaryFloatingPoint & Sendable>(
    _ weights: Tensor<Scalar>, factor: Scalar
  ) -> Scalar {
    var sum = Scalar(0)
    for w in weights.scalars { sum += w * w }
    return factor * (sum / 2)
  }

  /// Its gradient: λ · w.
  @specialized(where Scalar == Double)
  @specialized(where Scalar == Float)
  public static func weightDecayGradient<Scalar: Real & BinaryFloatingPoint & Sendable>(
    _ weights: Tensor<Scalar>, factor: Scalar
  ) -> Tensor<Scalar> {
    weights.map { factor * $0 }
  }
}
