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

    /// The same with other values of its variables.
    func replacing(_ parameters: Parameters) throws -> any TrainingBackend
  }
}

extension HubModule.Backend {
  public func replacing(_ parameters: Parameters) throws -> any HubModule.Backend {
    throw HubModuleError.fixedVariables
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
