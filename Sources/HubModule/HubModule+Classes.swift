import MobileNet

/// One class that an image may belong to.
public struct ClassScore: Hashable, Sendable {
  /// Place among the logits; for ImageNet 0 is the background.
  public let index: Int
  /// The class's name, if the module has ``HubModule/labels``.
  public let label: String?
  /// In [0, 1]; over all classes they add up to 1.
  public let probability: Float
}

extension HubModule {
  /// The likeliest classes of each image, the likeliest first; equal ones by their index.
  ///
  /// - Parameters:
  ///   - images: `[batch, height, width, 3]` in [0, 1].
  ///   - count: How many; all, if there are not as many.
  /// - Returns: One list for each image.
  /// - Throws: ``HubModuleError`` if the images are no such tensor, or what the backend throws.
  public func topClasses(_ images: Tensor<Float>, count: Int = 5) throws -> [[ClassScore]] {
    guard let all = try endPoints([.predictions], images: images)[.predictions] else {
      throw HubModuleError.notYielded(.predictions)
    }
    return (0..<all.shape[0]).map { image in
      let probabilities = all.batch(image..<image + 1).scalars
      let order = probabilities.indices.sorted {
        (-probabilities[$0], $0) < (-probabilities[$1], $1)
      }
      return order.prefix(max(count, 0)).map {
        ClassScore(index: $0, label: labels?[$0], probability: probabilities[$0])
      }
    }
  }
}
