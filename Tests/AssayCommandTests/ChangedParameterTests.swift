import Conformance
import Engine
import Golden
import MobileNet
import Testing

/// The engine itself with one value of its parameters changed, while the golden's stay as they are.
@Suite struct ChangedParameterTests {
  private struct EngineWithOwnParameters: Subject {
    let engine: Engine
    let identity = SubjectIdentity(name: "engine", description: "with a parameter of its own")

    func endPoints(images: Tensor<Float>) throws -> [EndPoint: Tensor<Float>] {
      try engine.endPoints(images: images)
    }

    func output(layer index: Int, input: Tensor<Float>) throws -> Tensor<Float>? {
      try engine.run(layer: index, input: input)
    }
  }

  @Test(arguments: [
    ("Conv2d_0/weights", "Conv2d_0"),
    ("Conv2d_4_depthwise/depthwise_weights", "Conv2d_4_depthwise"),
    ("Conv2d_11_pointwise/weights", "Conv2d_11_pointwise"),
    ("Conv2d_9_pointwise/BatchNorm/beta", "Conv2d_9_pointwise"),
    ("Logits/Conv2d_1c_1x1/weights", "Logits"), ("Logits/Conv2d_1c_1x1/biases", "Logits"),
  ])
  func `one value off by a thousandth is caught in its layer`(
    variable: String, layer: String
  ) async throws {
    let golden = try GoldenFile(reading: DefaultGolden.directory() + "/inference.h5")
    let parameters = try golden.readParameters().parameters
    let name = "MobilenetV1/\(variable)"
    var tensor = try #require(parameters.tensors[name])
    let values = tensor.scalars
    let place = try #require(values.indices.max { abs(values[$0]) < abs(values[$1]) })
    tensor[flat: place] *= 1.001
    let engine = try Engine(parameters: try parameters.replacing(name, with: tensor))
    let verification = Verification(
      parameters: parameters, subject: EngineWithOwnParameters(engine: engine),
      selection: ConformanceRecord.Selection(cases: "hot_center,probe"))
    let verdict = try await verification.run([golden]).verdict
    #expect(!verdict.conforms)
    #expect(verdict.firstDivergence?.endPoint == EndPoint(layer))
    #expect(verdict.firstDivergence?.gate.isIsolated == true)
  }
}
