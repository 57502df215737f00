import MobileNet

/// Some images and what the network makes of them.
public struct GoldenCase: Sendable {
  public let name: String
  /// What the case is for.
  public let description: String
  /// Where the images come from, with licence.
  public let source: String
  /// `[batch, height, width, 3]`, as fed to the module; usually in [0, 1].
  public let images: Tensor<Float>
  /// In float32. All 30 end points in inference files; at least `global_pool` and `Logits` in sweep
  /// files; any in recordings.
  public let activations: [EndPoint: Tensor<Float>]
  /// In float64: all 30 end points, or none; any in recordings.
  public let activations64: [EndPoint: Tensor<Double>]

  public init(
    name: String, description: String, source: String, images: Tensor<Float>,
    activations: [EndPoint: Tensor<Float>], activations64: [EndPoint: Tensor<Double>] = [:]
  ) {
    self.name = name
    self.description = description
    self.source = source
    self.images = images
    self.activations = activations
    self.activations64 = activations64
  }
}

/// What is known of a case without reading its numbers.
public struct GoldenCaseSummary: Hashable, Sendable {
  public let name: String
  public let description: String
  public let source: String
  /// `[batch, height, width, 3]`.
  public let imagesShape: [Int]
  /// End points in float32, in order of the layers.
  public let endPoints: [EndPoint]
  /// End points in float64, in order of the layers.
  public let endPoints64: [EndPoint]
}
