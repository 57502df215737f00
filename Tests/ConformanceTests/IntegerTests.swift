import Conformance
import MobileNet
import Testing

/// Integer data is exact for every correct engine, and shows what rounding can hide.
@Suite struct IntegerTests {
  /// Drops the low bits of every operand: what bf16 or tf32 arithmetic makes of the layer.
  private struct NarrowSubject: Subject {
    let base: NaiveSubject
    let bits: UInt32

    var identity: SubjectIdentity { SubjectIdentity(name: "narrow", description: "") }

    func endPoints(images: Tensor<Float>) -> [EndPoint: Tensor<Float>] {
      base.endPoints(images: images)
    }

    func output(layer index: Int, input: Tensor<Float>) -> Tensor<Float>? {
      base.output(
        layer: index,
        input: input.map { Float(bitPattern: $0.bitPattern & (UInt32.max << bits)) })
    }
  }

  @Test func `a plain engine is exact in every linear layer`() async throws {
    let fixture = try Fixture()
    let record = try await fixture.verify(
      NaiveSubject(parameters: fixture.parameters), rebuild: { NaiveSubject(parameters: $0) },
      cases: "2x2,integers_*")
    let made = record.cases.filter(\.isMade)
    #expect(made.map(\.name) == ["integers_wide_inputs", "integers_wide_weights"])
    #expect(made.allSatisfy { $0.status == .pass && $0.endPoints.count == 29 })
    // Nothing would be proved by zeros.
    for endPoint in made.flatMap(\.endPoints) {
      #expect(endPoint.zeros * 2 < endPoint.shape.reduce(1, *), "\(endPoint.name)")
    }
  }

  @Test func `operands with 11 significant bits are caught in every layer`() async throws {
    let fixture = try Fixture()
    let record = try await fixture.verify(
      NaiveSubject(parameters: fixture.parameters),
      rebuild: { NarrowSubject(base: NaiveSubject(parameters: $0), bits: 13) },
      cases: "2x2,integers_wide_inputs")
    let made = try #require(record.cases.first { $0.isMade })
    #expect(made.endPoints.dropFirst().allSatisfy { $0.status == .fail })
  }

  @Test func `without a factory the verdict says what it does not speak of`() async throws {
    let fixture = try Fixture()
    let record = try await fixture.verify(
      NaiveSubject(parameters: fixture.parameters), rebuild: nil, cases: "2x2")
    #expect(record.cases.allSatisfy { !$0.isMade })
    #expect(record.verdict.conforms && record.verdict.line.contains("without G5"))
  }
}
