import Conformance
import Engine
import MobileNet

/// The built-in engine, judged like any other.
struct EngineSubject: Subject {
  static let name = "engine"

  private let engine: Engine
  let identity: SubjectIdentity

  init(parameters: Parameters, isa: InstructionSet?, threads: Int) throws {
    engine = try Engine(parameters: parameters, isa: isa, threads: threads)
    let isa = engine.instructionSet.rawValue
    identity = SubjectIdentity(
      name: Self.name, description: "the built-in float32 engine", isa: isa,
      threads: threads)
  }

  func endPoints(images: Tensor<Float>) throws -> [EndPoint: Tensor<Float>] {
    try engine.endPoints(images: images)
  }

  func output(layer index: Int, input: Tensor<Float>) throws -> Tensor<Float>? {
    try engine.run(layer: index, input: input)
  }
}
