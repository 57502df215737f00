import MobileNet
import Testing

/// Facts of the original network code and of its published figures.
@Suite struct ArchitectureTests {
  @Test func `30 end points in TF-Slim's order`() throws {
    let names = try Architecture().endPoints.map(\.rawValue)
    var expected = ["Conv2d_0"]
    for block in 1...13 {
      expected += ["Conv2d_\(block)_depthwise", "Conv2d_\(block)_pointwise"]
    }
    expected += ["global_pool", "Logits", "Predictions"]
    #expect(names == expected)
  }

  @Test func `variables and values at 0.75 with 1001 classes`() throws {
    let variables = try Architecture().variables
    #expect(variables.count == 137)
    #expect(variables.filter(\.isTrainable).count == 83)
    #expect(variables.map(\.count).reduce(0, +) == 2_602_745)
    #expect(variables.filter(\.isTrainable).map(\.count).reduce(0, +) == 2_586_329)
  }

  @Test(arguments: [(1000, 4_253_864), (1001, 4_254_889)])
  func `values at 1.0, as Keras and the original count them`(classes: Int, values: Int) throws {
    let architecture = try Architecture(depthMultiplier: 1, numClasses: classes)
    #expect(architecture.variables.map(\.count).reduce(0, +) == values)
  }

  @Test func `names and shapes of variables`() throws {
    let shapes = Dictionary(
      uniqueKeysWithValues: try Architecture().variables.map { ($0.name, $0.shape) })
    #expect(shapes["MobilenetV1/Conv2d_0/weights"] == [3, 3, 3, 24])
    #expect(shapes["MobilenetV1/Conv2d_1_depthwise/depthwise_weights"] == [3, 3, 24, 1])
    #expect(shapes["MobilenetV1/Conv2d_13_pointwise/weights"] == [1, 1, 768, 768])
    #expect(shapes["MobilenetV1/Conv2d_6_pointwise/BatchNorm/moving_variance"] == [384])
    #expect(shapes["MobilenetV1/Logits/Conv2d_1c_1x1/weights"] == [1, 1, 768, 1001])
    #expect(shapes["MobilenetV1/Logits/Conv2d_1c_1x1/biases"] == [1001])
  }

  @Test func `multiply-accumulates`() throws {
    #expect(
      try Architecture().multiplyAccumulates(images: [1, 128, 128, 3]) == 106_771_200)
    // TF-Slim's published 569 M for the full network.
    let full = try Architecture(depthMultiplier: 1).multiplyAccumulates(images: [1, 224, 224, 3])
    #expect(full == 568_741_376)
  }

  /// Heights, widths and channels of the 27 convolutions at 0.75 for 128 x 128 images.
  @Test func `shapes at 128`() throws {
    var expected: [(Int, Int)] = [
      (64, 24), (64, 24), (64, 48), (32, 48), (32, 96), (32, 96), (32, 96), (16, 96), (16, 192),
      (16, 192), (16, 192), (8, 192), (8, 384),
    ]
    expected += Array(repeating: (8, 384), count: 10)
    expected += [(4, 384), (4, 768), (4, 768), (4, 768)]
    let shapes = try Architecture().shapes(images: [2, 128, 128, 3])
    for (shape, (size, channels)) in zip(shapes, expected) {
      #expect(shape == [2, size, size, channels])
    }
    #expect(Array(shapes.suffix(3)) == [[2, 1, 1, 768], [2, 1001], [2, 1001]])
    let values = shapes.prefix(27).map { $0.reduce(1, *) }.reduce(0, +)
    #expect(values == 2_469_888)
  }

  @Test func `shapes at 224 and at 250 x 300`() throws {
    let architecture = try Architecture(depthMultiplier: 1)
    #expect(architecture.shapes(images: [5, 224, 224, 3])[26] == [5, 7, 7, 1024])
    // From TF-Slim's own test of global pooling.
    #expect(architecture.shapes(images: [2, 250, 300, 3])[26] == [2, 8, 10, 1024])
  }

  @Test(arguments: [(0.25, 8), (0.5, 16), (0.75, 24), (1.0, 32), (1.3, 41), (0.01, 8)])
  func `depth multipliers round down, to at least 8`(multiplier: Double, stem: Int) throws {
    let architecture = try Architecture(depthMultiplier: multiplier)
    #expect(architecture.layers[0].convolution?.outputChannels == stem)
  }

  @Test(arguments: [0, -0.1, .nan, .infinity, 9])
  func `impossible depth multipliers are refused`(multiplier: Double) {
    #expect(throws: ArchitectureError.self) { try Architecture(depthMultiplier: multiplier) }
  }

  @Test func `no classes are refused`() {
    #expect(throws: ArchitectureError.numClasses(0)) { try Architecture(numClasses: 0) }
  }

  @Test func `the smallest image yields every end point`() throws {
    let shapes = try Architecture().shapes(images: [1, 1, 1, 3])
    #expect(shapes.prefix(27).allSatisfy { $0[1] == 1 && $0[2] == 1 })
  }
}
