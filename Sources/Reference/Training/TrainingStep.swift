import MobileNet
import RealModule

/// The terms of the loss.
public struct TrainingLoss<Scalar: Real & BinaryFloatingPoint & Sendable>: Hashable, Sendable {
  /// Mean over the batch of the softmax cross-entropy.
  public let crossEntropy: Scalar
  /// Weight decay, summed over the 15 kernels that have it.
  public let regularization: Scalar
  /// Their sum, which the gradients are of.
  public var total: Scalar { crossEntropy + regularization }
}

/// Everything that one step of training computes, before any variable changes.
public struct TrainingStep<Scalar: Real & BinaryFloatingPoint & Sendable>: Sendable {
  /// Every end point, in order of the layers, computed with the batch's own statistics. The pool is
  /// before dropout.
  public let endPoints: [Tensor<Scalar>]
  /// Every layer's output before the clamp to [0, 6]; the output itself where there is none.
  public let preActivations: [Tensor<Scalar>]
  /// Mean and variance of every convolution's dot products, in order of the 27 convolutions.
  public let statistics: [BatchStatistics<Sum<Scalar>>]
  public let loss: TrainingLoss<Scalar>
  /// Gradient of the total loss by every trainable variable, by TensorFlow name.
  public let gradients: [String: Tensor<Scalar>]
  /// Gradient by the images in [0, 1], of their shape.
  public let imagesGradient: Tensor<Scalar>
  /// Gradient by every end point up to the logits, in order of the layers.
  public let endPointGradients: [Tensor<Scalar>]
  /// The moving averages after this batch, by TensorFlow name.
  public let movingAverages: [String: Tensor<Scalar>]
}

/// What the way back from one end point yields.
public struct BackwardPass<Scalar: Real & BinaryFloatingPoint & Sendable>: Sendable {
  /// Gradient of the loss by every trainable variable on the way to the end point, by TensorFlow name.
  /// Weight decay is not in it.
  public let gradients: [String: Tensor<Scalar>]
  /// Gradient by the images in [0, 1], of their shape.
  public let imagesGradient: Tensor<Scalar>
  /// Gradient by every end point up to this one, in order of the layers.
  public let endPointGradients: [Tensor<Scalar>]
}
