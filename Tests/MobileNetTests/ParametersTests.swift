import MobileNet
import Testing

@Suite struct ParametersTests {
  let architecture: Architecture
  let tensors: [String: Tensor<Float>]

  init() throws {
    architecture = try Architecture(depthMultiplier: 0.25, numClasses: 5)
    tensors = Dictionary(
      uniqueKeysWithValues: architecture.variables.map {
        ($0.name, Tensor(repeating: 0.5, shape: $0.shape))
      })
  }

  private func error(changing change: (inout [String: Tensor<Float>]) -> Void) -> ParameterError? {
    var changed = tensors
    change(&changed)
    do {
      _ = try Parameters(architecture: architecture, tensors: changed)
      return nil
    } catch {
      return error
    }
  }

  @Test func `a complete set is accepted, layer by layer`() throws {
    let parameters = try Parameters(architecture: architecture, tensors: tensors)
    #expect(parameters.convolution(at: 0).weights.shape == [3, 3, 3, 8])
    #expect(parameters.convolution(at: 1).weights.shape == [3, 3, 8, 1])
    #expect(parameters.logits.biases.count == 5)
  }

  @Test func `every way to be wrong is named`() {
    let weights = "MobilenetV1/Conv2d_3_pointwise/weights"
    let variance = "MobilenetV1/Conv2d_0/BatchNorm/moving_variance"
    #expect(error { $0[weights] = nil } == .missing(weights))
    #expect(
      error { $0["MobilenetV1/Conv2d_14/weights"] = $0[weights] }
        == .unexpected("MobilenetV1/Conv2d_14/weights"))
    #expect(
      error { $0[weights] = Tensor(repeating: 0, shape: [1, 1, 32, 31]) }
        == .wrongShape(weights, expected: [1, 1, 32, 32], found: [1, 1, 32, 31]))
    #expect(
      error { $0[weights]?[flat: 33] = .nan } == .notFinite(weights, index: [0, 0, 1, 1]))
    #expect(error { $0[variance]?[flat: 2] = -1e-9 } == .negativeVariance(variance, index: [2]))
  }

  @Test func `replacing one variable checks it too`() throws {
    let parameters = try Parameters(architecture: architecture, tensors: tensors)
    let name = "MobilenetV1/Logits/Conv2d_1c_1x1/biases"
    let replaced = try parameters.replacing(name, with: Tensor(repeating: 2, shape: [5]))
    #expect(replaced.logits.biases == [2, 2, 2, 2, 2])
    #expect(throws: ParameterError.self) {
      try parameters.replacing(name, with: Tensor(repeating: 2, shape: [6]))
    }
  }
}
