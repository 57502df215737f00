import MobileNet
import RealModule
import Reference

/// An implementation of training that is to be judged.
///
/// As with ``Subject``, only its answers count: it shows what one step has computed, by the names of
/// `Architecture.trainingPoints`. What it does not show is not run, and so does not conform.
public protocol TrainingSubject: Sendable {
  /// Who is judged, for the record.
  var identity: SubjectIdentity { get }

  /// Computes one step from the golden's variables; no variable changes.
  ///
  /// - Parameters:
  ///   - batch: Images, classes and the mask of dropout.
  ///   - options: Momentum, keep probability, weight decay, and which variance the averages follow.
  /// - Returns: Everything that the subject can show of it.
  func step(
    _ batch: TrainingBatch<Float>, _ options: TrainingOptions
  ) throws -> [EndPoint: Tensor<Float>]

  /// Descends along the gradients of several batches, starting from the golden's variables.
  ///
  /// - Parameter learningRate: Of plain gradient descent.
  /// - Returns: For each batch the loss and the gradients by the names of a step, and every variable
  ///   after it as `Conv2d_0/weights/descended`; `nil` if the subject cannot descend.
  func descent(
    _ batches: [TrainingBatch<Float>], _ options: TrainingOptions, learningRate: Double
  ) throws -> [[EndPoint: Tensor<Float>]]?
}

/// The training reference's loops in float32: the plainest correct implementation.
public struct NaiveTrainingSubject: TrainingSubject {
  private let network: TrainingNetwork<Float>

  public init(parameters: Parameters) {
    network = TrainingNetwork(parameters: parameters)
  }

  public var identity: SubjectIdentity { Self.identity }

  static let identity = SubjectIdentity(
    name: "naive32", description: "the reference's loops in float32", threads: 1)

  public func step(
    _ batch: TrainingBatch<Float>, _ options: TrainingOptions
  ) -> [EndPoint: Tensor<Float>] {
    network.step(batch, options).points(of: network.architecture)
  }

  public func descent(
    _ batches: [TrainingBatch<Float>], _ options: TrainingOptions, learningRate: Double
  ) -> [[EndPoint: Tensor<Float>]]? {
    network.descent(batches, options, learningRate: learningRate)
  }
}

/// The float64 training reference, everything rounded once to float32.
public struct ReferenceTrainingSubject: TrainingSubject {
  private let network: TrainingNetwork<Double>

  public init(parameters: Parameters) {
    network = TrainingNetwork(parameters: parameters)
  }

  public var identity: SubjectIdentity {
    SubjectIdentity(
      name: "reference", description: "the float64 reference, rounded at every end point",
      threads: 1)
  }

  public func step(
    _ batch: TrainingBatch<Float>, _ options: TrainingOptions
  ) throws -> [EndPoint: Tensor<Float>] {
    network.step(try batch.wide(network.architecture), options).points(of: network.architecture)
      .mapValues { Tensor($0) }
  }

  public func descent(
    _ batches: [TrainingBatch<Float>], _ options: TrainingOptions, learningRate: Double
  ) throws -> [[EndPoint: Tensor<Float>]]? {
    network.descent(
      try batches.map { try $0.wide(network.architecture) }, options, learningRate: learningRate
    ).map { $0.mapValues { Tensor($0) } }
  }
}

extension TrainingStep {
  /// All that the step yields, by name.
  func points(of architecture: Architecture) -> [EndPoint: Tensor<Scalar>] {
    var points: [EndPoint: Tensor<Scalar>] = [:]
    for (endPoint, value) in zip(architecture.endPoints, endPoints) {
      points[endPoint.output] = value
    }
    for (endPoint, value) in zip(architecture.endPoints, statistics) {
      points[endPoint.batchMean] = row(value.mean)
      points[endPoint.batchVariance] = row(value.variance)
    }
    for (endPoint, value) in zip(architecture.endPoints, endPointGradients) {
      points[endPoint.gradient] = value
    }
    for (name, value) in gradients { points[.gradient(of: name)] = value }
    for (name, value) in movingAverages { points[.updated(name)] = value }
    points[.imagesGradient] = imagesGradient
    points.merge(loss.points) { $1 }
    return points
  }
}

extension TrainingLoss {
  /// The three terms by name, each of shape `[1]`.
  var points: [EndPoint: Tensor<Scalar>] {
    [
      .crossEntropy: row([crossEntropy]), .regularization: row([regularization]),
      .totalLoss: row([total]),
    ]
  }
}

extension TrainingNetwork {
  /// Descends as ``TrainingSubject/descent(_:_:learningRate:)`` says.
  func descent(
    _ batches: [TrainingBatch<Scalar>], _ options: TrainingOptions, learningRate: Double
  ) -> [[EndPoint: Tensor<Scalar>]] {
    var network = self
    var optimizer = SGD<Scalar>(learningRate: learningRate)
    var variances = variables
    return batches.map { batch in
      let step = network.step(batch, options)
      network.update(after: step, with: &optimizer)
      var points = step.loss.points
      for (name, value) in step.gradients { points[.gradient(of: name)] = value }
      for (name, value) in network.variables { points[.descended(name)] = value }
      variances = biasedVariances(after: step, options, from: variances)
      for (name, value) in variances { points[EndPoint.descended(name).unfused] = value }
      return points
    }
  }

  /// The moving variances after a step as TensorFlow's batch norm has them that is not fused, and so its
  /// float64: they follow the biased variance.
  ///
  /// - Parameter before: What they were, by TensorFlow name.
  func biasedVariances(
    after step: TrainingStep<Scalar>, _ options: TrainingOptions,
    from before: [String: Tensor<Scalar>]
  ) -> [String: Tensor<Scalar>] {
    var variances: [String: Tensor<Scalar>] = [:]
    for (layer, statistics) in zip(architecture.layers, step.statistics) {
      let name = layer.variableNames.movingVariance
      variances[name] = before[name].map {
        row(
          Operations.movingAverage(
            $0.scalars, batch: statistics.variance, momentum: options.batchNormMomentum))
      }
    }
    return variances
  }
}

extension EndPoint {
  /// The same where batch norm is not fused.
  var unfused: EndPoint { EndPoint("\(rawValue)/unfused") }
}

extension TrainingBatch where Scalar == Float {
  /// The same numbers in float64.
  func wide(_ architecture: Architecture) throws(TrainingBatchError) -> TrainingBatch<Double> {
    try TrainingBatch<Double>(
      images: Tensor(images), labels: labels, dropoutMask: Tensor(dropoutMask),
      architecture: architecture)
  }
}

/// A tensor of one axis.
package func row<Scalar>(_ values: [Scalar]) -> Tensor<Scalar> {
  Tensor(shape: [values.count], scalars: values)
}
