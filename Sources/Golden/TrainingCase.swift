import MobileNet

/// A batch, and what one training step computes from it.
public struct TrainingCase: Sendable {
  public let name: String
  /// What the case is for.
  public let description: String
  /// Where the images come from, with licence.
  public let source: String
  public let settings: StoredSettings
  public let batch: StoredBatch
  /// As TensorFlow computes it in float32, batch norm fused: the moving variance follows the
  /// unbiased variance, N/(N-1) of the batch's.
  public let float32: StoredStep<Float>
  /// As TensorFlow computes it in float64, batch norm not fused: the moving variance follows the
  /// biased variance.
  public let float64: StoredStep<Double>
}

/// What a training step depends on besides variables and batch.
public struct StoredSettings: Hashable, Sendable {
  /// Batch norm's: moving = momentum · moving + (1 - momentum) · batch.
  public let momentum: Double
  /// By which the features that dropout keeps are divided.
  public let keepProbability: Double
  /// λ in λ Σ w² / 2.
  public let weightDecay: Double
}

/// What one training step is fed.
public struct StoredBatch: Sendable {
  /// `[batch, height, width, 3]` in [0, 1].
  public let images: Tensor<Float>
  /// The class of each image, from 0.
  public let labels: [Int]
  /// `[batch, channels]`: 1 for a feature that is kept, 0 for one that is dropped.
  public let dropoutMask: Tensor<Float>
}

/// What one training step computes, before any variable changes.
public struct StoredStep<Scalar: Sendable & Hashable>: Sendable {
  /// All 30 end points, computed with the batch's own statistics; `global_pool` is before dropout.
  public let activations: [EndPoint: Tensor<Scalar>]
  /// Of each convolution's values before batch norm, `[channels]`.
  public let batchMean: [EndPoint: Tensor<Scalar>]
  /// Biased: the mean squared distance from the mean, `[channels]`.
  public let batchVariance: [EndPoint: Tensor<Scalar>]
  public let loss: StoredLoss<Scalar>
  /// Of the total loss by each trainable variable, by TensorFlow name.
  public let gradients: [String: StoredGradient]
  /// Of the total loss by the images in [0, 1].
  public let imagesGradient: StoredGradient
  /// Every moving mean and variance after the step, by TensorFlow name.
  public let movingAverages: [String: Tensor<Scalar>]
}

/// The terms of the loss.
public struct StoredLoss<Scalar: Sendable & Hashable>: Hashable, Sendable {
  /// Mean over the batch of the softmax cross-entropy.
  public let crossEntropy: Scalar
  /// Weight decay, over the 15 kernels that have it.
  public let regularization: Scalar
  /// Their sum, as it was computed.
  public let total: Scalar
}

/// What is known of a training case without reading its numbers.
public struct TrainingCaseSummary: Hashable, Sendable {
  public let name: String
  public let description: String
  public let source: String
  /// `[batch, height, width, 3]`.
  public let imagesShape: [Int]
  public let settings: StoredSettings
}

/// Steps of gradient descent, each on its own batch.
///
/// Every step subtracts the learning rate times the gradient from each trainable variable, and
/// updates the moving averages. All start from the golden's parameters.
public struct TrainingTrajectory: Sendable {
  public let description: String
  public let source: String
  public let settings: StoredSettings
  public let learningRate: Double
  public let batches: [StoredBatch]
  /// At each step, before its update.
  public let loss: [StoredLoss<Float>]
  public let loss64: [StoredLoss<Double>]
  /// L2 norm of each of the 137 variables after each step, by TensorFlow name, as float32 and as
  /// float64 computed it; both in float64.
  public let norms: [String: [Double]]
  public let norms64: [String: [Double]]
}
