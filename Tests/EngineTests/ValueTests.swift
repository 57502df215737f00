import Engine
import MobileNet
import Testing

/// Exactness where arithmetic allows it: the clamp, integers, what is not a number.
@Suite struct ValueTests {
  /// Where the sum before the clamp is clearly outside [0, 6], the result is 0 or 6 to the bit.
  @Test(arguments: InstructionSet.supported)
  func clamp(isa: InstructionSet) throws {
    let architecture = try Architecture(depthMultiplier: 0.43, numClasses: 5)
    let parameters = try makeParameters(architecture)
    let engine = try Engine(parameters: parameters, isa: isa)
    // Four times the usual range, so that every layer meets both ends.
    var input = makeImages([1, 24, 24, 3]).map { 8 * $0 - 3.5 }
    var zeros = 0
    var sixes = 0
    for index in 0..<27 {
      let output = try engine.run(layer: index, input: input)
      let naive = NaiveLayer(parameters, layer: index, input: input)
      for (flat, value) in output.scalars.enumerated() {
        let bound = naive.bounds[flat]
        if naive.unclamped[flat] < -bound {
          #expect(value.bitPattern == 0)
          zeros += 1
        } else if naive.unclamped[flat] > 6 + bound {
          #expect(value.bitPattern == Float(6).bitPattern)
          sixes += 1
        }
      }
      input = output.map { $0 * 2.5 }
    }
    #expect(zeros > 1000 && sixes > 1000)
  }

  /// No negative zero comes out, even where products underflow to one and the offset is one.
  @Test(arguments: InstructionSet.supported)
  func noNegativeZero(isa: InstructionSet) throws {
    let architecture = try Architecture(depthMultiplier: 0.25, numClasses: 5)
    var tensors: [String: Tensor<Float>] = [:]
    for variable in architecture.variables {
      let value: Float =
        if variable.name.hasSuffix("weights") {
          -1e-30
        } else if variable.name.hasSuffix("beta") || variable.name.hasSuffix("biases") {
          -0.0
        } else if variable.name.hasSuffix("moving_mean") { 0 } else { 1 }
      tensors[variable.name] = Tensor(repeating: value, shape: variable.shape)
    }
    let engine = try Engine(
      parameters: Parameters(architecture: architecture, tensors: tensors), isa: isa)
    for (index, layer) in architecture.layers.enumerated().dropFirst().dropLast() {
      let channels =
        switch layer.operation {
        case .convolution(let convolution): convolution.inputChannels
        case .globalPool(let channels), .logits(let channels, _): channels
        case .softmax(let classes): classes
        }
      let size = layer.endPoint == .logits ? 1 : 6
      for value in [Float(0), -0.0, 1e-30] where layer.endPoint != .globalPool || value <= 0 {
        let input = Tensor(repeating: value, shape: [1, size, size, channels])
        let output = try engine.run(layer: index, input: input)
        #expect(output.bits.allSatisfy { $0 == 0 }, "\(layer.endPoint) of \(value)")
      }
    }
  }

  /// With whole numbers no order of summation rounds: every path must agree exactly.
  @Test(arguments: InstructionSet.supported)
  func integers(isa: InstructionSet) throws {
    let architecture = try Architecture(depthMultiplier: 0.75, numClasses: 1001)
    var tensors: [String: Tensor<Float>] = [:]
    var random = Seeded(5)
    for variable in architecture.variables {
      let scalars = (0..<variable.count).map { _ -> Float in
        if variable.name.hasSuffix("weights") {
          return Float(Int.random(in: -3...3, using: &random))
        }
        if variable.name.hasSuffix("moving_variance") {
          return Float(1 - Architecture.batchNormEpsilon)
        }
        return variable.name.hasSuffix("gamma") ? 1 : 0
      }
      tensors[variable.name] = Tensor(shape: variable.shape, scalars: scalars)
    }
    let parameters = try Parameters(architecture: architecture, tensors: tensors)
    let engine = try Engine(parameters: parameters, isa: isa, threads: 2)
    var input = makeImages([1, 19, 22, 3]).map { ($0 * 8).rounded() }
    for index in 0..<27 {
      let output = try engine.run(layer: index, input: input)
      let naive = NaiveLayer(parameters, layer: index, input: input)
      let expected = naive.values.map { Float($0).rounded() }
      #expect(output.scalars == expected, "layer \(index)")
      input = output
    }
  }

  /// A NaN in one pixel reaches exactly the outputs that see it, through sum and clamp.
  @Test(arguments: InstructionSet.supported)
  func notANumber(isa: InstructionSet) throws {
    let architecture = try Architecture(depthMultiplier: 0.25, numClasses: 13)
    let engine = try Engine(parameters: makeParameters(architecture), isa: isa)
    var images = makeImages([2, 32, 32, 3])
    images[1, 9, 20, 1] = .nan
    let endPoints = try engine.endPoints(images: images)
    let stem = try #require(endPoints[EndPoint("Conv2d_0")])
    for index in 0..<stem.count {
      let place = stem.coordinates(of: index)
      // Even input, stride 2: output y reads rows 2 y to 2 y + 2.
      let seen = place[0] == 1 && place[1] == 4 && (9...10).contains(place[2])
      #expect(stem[flat: index].isNaN == seen, "\(place)")
    }
    for (endPoint, tensor) in endPoints {
      #expect(tensor.batch(0..<1).scalars.allSatisfy { !$0.isNaN }, "\(endPoint)")
      #expect(tensor.batch(1..<2).scalars.contains { $0.isNaN }, "\(endPoint)")
    }
    #expect(endPoints[.predictions]?.batch(1..<2).scalars.allSatisfy(\.isNaN) == true)
  }

  /// Infinite and huge pixels: clamped where the sum has a sign, NaN where ∞ - ∞ has none.
  @Test(arguments: InstructionSet.supported)
  func huge(isa: InstructionSet) throws {
    let architecture = try Architecture(depthMultiplier: 0.25, numClasses: 13)
    let parameters = try makeParameters(architecture)
    let engine = try Engine(parameters: parameters, isa: isa)
    let images = makeImages([1, 16, 16, 3]).map { ($0 - 0.5) * 1e30 }
    let naive = NaiveLayer(parameters, layer: 0, input: images)
    let stem = try engine.run(layer: 0, input: images)
    for (value, (expected, bound)) in zip(stem.scalars, zip(naive.values, naive.bounds)) {
      #expect(abs(Double(value) - expected) <= bound)
    }
    let endPoints = try engine.endPoints(images: images)
    #expect(endPoints[.logits]?.scalars.allSatisfy(\.isFinite) == true)

    let infinite = Tensor<Float>(repeating: .infinity, shape: [1, 8, 8, 3])
    let output = try engine.run(layer: 0, input: infinite)
    #expect(output.scalars.allSatisfy { $0.isNaN || $0 == 0 || $0 == 6 })
  }

  /// A batch norm scale beyond float32 must not turn zeros into NaN.
  @Test func absurdScale() throws {
    let architecture = try Architecture(depthMultiplier: 0.25, numClasses: 3)
    let parameters = try makeParameters(architecture)
    let name = "MobilenetV1/Conv2d_1_depthwise/BatchNorm/gamma"
    let gamma = try #require(parameters.tensors[name]).map { _ in Float.greatestFiniteMagnitude }
    let engine = try Engine(parameters: parameters.replacing(name, with: gamma))
    let output = try engine.run(layer: 1, input: Tensor(repeating: 0, shape: [1, 4, 4, 8]))
    #expect(output.scalars.allSatisfy { !$0.isNaN })
  }
}
