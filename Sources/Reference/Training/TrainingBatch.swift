import MobileNet
import RealModule

/// What one step of training reads: images, their classes, and which features to drop.
///
/// An instance always fits the architecture that it was checked against.
public struct TrainingBatch<Scalar: Real & BinaryFloatingPoint & Sendable>: Sendable {
  /// `[batch, height, width, 3]` in [0, 1].
  public let images: Tensor<Scalar>
  /// The right class of every image, from 0.
  public let labels: [Int]
  /// 0 for a feature to drop, 1 for one to keep, `[batch, channels]`.
  public let dropoutMask: Tensor<Scalar>

  /// Checks a batch and wraps it.
  ///
  /// - Parameter dropoutMask: `nil` keeps every feature; they are divided by the keep probability even
  ///   so.
  /// - Throws: ``TrainingBatchError`` if a shape, a label or a value of the mask is not what the
  ///   architecture needs.
  public init(
    images: Tensor<Scalar>, labels: [Int], dropoutMask: Tensor<Scalar>? = nil,
    architecture: Architecture
  ) throws(TrainingBatchError) {
    guard images.shape.count == 4, images.shape[3] == Architecture.imageChannels,
      images.shape.allSatisfy({ $0 > 0 })
    else { throw .wrongImages(images.shape) }
    guard labels.count == images.shape[0] else {
      throw .wrongLabelCount(labels.count, images: images.shape[0])
    }
    if let label = labels.first(where: { !(0..<architecture.numClasses).contains($0) }) {
      throw .noSuchClass(label, classes: architecture.numClasses)
    }
    let shape = [images.shape[0], architecture.featureChannels]
    let mask = dropoutMask ?? Tensor(repeating: 1, shape: shape)
    guard mask.shape == shape else { throw .wrongMask(mask.shape, expected: shape) }
    if let place = mask.scalars.firstIndex(where: { $0 != 0 && $0 != 1 }) {
      throw .maskValue(index: mask.coordinates(of: place))
    }
    self.images = images
    self.labels = labels
    self.dropoutMask = mask
  }
}

/// Why a batch cannot be trained on.
public enum TrainingBatchError: Error, Hashable, CustomStringConvertible {
  case wrongImages([Int])
  case wrongLabelCount(Int, images: Int)
  case noSuchClass(Int, classes: Int)
  case wrongMask([Int], expected: [Int])
  case maskValue(index: [Int])

  public var description: String {
    switch self {
    case .wrongImages(let shape):
      "images have the shape \(describe(shape: shape)), expected [batch, height, width, 3]"
    case .wrongLabelCount(let count, let images):
      "\(count) labels for \(images) images: give one for each"
    case .noSuchClass(let label, let classes):
      "no class \(label): classes are 0 to \(classes - 1)"
    case .wrongMask(let shape, let expected):
      "the dropout mask has the shape \(describe(shape: shape)), expected "
        + describe(shape: expected)
    case .maskValue(let index):
      "the dropout mask is neither 0 nor 1 at \(index)"
    }
  }
}

/// How a step trains, apart from the optimizer.
public struct TrainingOptions: Hashable, Sendable {
  /// Of the moving averages, from 0 to 1. The hub module's default is 0.99.
  public var batchNormMomentum = 0.99
  /// Which variance the moving variance follows.
  public var movingVariance = MovingVariance.unbiased
  /// By which the kept features are divided, above 0 and at most 1.
  public var keepProbability = 0.999
  /// λ in λ Σ w² / 2.
  public var weightDecay = 4e-5

  /// The original network's settings, and the hub module's momentum.
  public init() {}
}
