import MobileNet

extension HubModule {
  /// What computes the end points of a module: the reference here, an engine elsewhere.
  public protocol Backend: Sendable {
    var architecture: Architecture { get }

    /// Some end points, each in float32 and in the shape that ``architecture`` gives it.
    ///
    /// - Parameters:
    ///   - wanted: End points of ``architecture``; others may be yielded too.
    ///   - images: `[batch, height, width, 3]`, finite, no extent below 1.
    func endPoints(
      _ wanted: Set<EndPoint>, images: Tensor<Float>
    ) throws -> [EndPoint: Tensor<Float>]

    /// The same with other values of its variables. Unless a backend has this, its module cannot be
    /// updated.
    func replacing(_ parameters: Parameters) throws -> any Backend
  }

  /// What computes a module's end points with the tag ``Tag/train``.
  public protocol TrainingBackend: Sendable {
    var architecture: Architecture { get }

    /// Some end points, computed with the batch's own mean and biased variance.
    ///
    /// - Parameters:
    ///   - wanted: End points of ``architecture``; others may be yielded too. The pool is before
    ///     dropout.
    ///   - images: `[batch, height, width, 3]`, finite, no extent below 1.
    ///   - momentum: Of the moving averages: `moving - (moving - batch) * (1 - momentum)`, the
    ///     variance multiplied by N / (N - 1).
    ///   - dropoutMask: Of zeros and ones, `[batch, channels]`; `nil` keeps every feature. What is kept
    ///     is divided by 0.999.
    func forward(
      _ wanted: Set<EndPoint>, images: Tensor<Float>, batchNormMomentum momentum: Float,
      dropoutMask: Tensor<Float>?
    ) throws -> TrainingOutputs

    /// The same for one end point, and the way back from it. Unless a backend has this, its module has
    /// no gradients.
    ///
    /// - Parameters:
    ///   - endPoint: The logits or the pool.
    ///   - lossGradient: What a loss makes of the end point: its gradient by it, of its shape. Called
    ///     once.
    func gradients(
      from endPoint: EndPoint, images: Tensor<Float>, batchNormMomentum momentum: Float,
      dropoutMask: Tensor<Float>?,
      of lossGradient: (_ output: Tensor<Float>) throws -> Tensor<Float>
    ) throws -> TrainingGradients

    /// The same with other values of its variables.
    func replacing(_ parameters: Parameters) throws -> any TrainingBackend
  }
}

extension HubModule.Backend {
  public func replacing(_ parameters: Parameters) throws -> any HubModule.Backend {
    throw HubModuleError.fixedVariables
  }
}

extension HubModule.TrainingBackend {
  public func gradients(
    from endPoint: EndPoint, images: Tensor<Float>, batchNormMomentum momentum: Float,
    dropoutMask: Tensor<Float>?,
    of lossGradient: (_ output: Tensor<Float>) throws -> Tensor<Float>
  ) throws -> TrainingGradients {
    throw HubModuleError.noGradients
  }
}

/// What a module computes with the tag ``HubModule/Tag/train``.
public struct TrainingOutputs: Sendable {
  /// In float32, and in the shapes that the architecture gives them.
  public var endPoints: [EndPoint: Tensor<Float>]
  /// Moving mean and variance of every convolution after the batch, by the names of TensorFlow's
  /// variables.
  public var movingAverages: [String: Tensor<Float>]

  public init(
    endPoints: [EndPoint: Tensor<Float>], movingAverages: [String: Tensor<Float>] = [:]
  ) {
    self.endPoints = endPoints
    self.movingAverages = movingAverages
  }
}

/// What a module's way back from an end point yields.
public struct TrainingGradients: Sendable {
  /// The end point, and the moving averages after the batch.
  public var outputs: TrainingOutputs
  /// Gradient of the loss by every trainable variable on the way to the end point, by the names of
  /// TensorFlow's variables. Weight decay is not in it.
  public var variables: [String: Tensor<Float>]

  public init(outputs: TrainingOutputs, variables: [String: Tensor<Float>]) {
    self.outputs = outputs
    self.variables = variables
  }
}
