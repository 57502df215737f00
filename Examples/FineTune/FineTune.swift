import ArgumentParser
import Assay
import AssayEngine

/// Fine-tunes the module on a task of one's own: first a new last layer on its feature vectors, then the
/// whole network.
@main
struct FineTune: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fine-tune",
    abstract: "Teaches MobileNet V1 to tell photos apart, by the folders they are in.")

  @Option(help: "The module's parameters.h5; the embedded default unless given.")
  var parameters: String?
  @Option(help: "A folder of folders, one for each class, with small JPEG or PNG files in them.")
  var photos = Photos.examples
  @Flag(help: "The float32 engine computes, not the float64 reference.")
  var engine = false

  func run() throws {
    let photos = try Photos(reading: photos)
    var head = Head(
      features: try module().architecture.featureChannels, classes: photos.classes.count)
    try train(&head, on: photos)
    let trained = try trainEverything(&head, on: photos)
    try classify(photos, with: head, on: trained)
  }

  /// The module, with the reference or the engine behind it: the same calls.
  private func module(
    tags: Set<HubModule.Tag> = [], trainable: Bool = false
  ) throws -> HubModule {
    let path = try parameters ?? DefaultGolden.directory() + "/parameters.h5"
    return engine
      ? try HubModule(parameters: path, tags: tags, trainable: trainable, engineThreads: 2)
      : try HubModule(parameters: path, tags: tags, trainable: trainable)
  }

  /// Stage one. The network stays as it is, so its features are computed once.
  private func train(_ head: inout Head, on photos: Photos) throws {
    print("A new head on image_feature_vector: gradient descent, rate 0.01")
    let module = try module()
    let features = try module(photos.images, signature: .imageFeatureVector)

    var optimizer = SGD<Double>(learningRate: 0.01)
    for step in 0..<10 {
      let loss = head.loss(features, labels: photos.labels)
      report(step, loss.crossEntropy)
      head.update(after: loss, with: &optimizer)
    }
  }

  /// Stage two. Batch norm sees the batch, and every variable learns.
  ///
  /// - Returns: The module's variables, the moving averages among them.
  private func trainEverything(
    _ head: inout Head, on photos: Photos
  ) throws -> [String: Tensor<Float>] {
    print("The whole network: momentum 0.9, rate 2^-14")
    var module = try module(tags: [.train], trainable: true)

    var optimizer = SGD<Float>(learningRate: 0x1p-14, momentum: 0.9)
    var headOptimizer = SGD<Double>(learningRate: 0x1p-14, momentum: 0.9)
    for step in 0..<8 {
      let result = try module.gradients(
        photos.images, signature: .imageFeatureVectorWithBNHParams, batchNormMomentum: 0.5
      ) { features in
        head.loss(features, labels: photos.labels).featuresGradient
      }
      let loss = head.loss(result.output, labels: photos.labels)
      report(step, loss.crossEntropy, regularization: module.regularizationLosses)

      // What the task wants of a variable, and what keeps it small.
      let gradients = result.variables.merging(module.regularizationGradients) { $0 + $1 }
      var variables = result.updates
      for (name, gradient) in gradients {
        guard var variable = module.parameters.tensors[name] else { continue }
        optimizer.update(&variable, named: name, gradient: gradient)
        variables[name] = variable
      }
      module = try module.updating(variables)
      head.update(after: loss, with: &headOptimizer)
    }
    return module.parameters.tensors
  }

  /// What it was for: inference with what was learnt.
  private func classify(
    _ photos: Photos, with head: Head, on variables: [String: Tensor<Float>]
  ) throws {
    print("Inference with all that was learnt")
    let module = try module().updating(variables)
    let features = try module(photos.images, signature: .imageFeatureVector)
    for (path, best) in zip(photos.paths, head.predictions(features)) {
      let percent = (best.probability * 1000).rounded() / 10
      print("  \(path): \(photos.classes[best.index]), \(percent) %")
    }
  }

  private func report(
    _ step: Int, _ crossEntropy: Double, regularization: [String: Double] = [:]
  ) {
    // In the order of the names: a sum in another order has other last digits.
    let decay = regularization.sorted { $0.key < $1.key }.reduce(0) { $0 + $1.value }
    let text = decay == 0 ? "" : " + \(decay) of regularization"
    print("  step \(step): loss \(crossEntropy)\(text)")
  }
}

extension Tensor where Scalar == Float {
  fileprivate static func + (a: Tensor, b: Tensor) -> Tensor {
    Tensor(shape: a.shape, scalars: zip(a.scalars, b.scalars).map { $0 + $1 })
  }
}
