import Golden
import MobileNet

/// MobileNet V1 as TensorFlow Hub's users know it.
///
/// ```swift
/// let module = try HubModule(parameters: "parameters.h5")
/// let size = module.expectedImageSize                       // 128x128
/// let images = …                                            // [batch, height, width, 3] in [0, 1]
/// let logits = try module(images)                           // [batch, 1001]
/// let features = try module(images, signature: .imageFeatureVector)     // [batch, 768]
/// ```
///
/// Source: the module `google/imagenet/mobilenet_v1_075_128/classification/3`, and the common
/// signatures for images of TensorFlow Hub.
public struct HubModule: Sendable {
  /// Class names, one per logit, if the parameters came with them; the first is the background.
  public let labels: [String]?
  /// Height and width that the module expects; it takes every other size as well.
  public let expectedImageSize: ImageSize
  private let backend: any Backend

  /// What computes the end points of a module: the reference here, an engine elsewhere.
  public protocol Backend: Sendable {
    var architecture: Architecture { get }

    /// Some end points, each in float32 and in the shape that ``architecture`` gives it.
    ///
    /// - Parameters:
    ///   - wanted: End points of ``architecture``; others may be yielded too.
    ///   - images: `[batch, height, width, 3]`, finite, no extent below 1.
    func endPoints(
      _ wanted: Set<EndPoint>, images: Tensor<Float>
    ) throws -> [EndPoint: Tensor<Float>]
  }

  /// Loads the module's parameters; the float64 reference computes.
  ///
  /// - Throws: `GoldenError` if the file cannot be read or is not what it must be.
  public init(parameters path: String) throws(GoldenError) {
    let file = try ParametersFile(reading: path)
    self.init(file, backend: ReferenceBackend(parameters: file.parameters))
  }

  /// A module whose end points `backend` computes.
  ///
  /// - Precondition: The backend's network is the file's.
  public init(_ file: ParametersFile, backend: any Backend) {
    precondition(
      backend.architecture == file.parameters.architecture, "the backend has another network")
    labels = file.labels
    expectedImageSize = file.provenance.imageSize
    self.backend = backend
  }

  /// The network behind the module.
  public var architecture: Architecture { backend.architecture }

  /// Calls the module.
  ///
  /// - Parameters:
  ///   - images: `[batch, height, width, 3]`, red, green, blue in [0, 1]; any size from 1 x 1.
  ///   - signature: What comes out; logits, unless another is named.
  ///   - batchNormMomentum: In [0, 1], for a signature that takes it. It is about training: nothing
  ///     that comes out here depends on it.
  /// - Returns: `[batch, classes]` logits, or `[batch, channels]` features.
  /// - Throws: ``HubModuleError`` if the call is not as the signature wants it, or what the backend
  ///   throws.
  public func callAsFunction(
    _ images: Tensor<Float>, signature: Signature = .default, batchNormMomentum: Float? = nil
  ) throws -> Tensor<Float> {
    try signature.check(images: images)
    try signature.check(momentum: batchNormMomentum)
    return try output(of: signature, endPoints([signature.output], images: images))
  }

  /// Calls the module for some of its intermediate results, by TF-Slim's names.
  ///
  /// - Parameters:
  ///   - wanted: All of the network's 30, unless given.
  ///   - images: `[batch, height, width, 3]` in [0, 1].
  /// - Throws: ``HubModuleError`` if there is no such end point or the images are no such tensor, or
  ///   what the backend throws.
  public func endPoints(
    _ wanted: Set<EndPoint>? = nil, images: Tensor<Float>
  ) throws -> [EndPoint: Tensor<Float>] {
    let known = Set(architecture.endPoints)
    let wanted = wanted ?? known
    if let unknown = wanted.subtracting(known).min(by: { $0.rawValue < $1.rawValue }) {
      throw HubModuleError.unknownEndPoint(unknown)
    }
    try Signature.default.check(images: images)
    let yielded = try backend.endPoints(wanted, images: images)
    if let missing = wanted.first(where: { yielded[$0] == nil }) {
      throw HubModuleError.notYielded(missing)
    }
    return yielded.filter { wanted.contains($0.key) }
  }

  /// A signature's main output, without the unit axes of the pool.
  func output(
    of signature: Signature, _ endPoints: [EndPoint: Tensor<Float>]
  ) throws -> Tensor<Float> {
    guard let tensor = endPoints[signature.output] else {
      throw HubModuleError.notYielded(signature.output)
    }
    return tensor.reshaped([tensor.shape[0], tensor.shape.last ?? 0])
  }
}
