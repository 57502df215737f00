import MobileNet

/// The module as a program sees it that knows names at run time only: what TensorFlow Hub calls
/// `get_signature_names`, `get_input_info_dict`, `get_output_info_dict` and `as_dict=True`.
extension HubModule {
  /// All signatures; the same for every module of this kind.
  public var signatures: [Signature] { Signature.allCases }

  /// A signature's inputs by name.
  public func inputs(of signature: Signature = .default) -> [String: TensorInfo] {
    signature.inputs
  }

  /// A signature's outputs by name: `default`, and every end point on the way to it as
  /// `MobilenetV1/<end point>`.
  public func outputs(of signature: Signature = .default) -> [String: TensorInfo] {
    let isLogits = signature.output == .logits
    var result = [
      Signature.output: TensorInfo(
        type: .float32,
        shape: [nil, isLogits ? architecture.numClasses : architecture.featureChannels])
    ]
    for (endPoint, shape) in zip(
      signature.endPoints(of: architecture), shapes(of: signature))
    {
      result[Signature.outputName(endPoint)] = TensorInfo(type: .float32, shape: shape)
    }
    return result
  }

  /// Calls the module with inputs by name.
  ///
  /// - Parameters:
  ///   - inputs: As ``inputs(of:)`` has them; those with a default value may be left out.
  ///   - signature: A signature's name.
  ///   - dropoutMask: With the tag ``Tag/train``, as for a call with images.
  /// - Throws: ``HubModuleError`` if there is no such signature, if an input is missing, unknown, of
  ///   the wrong type or shape, not finite, or a momentum outside [0, 1]; or what the backend throws.
  public func call(
    _ inputs: [String: InputValue], signature name: String = Signature.default.rawValue,
    dropoutMask: Tensor<Float>? = nil
  ) throws -> ModuleCall {
    let signature = try Signature(named: name)
    let known = signature.inputs
    if let unknown = inputs.keys.filter({ known[$0] == nil }).min() {
      throw HubModuleError.unknownInput(unknown, signature: signature)
    }
    guard let images = try inputs[Signature.images]?.float32(named: Signature.images) else {
      throw HubModuleError.missingInput(Signature.images, signature: signature)
    }
    let momentum = try inputs[Signature.batchNormMomentum]?.scalar(
      named: Signature.batchNormMomentum)
    return try call(
      images, signature: signature, batchNormMomentum: momentum, dropoutMask: dropoutMask)
  }

  /// Calls the module with inputs by name, for all outputs by name: as ``outputs(of:)`` has them.
  ///
  /// - Throws: As a call for everything.
  public func callAsFunction(
    _ inputs: [String: InputValue], signature name: String = Signature.default.rawValue
  ) throws -> [String: Tensor<Float>] {
    try call(inputs, signature: name).outputs
  }

  /// The shapes of a signature's end points, `nil` for extents that depend on the images.
  private func shapes(of signature: Signature) -> [[Int?]] {
    let layers = architecture.layers.prefix(signature.endPoints(of: architecture).count)
    return layers.map { layer in
      switch layer.operation {
      case .convolution(let convolution): [nil, nil, nil, convolution.outputChannels]
      case .globalPool(let channels): [nil, 1, 1, channels]
      case .logits(_, let classes), .softmax(let classes): [nil, classes]
      }
    }
  }
}

/// An input of a call by name. The module wants float32; the other types are here to be told apart
/// from it, with an error that says so.
public enum InputValue: Sendable, ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
  case float32(Tensor<Float>)
  case float64(Tensor<Double>)
  case uint8(Tensor<UInt8>)
  case int32(Tensor<Int32>)

  /// A scalar, of type float32 as in TensorFlow.
  public init(floatLiteral value: Float) {
    self = .float32(Tensor(shape: [], scalars: [value]))
  }

  /// A scalar, of type int32 as in TensorFlow.
  public init(integerLiteral value: Int32) {
    self = .int32(Tensor(shape: [], scalars: [value]))
  }

  public var type: TensorInfo.ElementType {
    switch self {
    case .float32: .float32
    case .float64: .float64
    case .uint8: .uint8
    case .int32: .int32
    }
  }

  func float32(named name: String) throws(HubModuleError) -> Tensor<Float> {
    guard case .float32(let tensor) = self else { throw .wrongType(input: name, found: type) }
    return tensor
  }

  func scalar(named name: String) throws(HubModuleError) -> Float {
    let tensor = try float32(named: name)
    guard tensor.shape.isEmpty, let value = tensor.scalars.first else {
      throw .wrongShape(input: name, found: tensor.shape)
    }
    return value
  }
}
