import Engine
import MobileNet
import Testing

/// Every end point against float64 loops that are fed the engine's own end point before it: what one
/// layer introduces must be within what rounding alone can do.
@Suite struct CorrectnessTests {
  static let shapes: [[Int]] = [
    [1, 1, 1, 3], [1, 1, 2, 3], [1, 2, 1, 3], [2, 2, 2, 3], [1, 3, 3, 3], [1, 5, 4, 3],
    [1, 7, 16, 3], [3, 17, 9, 3], [1, 31, 32, 3], [1, 33, 40, 3], [1, 64, 6, 3],
  ]

  @Test(arguments: InstructionSet.supported, shapes)
  func everySize(isa: InstructionSet, shape: [Int]) throws {
    try check(Architecture(depthMultiplier: 0.25, numClasses: 10), isa, shape)
  }

  @Test(
    arguments: InstructionSet.supported,
    [(0.25, 1001), (0.5, 7), (0.75, 1001), (1.0, 1000), (0.01, 1), (0.6, 25), (0.43, 8)])
  func everyWidth(isa: InstructionSet, width: (multiplier: Double, classes: Int)) throws {
    let architecture = try Architecture(
      depthMultiplier: width.multiplier, numClasses: width.classes)
    for shape in [[1, 20, 20, 3], [2, 13, 22, 3]] {
      try check(architecture, isa, shape)
    }
  }

  @Test(arguments: InstructionSet.supported, [1, 2, 3])
  func everyThreadCount(isa: InstructionSet, threads: Int) throws {
    try check(
      Architecture(depthMultiplier: 0.75, numClasses: 1001), isa, [1, 47, 50, 3], threads: threads)
  }

  /// Each layer by itself gives the bits it gave in the chain.
  @Test(arguments: InstructionSet.supported, [[1, 33, 40, 3], [3, 32, 32, 3], [1, 1, 1, 3]])
  func singleLayers(isa: InstructionSet, shape: [Int]) throws {
    let architecture = try Architecture(depthMultiplier: 0.6, numClasses: 11)
    let parameters = try makeParameters(architecture)
    let engine = try Engine(parameters: parameters, isa: isa, threads: 2)
    var input = makeImages(shape)
    let endPoints = try engine.endPoints(images: input)
    for (index, layer) in architecture.layers.enumerated() {
      let output = try engine.run(layer: index, input: input)
      let expected = try #require(endPoints[layer.endPoint])
      #expect(output.shape == expected.shape)
      #expect(output.bits == expected.bits, "\(layer.endPoint)")
      input = output
    }
  }

  @Test func results() throws {
    let architecture = try Architecture(depthMultiplier: 0.25, numClasses: 12)
    let engine = try Engine(parameters: makeParameters(architecture))
    let images = makeImages([2, 24, 20, 3])
    let all = try engine.endPoints(images: images)
    #expect(all.count == 30)
    #expect(try engine.logits(images: images) == all[.logits])
    #expect(try engine.predictions(images: images) == all[.predictions])
    #expect(try engine.features(images: images).scalars == all[.globalPool]?.scalars)
    #expect(try engine.features(images: images).shape == [2, 256])
    let plan = try engine.makePlan(images: images.shape)
    images.scalars.withUnsafeBufferPointer { buffer in
      if let start = buffer.baseAddress { plan.execute(images: start) }
    }
    #expect(Array(plan.logits(image: 0)) + Array(plan.logits(image: 1)) == all[.logits]?.scalars)
    #expect(Array(plan.features(image: 1)) == all[.globalPool]?.batch(1..<2).scalars)
  }

  private func check(
    _ architecture: Architecture, _ isa: InstructionSet, _ shape: [Int], threads: Int = 1
  ) throws {
    let parameters = try makeParameters(architecture)
    let engine = try Engine(parameters: parameters, isa: isa, threads: threads)
    let images = makeImages(shape)
    let endPoints = try engine.endPoints(images: images)
    var input = images
    for (index, layer) in architecture.layers.enumerated() {
      let output = try #require(endPoints[layer.endPoint])
      #expect(output.shape == layer.outputShape(input: input.shape))
      let naive = NaiveLayer(parameters, layer: index, input: input)
      try #require(naive.values.count == output.count)
      var worst = 0.0
      for (value, (expected, bound)) in zip(output.scalars, zip(naive.values, naive.bounds)) {
        let error = abs(Double(value) - expected)
        worst = max(worst, error == 0 ? 0 : error / bound)
      }
      #expect(worst <= 1, "\(layer.endPoint) of \(shape) on \(isa): \(worst) of the bound")
      input = output
    }
  }
}
