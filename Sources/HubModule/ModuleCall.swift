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
    // Without the pool's unit axes.
    output = tensor.reshaped([tensor.shape[0], tensor.shape.last ?? 0])
  }

  /// All outputs by the names that ``HubModule/outputs(of:)`` has: what `as_dict=True` yields.
  public var outputs: [String: Tensor<Float>] {
    var result = [Signature.output: output]
    for (endPoint, tensor) in endPoints { result[Signature.outputName(endPoint)] = tensor }
    return result
  }
}
