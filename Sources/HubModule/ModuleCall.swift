import MobileNet

/// What a call of the module yields.
public struct ModuleCall: Sendable {
  public let signature: Signature
  /// Every end point on the way to the output, by TF-Slim's names.
  public let endPoints: [EndPoint: Tensor<Float>]
  /// What the moving averages become with this batch, by the names of TensorFlow's variables: what
  /// TensorFlow collects in `UPDATE_OPS`. Empty without the tag ``HubModule/Tag/train``.
  public let updates: [String: Tensor<Float>]
  /// The main output: `[batch, classes]` logits, or `[batch, channels]` features.
  public let output: Tensor<Float>

  /// - Throws: ``HubModuleError/notYielded(_:)`` if the signature's end point is missing.
  init(_ signature: Signature, _ outputs: TrainingOutputs) throws(HubModuleError) {
    guard let tensor = outputs.endPoints[signature.output] else {
      throw .notYielded(signature.output)
    }
    self.signature = signature
    endPoints = outputs.endPoints
    updates = outputs.movingAverages
    output = Self.output(tensor)
  }

  /// An end point without the pool's unit axes.
  static func output(_ endPoint: Tensor<Float>) -> Tensor<Float> {
    endPoint.reshaped([endPoint.shape[0], endPoint.shape.last ?? 0])
  }

  /// All outputs by the names that ``HubModule/outputs(of:)`` has: what `as_dict=True` yields.
  public var outputs: [String: Tensor<Float>] {
    var result = [Signature.output: output]
    for (endPoint, tensor) in endPoints { result[Signature.outputName(endPoint)] = tensor }
    return result
  }
}

/// What a call of the module yields whose output a loss read.
public struct ModuleGradients: Sendable {
  /// What the loss read: `[batch, classes]` logits, or `[batch, channels]` features.
  public let output: Tensor<Float>
  /// What the moving averages become with this batch, as in ``ModuleCall/updates``.
  public let updates: [String: Tensor<Float>]
  /// Gradient of the loss by each of ``HubModule/trainableVariables`` that the output depends on, by
  /// TensorFlow's name: all 83, or 81 for the features. ``HubModule/regularizationLosses`` are not in it.
  public let variables: [String: Tensor<Float>]
}
