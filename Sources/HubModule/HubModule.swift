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
/// With the tag ``Tag/train`` batch norm uses the batch's own statistics, and a call collects what the
/// moving averages become. As in TensorFlow they change only when that is asked for:
///
/// ```swift
/// var module = try HubModule(parameters: "parameters.h5", tags: [.train], trainable: true)
/// let call = try module.call(
///   images, signature: .imageClassificationWithBNHParams, batchNormMomentum: 0.997)
/// call.output                                               // [batch, 1001]
/// module = try module.updating(call.updates)
/// ```
///
/// Source: the module `google/imagenet/mobilenet_v1_075_128/classification/3`, and the common
/// signatures for images of TensorFlow Hub.
public struct HubModule: Sendable {
  /// What selects one of the module's graphs.
  public enum Tag: String, Hashable, Sendable {
    /// Batch norm with the batch's statistics, and dropout in front of the logits.
    case train
  }

  /// What the module computes with.
  enum Graph: Sendable {
    case inference(any Backend)
    case training(any TrainingBackend)
  }

  /// Class names, one per logit, if the parameters came with them; the first is the background.
  public let labels: [String]?
  /// Height and width that the module expects; it takes every other size as well.
  public let expectedImageSize: ImageSize
  /// The module's variables.
  public let parameters: Parameters
  /// Whether its variables are there to be trained. That has nothing to do with ``tags``.
  public let trainable: Bool
  let graph: Graph

  /// Loads the module's parameters; the float64 reference computes.
  ///
  /// - Parameters:
  ///   - path: A `parameters.h5`.
  ///   - tags: None for inference, or ``Tag/train``.
  ///   - trainable: Whether ``trainableVariables`` and ``regularizationLosses`` have anything.
  /// - Throws: `GoldenError` if the file cannot be read or is not what it must be.
  public init(
    parameters path: String, tags: Set<Tag> = [], trainable: Bool = false
  ) throws(GoldenError) {
    let file = try ParametersFile(reading: path)
    self.init(
      file, trainable: trainable,
      graph: tags.contains(.train)
        ? .training(ReferenceTrainingBackend(parameters: file.parameters))
        : .inference(ReferenceBackend(parameters: file.parameters)))
  }

  /// A module for inference, whose end points `backend` computes.
  ///
  /// - Precondition: The backend's network is the file's.
  public init(_ file: ParametersFile, trainable: Bool = false, backend: any Backend) {
    self.init(file, trainable: trainable, graph: .inference(backend))
  }

  /// A module with the tag ``Tag/train``, whose end points and moving averages `backend` computes.
  ///
  /// - Precondition: The backend's network is the file's.
  public init(
    _ file: ParametersFile, trainable: Bool = false, trainingBackend backend: any TrainingBackend
  ) {
    self.init(file, trainable: trainable, graph: .training(backend))
  }

  private init(_ file: ParametersFile, trainable: Bool, graph: Graph) {
    self.init(
      labels: file.labels, expectedImageSize: file.provenance.imageSize,
      parameters: file.parameters, trainable: trainable, graph: graph)
  }

  init(
    labels: [String]?, expectedImageSize: ImageSize, parameters: Parameters, trainable: Bool,
    graph: Graph
  ) {
    precondition(
      graph.architecture == parameters.architecture, "the backend has another network")
    self.labels = labels
    self.expectedImageSize = expectedImageSize
    self.parameters = parameters
    self.trainable = trainable
    self.graph = graph
  }

  /// The network behind the module.
  public var architecture: Architecture { parameters.architecture }

  /// As they were given.
  public var tags: Set<Tag> {
    if case .training = graph { [.train] } else { [] }
  }

  /// Calls the module for its main output.
  ///
  /// - Parameters:
  ///   - images: `[batch, height, width, 3]`, red, green, blue in [0, 1]; any size from 1 x 1.
  ///   - signature: What comes out; logits, unless another is named.
  ///   - batchNormMomentum: In [0, 1], for a signature that takes it. The output does not depend on
  ///     it, only the updates of ``call(_:signature:batchNormMomentum:dropoutMask:)``.
  /// - Returns: `[batch, classes]` logits, or `[batch, channels]` features.
  /// - Throws: ``HubModuleError`` if the call is not as the signature wants it, or what the backend
  ///   throws.
  public func callAsFunction(
    _ images: Tensor<Float>, signature: Signature = .default, batchNormMomentum: Float? = nil
  ) throws -> Tensor<Float> {
    let wanted: Set = [signature.output]
    let result = try run(signature, wanted, images, batchNormMomentum, dropoutMask: nil)
    return try ModuleCall(signature, result).output
  }

  /// Calls the module for everything that the signature yields, and in training for the updates of
  /// the moving averages.
  ///
  /// - Parameters:
  ///   - images: `[batch, height, width, 3]`, red, green, blue in [0, 1]; any size from 1 x 1.
  ///   - signature: What comes out; logits, unless another is named.
  ///   - batchNormMomentum: In [0, 1], for a signature that takes it.
  ///   - dropoutMask: With the tag ``Tag/train``: 0 for each feature to drop, 1 for each to keep,
  ///     `[batch, channels]`; all are kept, unless it is given. TensorFlow draws it, which nobody can
  ///     repeat.
  /// - Throws: ``HubModuleError`` if the call is not as the signature wants it, or what the backend
  ///   throws.
  public func call(
    _ images: Tensor<Float>, signature: Signature = .default, batchNormMomentum: Float? = nil,
    dropoutMask: Tensor<Float>? = nil
  ) throws -> ModuleCall {
    let wanted = Set(signature.endPoints(of: architecture))
    return try ModuleCall(
      signature, run(signature, wanted, images, batchNormMomentum, dropoutMask: dropoutMask))
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
    return try run(.default, wanted, images, nil, dropoutMask: nil).endPoints
  }

  /// Checks a call and has it computed. In inference nothing is updated.
  private func run(
    _ signature: Signature, _ wanted: Set<EndPoint>, _ images: Tensor<Float>, _ momentum: Float?,
    dropoutMask: Tensor<Float>?
  ) throws -> TrainingOutputs {
    try check(signature, images, momentum, dropoutMask: dropoutMask)
    var result =
      switch graph {
      case .inference(let backend):
        TrainingOutputs(endPoints: try backend.endPoints(wanted, images: images))
      case .training(let backend):
        try backend.forward(
          wanted, images: images,
          batchNormMomentum: momentum ?? Signature.defaultBatchNormMomentum,
          dropoutMask: dropoutMask)
      }
    if let missing = wanted.first(where: { result.endPoints[$0] == nil }) {
      throw HubModuleError.notYielded(missing)
    }
    result.endPoints = result.endPoints.filter { wanted.contains($0.key) }
    return result
  }

  /// Whether a call is as the signature wants it.
  func check(
    _ signature: Signature, _ images: Tensor<Float>, _ momentum: Float?,
    dropoutMask: Tensor<Float>?
  ) throws(HubModuleError) {
    try signature.check(images: images)
    try signature.check(momentum: momentum)
    try check(dropoutMask, batch: images.shape[0])
  }

  private func check(_ dropoutMask: Tensor<Float>?, batch: Int) throws(HubModuleError) {
    guard let mask = dropoutMask else { return }
    guard tags.contains(.train) else { throw .dropoutInInference }
    let expected = [batch, architecture.featureChannels]
    guard mask.shape == expected else { throw .wrongMask(found: mask.shape, expected: expected) }
    if let place = mask.scalars.firstIndex(where: { $0 != 0 && $0 != 1 }) {
      throw .maskValue(index: mask.coordinates(of: place))
    }
  }
}

extension HubModule.Graph {
  var architecture: Architecture {
    switch self {
    case .inference(let backend): backend.architecture
    case .training(let backend): backend.architecture
    }
  }
}
