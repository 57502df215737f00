import MobileNet
import RealModule

/// The network in training mode, with variables that change: in `Double` the trusted reference, in
/// `Float` the most straightforward correct implementation there is.
///
/// ```swift
/// var network = TrainingNetwork<Double>(parameters: parameters)
/// var optimizer = SGD<Double>(learningRate: 0.01, momentum: 0.9)
/// for batch in batches {
///   let step = network.step(batch)
///   network.update(after: step, with: &optimizer)
/// }
/// ```
public struct TrainingNetwork<Scalar: Real & BinaryFloatingPoint & Sendable>: Sendable {
  public let architecture: Architecture
  /// Every variable of the architecture, in its shape, by TensorFlow name.
  public private(set) var variables: [String: Tensor<Scalar>]

  public init(parameters: Parameters) {
    architecture = parameters.architecture
    variables = parameters.tensors.mapValues { Tensor($0) }
  }

  /// The variables rounded to float32.
  ///
  /// - Throws: ``ParameterError`` if training has made one infinite or not a number.
  public func parameters() throws(ParameterError) -> Parameters {
    try Parameters(architecture: architecture, tensors: variables.mapValues { Tensor($0) })
  }

  /// The variable of the given name.
  ///
  /// - Precondition: The architecture has it; a new value keeps its shape.
  public subscript(name: String) -> Tensor<Scalar> {
    get {
      guard let tensor = variables[name] else { preconditionFailure("there is no \(name)") }
      return tensor
    }
    set {
      precondition(self[name].shape == newValue.shape, "\(name) keeps its shape")
      variables[name] = newValue
    }
  }

  /// Ends a step: the optimizer changes the trainable variables, the moving averages move on.
  public mutating func update(after step: TrainingStep<Scalar>, with optimizer: inout SGD<Scalar>) {
    for (name, gradient) in step.gradients {
      optimizer.update(&self[name], named: name, gradient: gradient)
    }
    for (name, average) in step.movingAverages { self[name] = average }
  }
}
