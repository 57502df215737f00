import Golden
import HubModule
import MobileNet
import Reference
import Testing

/// The module with the tag `train`: batch statistics, collected updates, and what is trainable.
@Suite struct TrainingTests {
  let module: HubModule
  /// Two different images, so that statistics of the batch are not those of an image.
  let images: Tensor<Float>

  init() throws {
    module = try Fixture.trainingModule()
    images = Tensor(
      shape: [2, 20, 37, 3], scalars: (0..<2 * 20 * 37 * 3).map { Float($0 * 7919 % 1009) / 1008 })
  }

  /// A call whose moving averages are the batch's own mean and unbiased variance.
  private func callForgetting(_ signature: Signature) throws -> ModuleCall {
    try module.call(images, signature: signature, batchNormMomentum: 0)
  }

  /// The largest difference of two tensors, by the larger of their largest elements.
  private func distance(_ first: Tensor<Float>, _ second: Tensor<Float>) -> Float {
    let scale = zip(first.scalars, second.scalars).map { max(abs($0), abs($1)) }.max() ?? 0
    return (zip(first.scalars, second.scalars).map { abs($0 - $1) }.max() ?? 0) / scale
  }

  /// Rounded once from float64, so within half a unit in the last place.
  private func expectRounded(_ tensor: Tensor<Float>, _ exact: [Double], _ name: String) {
    #expect(tensor.count == exact.count)
    for (value, exact) in zip(tensor.scalars, exact) {
      // TensorFlow's float64 is itself not exact; where a sum cancels, that is more than relative.
      #expect(abs(Double(value) - exact) <= 0.501 * Double(Float(exact).ulp) + 1e-12, "\(name)")
    }
  }

  /// In order of the layers, each with the moving averages that TensorFlow's statistics of the batch
  /// give: TensorFlow's fused batch norm moves towards the unbiased variance.
  private func expectedUpdates(
    _ golden: TrainingCase, momentum: Float
  ) throws -> [String: [Double]] {
    var updates: [String: [Double]] = [:]
    let rate = 1 - Double(momentum)
    for layer in module.architecture.layers where layer.convolution != nil {
      let shape = try #require(golden.float64.activations[layer.endPoint]).shape
      let count = Double(shape[0] * shape[1] * shape[2])
      let batch = [
        "moving_mean": try #require(golden.float64.batchMean[layer.endPoint]),
        "moving_variance": try #require(golden.float64.batchVariance[layer.endPoint])
          .map { $0 * count / (count - 1) },
      ]
      for (kind, target) in batch {
        let name = "MobilenetV1/\(layer.endPoint)/BatchNorm/\(kind)"
        let moving = try #require(module.parameters.tensors[name]).scalars.map { Double($0) }
        updates[name] = zip(moving, target.scalars).map { $0 - ($0 - $1) * rate }
      }
    }
    return updates
  }

  @Test(arguments: ["batch", "odd", "rectangle"])
  func `end points and updates are TensorFlow's`(name: String) throws {
    let golden = try TrainingFile(reading: DefaultGolden.training()).readCase(name)
    let momentum = Float(golden.settings.momentum)
    let call = try module.call(
      golden.batch.images, signature: .imageClassificationWithBNHParams,
      batchNormMomentum: momentum, dropoutMask: golden.batch.dropoutMask)
    #expect(golden.settings.keepProbability == 0.999)
    #expect(golden.batch.dropoutMask.scalars.contains(0))
    #expect(call.endPoints.count == 30)
    for (endPoint, tensor) in call.endPoints {
      let exact = try #require(golden.float64.activations[endPoint])
      expectRounded(tensor, exact.scalars, endPoint.rawValue)
    }
    let updates = try expectedUpdates(golden, momentum: momentum)
    #expect(updates.count == 54)
    for (name, exact) in updates {
      expectRounded(try #require(call.updates[name]), exact, name)
    }
  }

  @Test func `tags and trainable are two things`() throws {
    let path = try DefaultGolden.directory() + "/parameters.h5"
    for tags in [[], [HubModule.Tag.train]] as [Set<HubModule.Tag>] {
      for trainable in [false, true] {
        let module = try HubModule(parameters: path, tags: tags, trainable: trainable)
        #expect(module.tags == tags)
        #expect(module.trainableVariables.count == (trainable ? 83 : 0))
        #expect(module.regularizationLosses.count == (trainable ? 15 : 0))
      }
    }
  }

  @Test func `regularization is half of 4e-5 times the squares of 15 kernels`() throws {
    let losses = module.regularizationLosses
    #expect(losses.keys.allSatisfy { $0.hasSuffix("/weights") })
    for (name, loss) in losses {
      let weights = try #require(module.parameters.tensors[name]).scalars
      let squares = weights.reduce(0) { $0 + Double($1) * Double($1) }
      #expect(abs(loss - 2e-5 * squares) <= 1e-12 * loss)
    }
  }

  @Test func `updates are collected in training only`() throws {
    let names = Set(module.architecture.variables.filter { !$0.isTrainable }.map(\.name))
    #expect(names.count == 54)
    #expect(Set(try module.call(images).updates.keys) == names)
    #expect(try Fixture.module().call(images).updates.isEmpty)
    let byName = try module.call(["images": .float32(images)], signature: "image_feature_vector")
    #expect(Set(byName.updates.keys) == names)
    #expect(byName.output.shape == [2, 768])
  }

  /// Inference with the batch's statistics as its moving averages is training: two paths, one result.
  /// Layer by layer, because rounding the statistics to float32 shows more with every layer.
  @Test func `batch norm uses the batch's mean and biased variance`() throws {
    let call = try callForgetting(.imageFeatureVectorWithBNHParams)
    let layers = module.architecture.layers.prefix(call.endPoints.count)
    var parameters = module.parameters.tensors
    for layer in layers where layer.convolution != nil {
      let shape = try #require(call.endPoints[layer.endPoint]).shape
      let count = Float(shape[0] * shape[1] * shape[2])
      for name in layer.variables.map(\.name) {
        guard let average = call.updates[name] else { continue }
        let isVariance = name.hasSuffix("/moving_variance")
        parameters[name] = isVariance ? average.map { $0 / count * (count - 1) } : average
      }
    }
    let inference = ReferenceNetwork<Double>(
      parameters: try Parameters(architecture: module.architecture, tensors: parameters))
    var input = images
    for (index, layer) in layers.enumerated() {
      let output = try #require(call.endPoints[layer.endPoint])
      let other = Tensor<Float>(inference.output(layer: index, input: Tensor(input)))
      #expect(distance(output, other) < 1e-4, "\(layer.endPoint)")
      input = output
    }
    let moving = try Fixture.module()(images, signature: .imageFeatureVector)
    #expect(distance(call.output, moving) > 0.01)
  }

  @Test(arguments: [0.99, 0.997, 1] as [Float])
  func `a moving average goes towards the batch by 1 - momentum`(momentum: Float) throws {
    let signature = Signature.imageClassificationWithBNHParams
    let batch = try callForgetting(signature).updates
    // 0.99 is what it is unless given, for every signature.
    let call =
      momentum == 0.99
      ? try module.call(images)
      : try module.call(images, signature: signature, batchNormMomentum: momentum)
    for (name, updated) in call.updates {
      let moving = try #require(module.parameters.tensors[name]).scalars
      let target = try #require(batch[name]).scalars
      for channel in moving.indices {
        let rate = 1 - Double(momentum)
        let (old, new) = (Double(moving[channel]), Double(target[channel]))
        let expected = old - (old - new) * rate
        let tolerance = 1e-6 * (abs(old) + abs(new)) + 1e-37
        #expect(abs(Double(updated.scalars[channel]) - expected) <= tolerance, "\(name)")
      }
    }
  }

  @Test func `nothing is updated until that is asked for`() throws {
    let before = module.parameters.tensors
    let call = try module.call(images)
    #expect(module.parameters.tensors == before)
    let updated = try module.updating(call.updates)
    for (name, tensor) in updated.parameters.tensors {
      #expect(tensor == call.updates[name] ?? before[name])
    }
    // Training does not read the moving averages, and moves on from them.
    let next = try updated.call(images)
    #expect(next.output == call.output)
    #expect(next.updates != call.updates)
  }

  @Test func `inference follows the updates, too`() throws {
    let inference = try Fixture.module()
    let call = try callForgetting(.imageClassificationWithBNHParams)
    let updated = try inference.updating(call.updates)
    #expect(updated.tags.isEmpty)
    #expect(try updated(images) != inference(images))
    #expect(try updated.updating(inference.parameters.tensors)(images) == inference(images))
  }

  @Test func `only variables that are there can be updated, by a backend that can`() throws {
    let name = "MobilenetV1/Conv2d_0/BatchNorm/moving_mean"
    #expect(throws: ParameterError.unexpected("moving_mean")) {
      try module.updating(["moving_mean": Tensor(repeating: 0, shape: [24])])
    }
    #expect(throws: ParameterError.wrongShape(name, expected: [24], found: [23])) {
      try module.updating([name: Tensor(repeating: 0, shape: [23])])
    }
    let file = try Fixture.file.get()
    let fixed = HubModule(file, backend: EvenBackend(architecture: file.parameters.architecture))
    #expect(throws: HubModuleError.fixedVariables) { try fixed.updating([:]) }
  }

  @Test func `dropping every feature leaves the biases`() throws {
    let none = try module.call(images, dropoutMask: Tensor(repeating: 0, shape: [2, 768]))
    let biases = module.parameters.logits.biases
    #expect(none.output.scalars == biases + biases)
    // The feature vector is in front of dropout.
    let features = try module.call(
      images, signature: .imageFeatureVector,
      dropoutMask: Tensor(repeating: 0, shape: [2, 768]))
    #expect(features.output == (try module(images, signature: .imageFeatureVector)))
  }

  @Test func `a mask is of zeros and ones, and for training`() throws {
    let shape = [2, 768]
    #expect(throws: HubModuleError.wrongMask(found: [768], expected: shape)) {
      try module.call(images, dropoutMask: Tensor(repeating: 1, shape: [768]))
    }
    #expect(throws: HubModuleError.maskValue(index: [0, 0])) {
      try module.call(images, dropoutMask: Tensor(repeating: 0.999, shape: shape))
    }
    #expect(throws: HubModuleError.dropoutInInference) {
      try Fixture.module().call(images, dropoutMask: Tensor(repeating: 1, shape: shape))
    }
  }
}
