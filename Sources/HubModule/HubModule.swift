import Golden
import MobileNet
import Reference

/// MobileNet V1 as TensorFlow Hub's users know it, in inference mode.
///
/// ```swift
/// let module = try HubModule(parameters: "GoldenData/mobilenet_v1_075_128/parameters.h5")
/// let logits = try module(images)                            // [batch, 1001]
/// let features = try module(images, .imageFeatureVector)     // [batch, 768]
/// ```
///
/// Source: the module `google/imagenet/mobilenet_v1_075_128/classification/3`.
public struct HubModule: Sendable {
  /// Class names, one per logit, if the parameters came with them; the first is the background.
  public let labels: [String]?
  /// Height and width that the module expects; it takes every other size as well.
  public let expectedImageSize: ImageSize
  private let backend: any Backend

  /// What computes the end points of a module: the reference here, an engine elsewhere.
  public protocol Backend: Sendable {
    var architecture: Architecture { get }

    /// Every end point, each in float32.
    ///
    /// - Parameter images: `[batch, height, width, 3]` in [0, 1].
    func endPoints(images: Tensor<Float>) throws -> [EndPoint: Tensor<Float>]
  }

  /// Loads the module's parameters; the float64 reference computes.
  ///
  /// - Throws: `GoldenError` if the file cannot be read or is not what it must be.
  public init(parameters path: String) throws(GoldenError) {
    let file = try ParametersFile(reading: path)
    self.init(file, backend: ReferenceBackend(parameters: file.parameters))
  }

  /// A module whose end points `backend` computes.
  public init(_ file: ParametersFile, backend: any Backend) {
    labels = file.labels
    expectedImageSize = file.provenance.imageSize
    self.backend = backend
  }

  /// Calls the module.
  ///
  /// - Parameter images: `[batch, height, width, 3]` in [0, 1], red, green, blue.
  /// - Returns: `[batch, classes]` logits, or `[batch, channels]` features.
  /// - Throws: ``HubModuleError`` if the images are no such tensor.
  public func callAsFunction(
    _ images: Tensor<Float>, _ signature: Signature = .default
  ) throws -> Tensor<Float> {
    let endPoints = try endPoints(images)
    let wanted: EndPoint = signature == .imageFeatureVector ? .globalPool : .logits
    guard let tensor = endPoints[wanted] else { throw HubModuleError.noEndPoint(wanted) }
    return tensor.reshaped([tensor.shape[0], tensor.shape.last ?? 0])
  }

  /// Calls the module for all its intermediate results, by TF-Slim's names.
  ///
  /// - Throws: ``HubModuleError`` if the images are no such tensor.
  public func endPoints(_ images: Tensor<Float>) throws -> [EndPoint: Tensor<Float>] {
    try check(images)
    return try backend.endPoints(images: images)
  }

  private func check(_ images: Tensor<Float>) throws {
    let shape = images.shape
    guard shape.count == 4, shape[3] == Architecture.imageChannels, shape.allSatisfy({ $0 > 0 })
    else { throw HubModuleError.wrongShape(shape) }
    if let place = images.scalars.firstIndex(where: { !$0.isFinite }) {
      throw HubModuleError.notFinite(index: images.coordinates(of: place))
    }
  }
}

/// The reference in float64, rounded once to float32 at every end point.
private struct ReferenceBackend: HubModule.Backend {
  private let network: ReferenceNetwork<Double>

  init(parameters: Parameters) {
    network = ReferenceNetwork(parameters: parameters)
  }

  var architecture: Architecture { network.architecture }

  func endPoints(images: Tensor<Float>) -> [EndPoint: Tensor<Float>] {
    let values = network.endPoints(images: Tensor(images)).map { Tensor<Float>($0) }
    return Dictionary(uniqueKeysWithValues: zip(architecture.endPoints, values))
  }
}

/// Why the module cannot be called like that.
public enum HubModuleError: Error, Hashable, CustomStringConvertible {
  case wrongShape([Int])
  case notFinite(index: [Int])
  case noEndPoint(EndPoint)

  public var description: String {
    switch self {
    case .wrongShape(let shape):
      "images have the shape \(describe(shape: shape)), expected [batch, height, width, 3]"
    case .notFinite(let index):
      "images are not finite at \(index)"
    case .noEndPoint(let endPoint):
      "the backend does not yield \(endPoint)"
    }
  }
}
