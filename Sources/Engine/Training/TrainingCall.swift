import MobileNet

/// How the moving variance follows the batch's.
package enum MovingVariance: String, Sendable, CaseIterable {
  /// By the variance times `n / (n - 1)`, as TensorFlow's fused batch norm does; by the biased one where
  /// a channel has a single value.
  case unbiased
  /// By the biased variance, which also normalises.
  case biased
}

/// What one training step is asked to do.
package struct TrainingSettings: Sendable {
  /// Of the moving averages: `moving = momentum * moving + (1 - momentum) * batch`.
  package var batchNormMomentum: Double
  package var movingVariance: MovingVariance
  /// The dropout mask's ones are divided by it.
  package var keepProbability: Double
  /// Factor on `Σ w² / 2` of all kernels but the depthwise ones.
  package var weightDecay: Double
  /// Whether the gradient with respect to the images is wanted too.
  package var differentiatesImages: Bool

  /// TF-Slim's training of MobileNet V1, with the hub module's momentum.
  package init(
    batchNormMomentum: Double = 0.99, movingVariance: MovingVariance = .unbiased,
    keepProbability: Double = 0.999, weightDecay: Double = 4e-5, differentiatesImages: Bool = false
  ) {
    self.batchNormMomentum = batchNormMomentum
    self.movingVariance = movingVariance
    self.keepProbability = keepProbability
    self.weightDecay = weightDecay
    self.differentiatesImages = differentiatesImages
  }
}

/// The parts of a training step's loss.
package struct TrainingLoss: Hashable, Sendable {
  /// Mean over the batch of the softmax cross-entropy.
  package let crossEntropy: Double
  /// The weight decay's term.
  package let regularization: Double
  /// Their sum.
  package var total: Double { crossEntropy + regularization }
}

/// What the steps read that changes from call to call.
struct TrainingCall {
  var settings = TrainingSettings()
  /// One per image.
  let labels: UnsafeMutablePointer<Int>
  /// `[batch, channels]`, the mask over the keep probability, zero where no channel is.
  let dropout: UnsafeMutablePointer<Float>
  /// One per image: its cross-entropy.
  let losses: UnsafeMutablePointer<Double>
}
