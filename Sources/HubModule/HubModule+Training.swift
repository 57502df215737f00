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
