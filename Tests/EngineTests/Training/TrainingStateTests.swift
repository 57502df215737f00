import AllocationCounter
import Engine
import MobileNet
import Testing

/// What a training step changes and leaves: averages, variables, memory; and that threads change
/// nothing.
@Suite struct TrainingStateTests {
  @Test(arguments: InstructionSet.supported, [[2, 97, 70, 3], [8, 20, 20, 3], [1, 33, 40, 3]])
  func threads(isa: InstructionSet, shape: [Int]) throws {
    let fixture = try TrainingFixture(multiplier: 0.5, classes: 101, images: shape)
    let one = try fixture.makeEngine(isa: isa)
    try fixture.step(one)
    one.descend(learningRate: 0.01, momentum: 0.9)
    let loss = try fixture.step(one)
    let expected = try one.everything()
    for threads in [2, 3] {
      let engine = try fixture.makeEngine(isa: isa, threads: threads)
      try fixture.step(engine)
      engine.descend(learningRate: 0.01, momentum: 0.9)
      #expect(try fixture.step(engine) == loss)
      for (name, values) in try engine.everything() {
        #expect(
          values.map(\.bitPattern) == expected[name]?.map(\.bitPattern), "\(name), \(threads)")
      }
    }
  }

  @Test(arguments: MovingVariance.allCases, [0, 0.99, 1])
  func movingAverages(convention: MovingVariance, momentum: Double) throws {
    var fixture = try TrainingFixture(images: [2, 17, 12, 3])
    fixture.settings.movingVariance = convention
    fixture.settings.batchNormMomentum = momentum
    let engine = try fixture.makeEngine()
    try fixture.step(engine)
    let shapes = fixture.architecture.shapes(images: fixture.images.shape)
    for (layer, shape) in zip(fixture.architecture.layers.dropLast(3), shapes) {
      let count = Double(shape[0] * shape[1] * shape[2])
      let factor = convention == .unbiased && count > 1 ? count / (count - 1) : 1
      let mean = try engine.batchMean(layer.endPoint).map(Double.init)
      let variance = try engine.batchVariance(layer.endPoint).map { Double($0) * factor }
      for (index, batch) in [(3, mean), (4, variance)] {
        let name = layer.variables[index].name
        let before = try #require(fixture.parameters.tensors[name]).scalars
        let expected = zip(before, batch).map { momentum * Double($0) + (1 - momentum) * $1 }
        #expect(
          try relativeDistance(engine.variable(name).scalars, expected) <= 2e-7, "\(name)")
      }
    }
  }

  @Test(arguments: InstructionSet.supported, [0, 0.9])
  func descent(isa: InstructionSet, momentum: Double) throws {
    let fixture = try TrainingFixture(images: [2, 17, 12, 3])
    let engine = try fixture.makeEngine(isa: isa, threads: 2)
    var velocities: [String: [Double]] = [:]
    for _ in 0..<4 {
      try fixture.step(engine)
      let before = try engine.parameters()
      engine.descend(learningRate: 0.003, momentum: momentum)
      for variable in fixture.architecture.variables where variable.isTrainable {
        let gradient = try engine.gradient(variable.name).scalars.map(Double.init)
        let old = velocities[variable.name] ?? gradient.map { _ in 0 }
        let velocity = zip(old, gradient).map { momentum * $0 + $1 }
        velocities[variable.name] = velocity
        let values = try #require(before.tensors[variable.name]).scalars
        let expected = zip(values, velocity).map { Double($0) - 0.003 * $1 }
        #expect(
          try relativeDistance(engine.variable(variable.name).scalars, expected) <= 2e-7,
          "\(variable.name)")
      }
    }
  }

  /// A small step down the slope lowers the loss by as much as the gradients say.
  @Test(arguments: InstructionSet.supported)
  func slope(isa: InstructionSet) throws {
    let fixture = try TrainingFixture(images: [6, 17, 12, 3])
    let engine = try fixture.makeEngine(isa: isa, threads: 2)
    let before = try fixture.step(engine).total
    var square = 0.0
    for variable in fixture.architecture.variables where variable.isTrainable {
      square += try engine.gradient(variable.name).scalars.reduce(0.0) {
        $0 + Double($1) * Double($1)
      }
    }
    let expected = 1e-3 * before
    engine.descend(learningRate: expected / square)
    let drop = before - (try fixture.step(engine).total)
    #expect(drop > 0.5 * expected && drop < 1.5 * expected, "\(drop) of \(expected)")
  }

  /// A second step with the same variables gives the same, apart from the moving averages; end points
  /// stay those of the step, not of the variables that descent has changed.
  @Test func repetition() throws {
    let fixture = try TrainingFixture(images: [2, 17, 12, 3])
    let engine = try fixture.makeEngine(threads: 2)
    let loss = try fixture.step(engine)
    let first = try engine.everything()
    #expect(try fixture.step(engine) == loss)
    let second = try engine.everything()
    for (name, values) in first where !name.contains("/moving_") {
      #expect(second[name] == values, "\(name)")
    }
    let stem = try engine.endPoint(EndPoint("Conv2d_0"))
    engine.descend(learningRate: 1)
    #expect(try engine.endPoint(EndPoint("Conv2d_0")) == stem)
  }

  /// A loss outside of the engine: the two halves of a step are the step. The gradients that go in are
  /// made of rounded predictions, and for the features once more of rounded logits' gradients.
  @Test(arguments: InstructionSet.supported)
  func halves(isa: InstructionSet) throws {
    var fixture = try TrainingFixture(images: [3, 40, 33, 3])
    fixture.settings.weightDecay = 0
    let whole = try fixture.makeEngine(isa: isa)
    try fixture.step(whole)
    let halves = try fixture.makeEngine(isa: isa, threads: 2)
    try halves.forward(
      images: fixture.images, dropoutMask: fixture.mask, settings: fixture.settings)
    for endPoint in fixture.architecture.endPoints {
      #expect(try halves.endPoint(endPoint) == whole.endPoint(endPoint))
    }
    var logitsGradient = try halves.endPoint(.predictions)
    let classes = logitsGradient.shape[1]
    for (image, label) in fixture.labels.enumerated() {
      logitsGradient[flat: image * classes + label] -= 1
    }
    logitsGradient = logitsGradient.map { $0 / Float(fixture.labels.count) }
    try halves.backward(from: .logits, gradient: logitsGradient, images: fixture.images)
    func expectSame(_ names: [String]) throws {
      for name in names {
        let expected = try whole.gradient(name).scalars
        #expect(try relativeDistance(halves.gradient(name).scalars, expected) <= 1e-5, "\(name)")
      }
    }
    let trainable = fixture.architecture.variables.filter(\.isTrainable).map(\.name)
    try expectSame(trainable)
    #expect(relativeDistance(halves.imageGradient().scalars, whole.imageGradient().scalars) <= 1e-5)

    let weights = try whole.variable("MobilenetV1/Logits/Conv2d_1c_1x1/weights").scalars
    let channels = fixture.architecture.featureChannels
    let features = Tensor(
      shape: [fixture.labels.count, 1, 1, channels],
      scalars: (0..<fixture.labels.count * channels).map { index in
        let (image, channel) = (index / channels, index % channels)
        let sum = (0..<classes).reduce(0.0) {
          $0 + Double(logitsGradient[flat: image * classes + $1] * weights[channel * classes + $1])
        }
        return Float(sum) * fixture.mask[flat: index] / Float(fixture.settings.keepProbability)
      })
    try halves.backward(
      from: .globalPool, gradient: features.map { 2 * $0 }, images: fixture.images)
    #expect(try halves.gradient(trainable[0]) != whole.gradient(trainable[0]))
    try halves.backward(from: .globalPool, gradient: features, images: fixture.images)
    try expectSame(trainable.filter { !$0.contains("/Logits/") })

    for variable in fixture.architecture.variables where !variable.isTrainable {
      #expect(try halves.variable(variable.name) == whole.variable(variable.name))
    }
  }

  @Test func refusals() throws {
    let fixture = try TrainingFixture(images: [2, 9, 8, 3])
    let engine = try fixture.makeEngine()
    #expect(throws: EngineError.self) {
      try TrainingEngine(parameters: fixture.parameters, images: [1, 8, 8, 4])
    }
    #expect(throws: EngineError.self) {
      try engine.step(images: makeImages([1, 9, 8, 3]), labels: [0, 1], dropoutMask: nil)
    }
    #expect(throws: EngineError.self) {
      try engine.forward(images: makeImages([1, 9, 8, 3]), dropoutMask: nil)
    }
    #expect(throws: EngineError.self) {
      try engine.backward(
        from: .logits, gradient: Tensor(repeating: 0, shape: [2, 10]), images: fixture.images)
    }
    #expect(throws: EngineError.unknownEndPoint(EndPoint("Conv2d_0"))) {
      try engine.backward(
        from: EndPoint("Conv2d_0"), gradient: fixture.images, images: fixture.images)
    }
    #expect(throws: EngineError.self) {
      try engine.step(images: fixture.images, labels: [0], dropoutMask: nil)
    }
    #expect(throws: EngineError.unknownClass(11)) {
      try engine.step(images: fixture.images, labels: [0, 11], dropoutMask: nil)
    }
    #expect(throws: EngineError.self) {
      try engine.step(
        images: fixture.images, labels: [0, 1], dropoutMask: makeImages([2, 255]))
    }
    let average = "MobilenetV1/Conv2d_0/BatchNorm/moving_mean"
    #expect(throws: EngineError.unknownVariable(average)) { try engine.gradient(average) }
    #expect(throws: EngineError.unknownVariable("x")) { try engine.variable("x") }
    #expect(throws: EngineError.unknownEndPoint(.logits)) { try engine.batchMean(.logits) }
  }

  @Test(.enabled(if: allocations_are_counted(), "cannot count here"), arguments: [1, 2])
  func allocatesNothing(threads: Int) throws {
    let fixture = try TrainingFixture(images: [2, 40, 33, 3])
    let engine = try fixture.makeEngine(threads: threads)
    try fixture.step(engine)
    fixture.images.scalars.withUnsafeBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return }
      _ = engine.step(images: start)
      let before = allocations_of_this_thread()
      for _ in 0..<5 {
        _ = engine.step(images: start)
        engine.descend(learningRate: 1e-4, momentum: 0.9)
      }
      #expect(allocations_of_this_thread() == before)
    }
  }
}
