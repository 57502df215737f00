import AssayEngine
import Golden
import HubModule
import MobileNet
import Reference
import Testing

/// The way back from the module's output, and the engine behind the tag `train`.
@Suite struct GradientTests {
  let module: HubModule
  let engine: HubModule
  let golden: TrainingFile

  init() throws {
    module = try Fixture.trainingModule()
    engine = try HubModule(
      parameters: DefaultGolden.directory() + "/parameters.h5", tags: [.train], trainable: true,
      engineThreads: 2)
    golden = try TrainingFile(reading: DefaultGolden.training())
  }

  /// Of the mean cross-entropy by the logits.
  private func crossEntropyGradient(_ logits: Tensor<Float>, _ labels: [Int]) -> Tensor<Float> {
    Tensor(
      Operations.crossEntropyGradient(
        predictions: Operations.softmax(Tensor<Double>(logits)), labels: labels))
  }

  /// What training the module's own last layer needs, with the decay: TensorFlow's gradients.
  private func gradients(
    _ module: HubModule, _ stored: TrainingCase
  ) throws -> (result: ModuleGradients, total: [String: [Double]]) {
    let result = try module.gradients(
      stored.batch.images, signature: .imageClassificationWithBNHParams,
      batchNormMomentum: Float(stored.settings.momentum), dropoutMask: stored.batch.dropoutMask
    ) {
      crossEntropyGradient($0, stored.batch.labels)
    }
    let decay = module.regularizationGradients
    #expect(decay.count == 15)
    return (
      result,
      Dictionary(
        uniqueKeysWithValues: result.variables.map { name, gradient in
          let decay = decay[name]?.scalars ?? gradient.scalars.map { _ in 0 }
          return (name, zip(gradient.scalars, decay).map { Double($0) + Double($1) })
        })
    )
  }

  /// Relative L2.
  private func distance(_ value: [Double], _ exact: [Double]) -> Double {
    let square = zip(value, exact).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    return square == 0 ? 0 : (square / exact.reduce(0) { $0 + $1 * $1 }).squareRoot()
  }

  /// The logits are rounded to float32 before the loss sees them, the gradients after.
  @Test(arguments: ["batch", "odd", "rectangle"])
  func `gradients are TensorFlow's`(name: String) throws {
    let stored = try golden.readCase(name)
    let (result, total) = try gradients(module, stored)
    #expect(result.output == (try #require(stored.float64.activations[.logits].map { Tensor($0) })))
    #expect(total.count == 83)
    for (name, gradient) in total {
      #expect(
        try #require(stored.float64.gradients[name]).distance(to: gradient) < 1e-6, "\(name)")
    }
  }

  /// Eight times what TensorFlow's own float32 errs, as everywhere with the engine; a few roundings
  /// where that errs by chance little. Where rounding has moved an element across a kink of ReLU6,
  /// its share of the gradients is there or is not, in all layers before: then they are only near.
  @Test(arguments: ["batch", "odd", "rectangle"])
  func `the engine's end points, updates and gradients are within float32's budget`(
    name: String
  ) throws {
    let stored = try golden.readCase(name)
    let momentum = Float(stored.settings.momentum)
    func expectClose(
      _ what: String, _ value: [Double], _ exact: [Double], _ plain: [Double], least: Double = 2e-6
    ) {
      let limit = max(8 * distance(plain, exact) + 2e-6, least)
      #expect(distance(value, exact) <= limit, "\(what)")
    }
    let call = try engine.call(
      stored.batch.images, signature: .imageClassificationWithBNHParams,
      batchNormMomentum: momentum, dropoutMask: stored.batch.dropoutMask)
    #expect(call.endPoints.count == 30)
    for (endPoint, tensor) in call.endPoints {
      expectClose(
        endPoint.rawValue, tensor.scalars.map(Double.init),
        try #require(stored.float64.activations[endPoint]).scalars,
        try #require(stored.float32.activations[endPoint]).scalars.map(Double.init))
    }

    let exact = try gradients(module, stored)
    let (result, total) = try gradients(engine, stored)
    #expect(result.output == call.output)
    #expect(result.updates == call.updates && result.updates.count == 54)
    for (name, update) in result.updates {
      expectClose(
        name, update.scalars.map(Double.init),
        try #require(exact.result.updates[name]).scalars.map(Double.init),
        try #require(stored.float32.movingAverages[name]).scalars.map(Double.init))
    }
    #expect(total.count == 83)
    let crossings = try crossings(call.endPoints, stored.float64.activations)
    #expect(crossings <= 2)
    for (name, gradient) in total {
      let known = try #require(stored.float64.gradients[name]).knownElements
      let plain = try #require(stored.float32.gradients[name]).knownElements
      expectClose(
        name, known.map { gradient[$0.index] }, known.map(\.value), plain.map(\.value),
        least: crossings == 0 ? 0 : 2e-2)
    }
  }

  /// Elements of the convolutions' end points that are in another part of the clamp.
  private func crossings(
    _ endPoints: [EndPoint: Tensor<Float>], _ exact: [EndPoint: Tensor<Double>]
  ) throws -> Int {
    func part(_ y: Double) -> Int { y <= 0 ? 0 : y < 6 ? 1 : 2 }
    return try module.architecture.endPoints.prefix(27).reduce(0) { count, endPoint in
      let pairs = zip(
        try #require(endPoints[endPoint]).scalars, try #require(exact[endPoint]).scalars)
      return count + pairs.count { part(Double($0)) != part($1) }
    }
  }

  /// The features are in front of dropout, and of the last layer's variables.
  @Test func `a loss of the features has the gradients of 81 variables, whatever drops out`() throws
  {
    let batch = try golden.readCase("rectangle").batch
    let weights = Tensor<Float>(
      shape: [2, 768], scalars: (0..<2 * 768).map { Float($0 * 7919 % 1009) / 504.5 - 1 })
    let network = TrainingNetwork<Double>(parameters: module.parameters)
    let mask = Tensor(repeating: 1.0, shape: [2, 768])
    let forward = network.forward(
      images: Tensor(batch.images), dropoutMask: mask, accumulating: Sum<Double>.self)
    let exact = network.backward(
      from: .globalPool, gradient: Tensor<Double>(weights).reshaped([2, 1, 1, 768]),
      through: forward, dropoutMask: mask)
    // Rounded once, or computed in float32.
    for (module, limit) in [(module, 1e-7), (engine, 1e-2)] {
      let result = try module.gradients(
        batch.images, signature: .imageFeatureVector, dropoutMask: batch.dropoutMask
      ) { features in
        #expect(features.shape == [2, 768])
        return weights
      }
      #expect(result.variables.count == 81 && exact.gradients.count == 81)
      for (name, gradient) in exact.gradients {
        let found = try #require(result.variables[name])
        #expect(found.shape == gradient.shape)
        #expect(distance(found.scalars.map(Double.init), gradient.scalars) < limit, "\(name)")
      }
    }
  }

  @Test func `the engine's calls leave no trace, and updates do`() throws {
    let images = try golden.readCase("rectangle").batch.images
    let call = try engine.call(images)
    let other = try engine.call(images.batch(0..<1))
    #expect(other.output.shape == [1, 1001])
    let again = try engine.call(images)
    #expect(again.output == call.output && again.updates == call.updates)
    let gradients = try engine.gradients(images) { $0 }
    #expect(try engine.gradients(images) { $0 }.variables == gradients.variables)

    let updated = try engine.updating(call.updates)
    let next = try updated.call(images)
    #expect(next.output == call.output)
    #expect(next.updates != call.updates)
    let name = "MobilenetV1/Conv2d_0/BatchNorm/beta"
    let beta = try #require(engine.parameters.tensors[name]).map { $0 + 0.5 }
    #expect(try engine.updating([name: beta])(images) != call.output)
  }

  @Test func `the engine's inference is the reference's`() throws {
    let stored = try Fixture.golden()
    let path = try DefaultGolden.directory() + "/parameters.h5"
    let inference = try HubModule(parameters: path, engineThreads: 1)
    let expected = try Fixture.module()(stored.images)
    #expect(
      distance(
        try inference(stored.images).scalars.map(Double.init), expected.scalars.map(Double.init))
        < 1e-5)
    let name = "MobilenetV1/Conv2d_0/BatchNorm/beta"
    let beta = try #require(inference.parameters.tensors[name]).map { $0 + 0.5 }
    #expect(try inference.updating([name: beta])(stored.images) != inference(stored.images))
  }

  @Test func `without what they need there are no gradients`() throws {
    let images = Tensor<Float>(repeating: 0.5, shape: [1, 32, 32, 3])
    let path = try DefaultGolden.directory() + "/parameters.h5"
    let inference = try HubModule(parameters: path, trainable: true)
    #expect(throws: HubModuleError.noGradients) { try inference.gradients(images) { $0 } }
    let fixed = try HubModule(parameters: path, tags: [.train])
    #expect(throws: HubModuleError.notTrainable) { try fixed.gradients(images) { $0 } }
    #expect(fixed.regularizationGradients.isEmpty)
    let forward = HubModule(
      try Fixture.file.get(), trainable: true,
      trainingBackend: ForwardBackend(architecture: module.architecture))
    #expect(throws: HubModuleError.noGradients) { try forward.gradients(images) { $0 } }
    for module in [module, engine] {
      #expect(throws: HubModuleError.wrongGradient(found: [768], expected: [1, 768])) {
        try module.gradients(images, signature: .imageFeatureVector) { $0.reshaped([768]) }
      }
      #expect(throws: HubModuleError.gradientNotFinite(index: [0, 0])) {
        try module.gradients(images) { $0.map { _ in .nan } }
      }
      #expect(throws: HubModuleError.self) {
        try module.gradients(images, batchNormMomentum: 0.5) { $0 }
      }
    }
  }
}

/// Has the forward pass alone.
private struct ForwardBackend: HubModule.TrainingBackend {
  let architecture: Architecture

  func forward(
    _ wanted: Set<EndPoint>, images: Tensor<Float>, batchNormMomentum: Float,
    dropoutMask: Tensor<Float>?
  ) -> TrainingOutputs {
    TrainingOutputs(endPoints: [:])
  }

  func replacing(_ parameters: Parameters) -> any HubModule.TrainingBackend { self }
}
