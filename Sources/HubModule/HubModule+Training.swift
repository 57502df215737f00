import MobileNet
import Reference

/// The module's variables, for those who train it. What is trainable and what is in training are two
/// things, as in TensorFlow Hub: `trainable` says whether the variables are offered to an optimizer,
/// the tag ``Tag/train`` how batch norm computes.
extension HubModule {
  /// The variables that an optimizer is to change: TensorFlow's `TRAINABLE_VARIABLES`, 83 of them.
  /// None unless the module is ``trainable``.
  public var trainableVariables: [Variable] {
    trainable ? architecture.variables.filter(\.isTrainable) : []
  }

  /// What to add to the loss, by the name of the variable: TensorFlow's `REGULARIZATION_LOSSES`,
  /// 4e-5 Σ w² / 2 for each of 15 kernels. None unless the module is ``trainable``.
  public var regularizationLosses: [String: Double] {
    guard trainable else { return [:] }
    var losses: [String: Double] = [:]
    for layer in architecture.layers where layer.hasWeightDecay {
      guard let name = layer.variables.first?.name, let weights = parameters.tensors[name] else {
        continue
      }
      losses[name] = Operations.weightDecay(
        Tensor<Double>(weights), factor: TrainingOptions().weightDecay)
    }
    return losses
  }

  /// The gradients of ``regularizationLosses``, by the same names: 4e-5 w. None unless the module is
  /// ``trainable``.
  public var regularizationGradients: [String: Tensor<Float>] {
    var gradients: [String: Tensor<Float>] = [:]
    for name in regularizationLosses.keys {
      gradients[name] = parameters.tensors[name].map {
        Tensor(
          Operations.weightDecayGradient(
            Tensor<Double>($0), factor: TrainingOptions().weightDecay))
      }
    }
    return gradients
  }

  /// Calls the module and goes the way back from its output: the gradient of a loss by the variables.
  ///
  /// ```swift
  /// let result = try module.gradients(images, signature: .imageFeatureVector) { features in
  ///   …                                                 // [batch, 768]: the loss's gradient by them
  /// }
  /// result.variables["MobilenetV1/Conv2d_0/weights"]    // to be added: regularizationGradients
  /// ```
  ///
  /// - Parameters:
  ///   - images: `[batch, height, width, 3]`, red, green, blue in [0, 1].
  ///   - signature: What the loss reads: logits, or the feature vector in front of dropout.
  ///   - batchNormMomentum: In [0, 1], for a signature that takes it.
  ///   - dropoutMask: As for a call; only the logits depend on it.
  ///   - lossGradient: Is given the output, and returns the gradient of any loss by it, of its shape.
  /// - Throws: ``HubModuleError`` if the module has not the tag ``Tag/train``, is not ``trainable``, or
  ///   the call is not as the signature wants it; what the backend or `lossGradient` throws.
  public func gradients(
    _ images: Tensor<Float>, signature: Signature = .default, batchNormMomentum: Float? = nil,
    dropoutMask: Tensor<Float>? = nil,
    of lossGradient: (_ output: Tensor<Float>) throws -> Tensor<Float>
  ) throws -> ModuleGradients {
    guard case .training(let backend) = graph else { throw HubModuleError.noGradients }
    guard trainable else { throw HubModuleError.notTrainable }
    try check(signature, images, batchNormMomentum, dropoutMask: dropoutMask)
    let result = try backend.gradients(
      from: signature.output, images: images,
      batchNormMomentum: batchNormMomentum ?? Signature.defaultBatchNormMomentum,
      dropoutMask: dropoutMask
    ) { endPoint in
      let output = ModuleCall.output(endPoint)
      let gradient = try lossGradient(output)
      guard gradient.shape == output.shape else {
        throw HubModuleError.wrongGradient(found: gradient.shape, expected: output.shape)
      }
      if let place = gradient.scalars.firstIndex(where: { !$0.isFinite }) {
        throw HubModuleError.gradientNotFinite(index: gradient.coordinates(of: place))
      }
      return gradient.reshaped(endPoint.shape)
    }
    guard let endPoint = result.outputs.endPoints[signature.output] else {
      throw HubModuleError.notYielded(signature.output)
    }
    return ModuleGradients(
      output: ModuleCall.output(endPoint), updates: result.outputs.movingAverages,
      variables: result.variables)
  }

  /// The module with other values for some of its variables: the updates of a call, or what an
  /// optimizer made of ``trainableVariables``.
  ///
  /// - Parameter values: By the names of TensorFlow's variables, in their shapes.
  /// - Throws: `ParameterError` if there is no such variable, or a value is of the wrong shape, not
  ///   finite or a negative variance; ``HubModuleError/fixedVariables`` if the backend cannot follow;
  ///   what else the backend throws.
  public func updating(_ values: [String: Tensor<Float>]) throws -> HubModule {
    let parameters = try Parameters(
      architecture: architecture, tensors: parameters.tensors.merging(values) { $1 })
    let graph: Graph =
      switch graph {
      case .inference(let backend): .inference(try backend.replacing(parameters))
      case .training(let backend): .training(try backend.replacing(parameters))
      }
    return HubModule(
      labels: labels, expectedImageSize: expectedImageSize, parameters: parameters,
      trainable: trainable, graph: graph)
  }
}
