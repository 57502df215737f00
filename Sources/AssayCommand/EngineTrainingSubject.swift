import Conformance
import Engine
import MobileNet
import Reference

/// The built-in engine's training, judged like any other.
struct EngineTrainingSubject: TrainingSubject {
  private let parameters: Parameters
  private let isa: InstructionSet
  private let threads: Int

  init(parameters: Parameters, isa: InstructionSet?, threads: Int) throws {
    self.parameters = parameters
    self.isa = if let isa { isa } else { try InstructionSet.preferred() }
    self.threads = threads
  }

  var identity: SubjectIdentity {
    SubjectIdentity(
      name: EngineSubject.name, description: "the built-in float32 engine", isa: isa.rawValue,
      threads: threads)
  }

  func step(
    _ batch: TrainingBatch<Float>, _ options: TrainingOptions
  ) throws -> [EndPoint: Tensor<Float>] {
    let engine = try makeEngine(batch)
    let (loss, gradients) = try engine.stepShowingGradients(
      images: batch.images, labels: batch.labels, dropoutMask: batch.dropoutMask,
      settings: TrainingSettings(options))
    var points = terms(loss.crossEntropy, loss.regularization, total: loss.total)
    points[.imagesGradient] = engine.imageGradient()
    for (endPoint, gradient) in gradients { points[endPoint.gradient] = gradient }
    for layer in engine.architecture.layers {
      let endPoint = layer.endPoint
      points[endPoint.output] = try engine.endPoint(endPoint)
      guard layer.convolution != nil else { continue }
      points[endPoint.batchMean] = row(try engine.batchMean(endPoint))
      points[endPoint.batchVariance] = row(try engine.batchVariance(endPoint))
    }
    for variable in engine.architecture.variables {
      if variable.isTrainable {
        points[.gradient(of: variable.name)] = try engine.gradient(variable.name)
      } else {
        points[.updated(variable.name)] = try engine.variable(variable.name)
      }
    }
    return points
  }

  func descent(
    _ batches: [TrainingBatch<Float>], _ options: TrainingOptions, learningRate: Double
  ) throws -> [[EndPoint: Tensor<Float>]]? {
    guard let first = batches.first else { return [] }
    let engine = try makeEngine(first)
    return try batches.map { batch in
      let loss = try engine.step(
        images: batch.images, labels: batch.labels, dropoutMask: batch.dropoutMask,
        settings: TrainingSettings(options))
      engine.descend(learningRate: learningRate)
      var points = terms(loss.crossEntropy, loss.regularization, total: loss.total)
      for variable in engine.architecture.variables {
        points[.descended(variable.name)] = try engine.variable(variable.name)
        guard variable.isTrainable else { continue }
        points[.gradient(of: variable.name)] = try engine.gradient(variable.name)
      }
      return points
    }
  }

  /// The loss by name, in float32 like everything that is judged.
  private func terms(
    _ crossEntropy: Double, _ regularization: Double, total: Double
  ) -> [EndPoint: Tensor<Float>] {
    [
      .crossEntropy: row([Float(crossEntropy)]), .regularization: row([Float(regularization)]),
      .totalLoss: row([Float(total)]),
    ]
  }

  private func makeEngine(_ batch: TrainingBatch<Float>) throws -> TrainingEngine {
    try TrainingEngine(
      parameters: parameters, images: batch.images.shape, isa: isa, threads: threads)
  }
}

extension TrainingSettings {
  fileprivate init(_ options: TrainingOptions) {
    self.init(
      batchNormMomentum: options.batchNormMomentum,
      movingVariance: options.movingVariance == .unbiased ? .unbiased : .biased,
      keepProbability: options.keepProbability, weightDecay: options.weightDecay,
      differentiatesImages: true)
  }
}
