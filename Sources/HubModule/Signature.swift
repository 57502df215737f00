import MobileNet

/// A way to call the hub module: which tensors go in and which come out.
///
/// The raw values are the names that TensorFlow Hub has for them. Source: the module's documentation
/// and the common signatures for images of TensorFlow Hub.
public enum Signature: String, Hashable, Sendable, CaseIterable {
  /// Images to logits.
  case `default`
  /// Images to logits.
  case imageClassification = "image_classification"
  /// Images to the feature vector in front of the last layer.
  case imageFeatureVector = "image_feature_vector"
  /// Images to logits, with the momentum of batch norm.
  case imageClassificationWithBNHParams = "image_classification_with_bn_hparams"
  /// Images to the feature vector, with the momentum of batch norm.
  case imageFeatureVectorWithBNHParams = "image_feature_vector_with_bn_hparams"

  /// Name of the input that every signature has.
  public static let images = "images"
  /// Name of the input that signatures with hyperparameters of batch norm have.
  public static let batchNormMomentum = "batch_norm_momentum"
  /// Name of the main output of every signature.
  public static let output = "default"
  /// What ``batchNormMomentum`` is, unless it is given.
  public static let defaultBatchNormMomentum: Float = 0.99

  /// The signature of this name.
  ///
  /// - Throws: ``HubModuleError/unknownSignature(_:)``, which lists those there are.
  public init(named name: String) throws(HubModuleError) {
    guard let signature = Signature(rawValue: name) else { throw .unknownSignature(name) }
    self = signature
  }

  /// Whether the momentum of batch norm is among the inputs.
  public var takesBatchNormMomentum: Bool {
    switch self {
    case .default, .imageClassification, .imageFeatureVector: false
    case .imageClassificationWithBNHParams, .imageFeatureVectorWithBNHParams: true
    }
  }

  /// The inputs by their names.
  public var inputs: [String: TensorInfo] {
    let images = TensorInfo(type: .float32, shape: [nil, nil, nil, Architecture.imageChannels])
    let momentum = TensorInfo(
      type: .float32, shape: [], defaultValue: Self.defaultBatchNormMomentum)
    return takesBatchNormMomentum
      ? [Self.images: images, Self.batchNormMomentum: momentum] : [Self.images: images]
  }

  /// The end point that the main output holds.
  var output: EndPoint {
    switch self {
    case .default, .imageClassification, .imageClassificationWithBNHParams: .logits
    case .imageFeatureVector, .imageFeatureVectorWithBNHParams: .globalPool
    }
  }
}

// MARK: Outputs

extension Signature {
  /// End points that the output depends on, or that follow from it.
  func endPoints(of architecture: Architecture) -> [EndPoint] {
    let all = architecture.endPoints
    guard output == .globalPool, let last = all.firstIndex(of: .globalPool) else { return all }
    return Array(all[...last])
  }

  /// The name of an end point among the outputs.
  static func outputName(_ endPoint: EndPoint) -> String {
    "\(Architecture.variableScope)/\(endPoint)"
  }
}

// MARK: What is asked of inputs

extension Signature {
  func check(images: Tensor<Float>) throws(HubModuleError) {
    let expected = TensorInfo(type: .float32, shape: [nil, nil, nil, Architecture.imageChannels])
    guard expected.admits(shape: images.shape) else {
      throw .wrongShape(input: Self.images, found: images.shape)
    }
    if let place = images.scalars.firstIndex(where: { !$0.isFinite }) {
      throw .notFinite(input: Self.images, index: images.coordinates(of: place))
    }
  }

  func check(momentum: Float?) throws(HubModuleError) {
    guard let momentum else { return }
    guard takesBatchNormMomentum else {
      throw .unknownInput(Self.batchNormMomentum, signature: self)
    }
    guard (0...1).contains(momentum) else { throw .momentumOutOfRange(momentum) }
  }
}
