import KernelInterface
import MobileNet

/// The two halves of a step by themselves, for a loss of the caller's own.
///
/// ```swift
/// try engine.forward(images: images, dropoutMask: nil)
/// let features = try engine.endPoint(.globalPool)
/// let gradient = …                                           // by them, of a loss that reads them
/// try engine.backward(from: .globalPool, gradient: gradient, images: images)
/// ```
extension TrainingEngine {
  /// Computes end points and statistics with the present variables, and moves the averages.
  ///
  /// - Parameters: As for a step. Of the settings the backward pass takes the weight decay.
  /// - Throws: ``EngineError/wrongShape(found:expected:)``.
  package func forward(
    images: Tensor<Float>, dropoutMask: Tensor<Float>?,
    settings: TrainingSettings = TrainingSettings()
  ) throws(EngineError) {
    try check(images: images)
    try set(dropoutMask: dropoutMask, keepProbability: settings.keepProbability)
    plan.network.context.call.pointee.settings = settings
    images.withUnsafePointer { plan.forward.execute(images: $0) }
  }

  /// Computes the gradients of a loss of which the last forward pass's logits or features are all that
  /// it reads. What the features' gradient does not reach, the logits' variables, keeps the gradients
  /// of before; and the dropout mask is forgotten, as it lies behind them.
  ///
  /// - Parameters:
  ///   - endPoint: The logits, or the pool: in front of dropout.
  ///   - gradient: Of the loss by it, of its shape.
  ///   - images: Those of the forward pass.
  /// - Throws: ``EngineError/wrongShape(found:expected:)``, or ``EngineError/unknownEndPoint(_:)`` for
  ///   another end point.
  package func backward(
    from endPoint: EndPoint, gradient: Tensor<Float>, images: Tensor<Float>
  ) throws(EngineError) {
    try check(images: images)
    let head = plan.network.head
    switch endPoint {
    case .logits:
      try set(gradient, head.logitsGradient, [head.logits.batch, head.logits.channels])
      images.withUnsafePointer { plan.backward.execute(images: $0) }
    case .globalPool:
      try set(gradient, head.droppedGradient, [head.features.batch, 1, 1, head.features.channels])
      // In front of dropout: nothing is dropped on this way.
      try set(dropoutMask: nil, keepProbability: 1)
      images.withUnsafePointer { plan.backwardFromFeatures.execute(images: $0) }
    default: throw .unknownEndPoint(endPoint)
    }
  }

  private func set(
    _ gradient: Tensor<Float>, _ target: Activation, _ shape: [Int]
  ) throws(EngineError) {
    guard gradient.shape == shape else {
      throw .wrongShape(
        found: gradient.shape, expected: "\(describe(shape: shape)) for the gradient")
    }
    for image in 0..<target.batch {
      for channel in 0..<target.channels {
        target[pixel: image][channel] = gradient[flat: image * target.channels + channel]
      }
    }
  }
}
