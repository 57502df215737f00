import Conformance
import Golden
import MobileNet
import Reference
import Testing

/// The bounds of a step by itself: correct formulas are within them, wrong ones and planted errors not.
@Suite struct TrainingBoundTests {
  private let file: TrainingFile
  private let parameters: Parameters
  private let batch: TrainingBatch<Float>
  private let isolation: TrainingIsolation

  init() throws {
    file = try TrainingFile(reading: DefaultGolden.training())
    parameters = try file.readParameters().parameters
    let golden = try file.readCase("odd")
    batch = try TrainingBatch(golden.batch, parameters.architecture)
    isolation = try TrainingIsolation(
      parameters: parameters, batch: batch, TrainingOptions(golden.settings))
  }

  private func recorded() throws -> [EndPoint: Tensor<Float>] {
    NaiveTrainingSubject(parameters: parameters).step(
      batch, TrainingOptions(try file.readCase("odd").settings))
  }

  @Test func `every point but none twice is judged by itself`() throws {
    var visited: [EndPoint: Int] = [:]
    isolation.visit(try recorded()) { point, _ in visited[point, default: 0] += 1 }
    #expect(Set(visited.keys) == Set(parameters.architecture.trainingPoints))
    #expect(visited.values.allSatisfy { $0 == 1 })
  }

  /// An element that is off by a hundredth more than its bound uses more than all of it; one that is
  /// off by a tenth less does not.
  @Test func `an error of 1.01 bounds is seen at every point`() throws {
    let recorded = try recorded()
    var judged = 0
    var generator = SplitMix64(seed: 3)
    isolation.visit(recorded) { point, expectation in
      guard var tensor = recorded[point] else { return }
      #expect(
        expectation.statistics(tensor).utilisation ?? .infinity <= 1, "\(point)")
      // Where a float32 can be put a hundredth of the bound apart.
      let places = (0..<tensor.count).filter {
        expectation.bounds[flat: $0] > 256 * abs(expectation.value[flat: $0]) * Roundoff.unit
      }
      guard let place = places.randomElement(using: &generator) else { return }
      let (value, bound) = (expectation.value[flat: place], expectation.bounds[flat: place])
      for (share, isSeen) in [(1.01, true), (-1.01, true), (0.9, false), (-0.9, false)] {
        tensor[flat: place] = Float(value + share * bound)
        let utilisation = expectation.statistics(tensor).utilisation
        #expect((utilisation ?? 0 > 1) == isSeen, "\(point) with \(share) of the bound")
      }
      judged += 1
    }
    #expect(judged > 60)
  }

  // MARK: - Variance

  /// 256 values about a mean that is far from 0 against their deviation.
  private static func sample(mean: Float) -> [Float] {
    var random = SplitMix64(seed: 7)
    return (0..<256).map { _ in mean + Float.random(in: -1...1, using: &random) }
  }

  /// What the bound of the variance is for a channel that holds these values.
  private func quantity(_ values: [Float]) throws -> (value: Double, bound: Double) {
    let architecture = try Architecture(depthMultiplier: 0.25, numClasses: 2)
    var tensors: [String: Tensor<Float>] = [:]
    for variable in architecture.variables {
      tensors[variable.name] = Tensor(repeating: 1, shape: variable.shape)
    }
    // The first output is the first input as it is.
    var weights = Tensor<Float>(repeating: 0, shape: [1, 1, 8, 16])
    weights[flat: 0] = 1
    tensors["MobilenetV1/Conv2d_1_pointwise/weights"] = weights
    let network = TrainingNetwork<Double>(
      parameters: try Parameters(architecture: architecture, tensors: tensors))
    var input = Tensor(repeating: 0.0, shape: [4, 8, 8, 8])
    for (index, value) in values.enumerated() { input[flat: index * 8] = Double(value) }
    let forward = network.forward(
      layer: 2, input: input, dropoutMask: Tensor(repeating: 1, shape: [4, 256]),
      accumulating: Moments.self)
    let norm = NormExpectation(
      forward, length: 8, roundsInput: false, gamma: [Double](repeating: 1, count: 16))
    return (norm.variance.value[0], norm.variance.bound[0])
  }

  @Test(arguments: [0, 1, 10, 100, 1000] as [Float])
  func `stable formulas of the variance are within the bound`(mean: Float) throws {
    let values = Self.sample(mean: mean)
    let (exact, bound) = try quantity(values)
    for (name, variance) in [
      ("two passes", twoPass(values)), ("shifted", shifted(values, by: values[0])),
      ("Welford", welford(values)),
    ] {
      #expect(abs(Double(variance) - exact) <= bound, "\(name)")
    }
  }

  @Test(arguments: [100, 1000] as [Float])
  func `the difference of E[z²] and E[z]² is not, where it cancels`(mean: Float) throws {
    let values = Self.sample(mean: mean)
    let (exact, bound) = try quantity(values)
    let naive = shifted(values, by: 0)
    #expect(abs(Double(naive) - exact) > bound)
  }

  private func twoPass(_ values: [Float]) -> Float {
    let mean = values.reduce(0, +) / Float(values.count)
    return values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Float(values.count)
  }

  private func shifted(_ values: [Float], by shift: Float) -> Float {
    let count = Float(values.count)
    let mean = values.reduce(0) { $0 + ($1 - shift) } / count
    return values.reduce(0) { $0 + ($1 - shift) * ($1 - shift) } / count - mean * mean
  }

  private func welford(_ values: [Float]) -> Float {
    var (mean, squares, count) = (Float(0), Float(0), Float(0))
    for value in values {
      count += 1
      let distance = value - mean
      mean += distance / count
      squares += distance * (value - mean)
    }
    return squares / count
  }
}
