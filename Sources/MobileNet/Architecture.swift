/// MobileNet V1 as data: a chain of 30 layers, each with one end point.
///
/// Source: TF-Slim, `nets/mobilenet_v1.py` (tensorflow/models), with `global_pool=True`, as the hub
/// modules `google/imagenet/mobilenet_v1_…/classification/3` use it. The channel counts are
/// `max(int(depth * depthMultiplier), 8)`.
public struct Architecture: Hashable, Sendable {
  /// Added to the moving variance before the square root.
  public static let batchNormEpsilon = 0.001
  /// Upper end of the clamp after every convolution.
  public static let reluCeiling = 6.0
  /// TF-Slim's lower limit for scaled channel counts.
  public static let minimumDepth = 8
  /// Channels of an input image: red, green, blue.
  public static let imageChannels = 3

  /// Factor on every channel count, above 0. The hub modules use 0.25, 0.5, 0.75 and 1.
  public let depthMultiplier: Double
  /// Number of logits; 1001 for ImageNet, where class 0 is the background.
  public let numClasses: Int
  /// All layers in the order of computation.
  public let layers: [Layer]

  /// - Throws: ``ArchitectureError`` if the depth multiplier is not a positive finite number of at
  ///   most 8, or if there is not at least one class.
  public init(depthMultiplier: Double = 0.75, numClasses: Int = 1001) throws(ArchitectureError) {
    guard depthMultiplier > 0, depthMultiplier <= 8 else {
      throw .depthMultiplier(depthMultiplier)
    }
    guard numClasses >= 1 else { throw .numClasses(numClasses) }
    self.depthMultiplier = depthMultiplier
    self.numClasses = numClasses
    layers = Self.makeLayers(depthMultiplier: depthMultiplier, numClasses: numClasses)
  }

  /// The 27 convolutions' end points, `global_pool`, `Logits` and `Predictions`, in order.
  public var endPoints: [EndPoint] { layers.map(\.endPoint) }

  /// Channels of the feature vector.
  public var featureChannels: Int { depth(1024) }

  /// The layer that yields `endPoint`, with its place in the chain.
  public func layer(_ endPoint: EndPoint) -> (index: Int, layer: Layer)? {
    layers.firstIndex { $0.endPoint == endPoint }.map { ($0, layers[$0]) }
  }

  /// Shape of every end point for images of this shape, in order of the layers.
  ///
  /// - Parameter images: `[batch, height, width, 3]`, no extent below 1.
  public func shapes(images: [Int]) -> [[Int]] {
    var shape = images
    return layers.map { layer in
      shape = layer.outputShape(input: shape)
      return shape
    }
  }

  /// Multiply-accumulates of the whole network, padding included.
  public func multiplyAccumulates(images: [Int]) -> Int {
    zip(layers, [images] + shapes(images: images)).reduce(0) { sum, step in
      sum + step.0.multiplyAccumulates(input: step.1)
    }
  }

  private func depth(_ base: Int) -> Int {
    Self.scaledDepth(base, depthMultiplier)
  }

  private static func scaledDepth(_ base: Int, _ multiplier: Double) -> Int {
    max(Int(Double(base) * multiplier), minimumDepth)
  }

  /// Stride and unscaled output depth of the 13 depthwise-separable blocks.
  private static let blocks: [(stride: Int, depth: Int)] = [
    (1, 64), (2, 128), (1, 128), (2, 256), (1, 256), (2, 512), (1, 512), (1, 512), (1, 512),
    (1, 512), (1, 512), (2, 1024), (1, 1024),
  ]

  private static func makeLayers(depthMultiplier: Double, numClasses: Int) -> [Layer] {
    var channels = scaledDepth(32, depthMultiplier)
    let stem = Convolution(
      kind: .standard, kernelSize: 3, stride: 2, inputChannels: imageChannels,
      outputChannels: channels)
    var layers = [Layer(endPoint: EndPoint("Conv2d_0"), operation: .convolution(stem))]
    for (index, block) in blocks.enumerated() {
      let depthwise = Convolution(
        kind: .depthwise, kernelSize: 3, stride: block.stride, inputChannels: channels,
        outputChannels: channels)
      let pointwise = Convolution(
        kind: .pointwise, kernelSize: 1, stride: 1, inputChannels: channels,
        outputChannels: scaledDepth(block.depth, depthMultiplier))
      channels = pointwise.outputChannels
      for convolution in [depthwise, pointwise] {
        let name = "Conv2d_\(index + 1)_\(convolution.kind.rawValue)"
        layers.append(Layer(endPoint: EndPoint(name), operation: .convolution(convolution)))
      }
    }
    layers.append(Layer(endPoint: .globalPool, operation: .globalPool(channels: channels)))
    layers.append(
      Layer(
        endPoint: .logits, operation: .logits(inputChannels: channels, classes: numClasses)))
    layers.append(Layer(endPoint: .predictions, operation: .softmax(classes: numClasses)))
    return layers
  }
}

/// Why no network can be made.
public enum ArchitectureError: Error, Hashable, CustomStringConvertible {
  case depthMultiplier(Double)
  case numClasses(Int)

  public var description: String {
    switch self {
    case .depthMultiplier(let value):
      "the depth multiplier must be above 0 and at most 8, not \(value)"
    case .numClasses(let value):
      "the number of classes must be at least 1, not \(value)"
    }
  }
}
