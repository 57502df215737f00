import Conformance
import MobileNet
import Testing

/// G8 on inputs that hold NaN, infinities, -0 and subnormal numbers.
@Suite struct SpecialValuesTests {
  /// The probe's record, of a subject that treats one value specially.
  private func probe(
    _ change: @escaping @Sendable (_ input: Tensor<Float>, _ output: Tensor<Float>) -> Tensor<Float>
  ) async throws -> CaseRecord {
    let fixture = try Fixture()
    let subject = EditingSubject(
      network: NaiveSubject(parameters: fixture.parameters), edit: change)
    let record = try await fixture.verify(subject, cases: "probe,1x1")
    return try #require(record.cases.first { $0.name == "probe" })
  }

  private func failing(_ record: CaseRecord) -> [String] {
    record.endPoints.filter { $0.gates.contains { $0.gate == .values && $0.status == .fail } }
      .map(\.name.rawValue)
  }

  @Test func `the plain loops keep every rule`() async throws {
    let record = try await probe { _, output in output }
    #expect(record.endPoints.count == 30 && failing(record).isEmpty)
    for endPoint in record.endPoints {
      let special = try #require(endPoint.special)
      #expect(special.count > 0 && special.notMatched == 0, "\(endPoint.name)")
      let values = try #require(endPoint.gates.first { $0.gate == .values })
      #expect(values.criteria.map(\.measure).contains { $0.hasPrefix("special inputs") })
    }
  }

  @Test func `a clamp that makes a number of NaN is seen in every layer`() async throws {
    let record = try await probe { _, output in output.map { $0.isNaN ? 0 : $0 } }
    #expect(failing(record).count == 30)
  }

  @Test func `a NaN that leaks into the next image is seen`() async throws {
    let record = try await probe { input, output in
      guard input.scalars.contains(where: \.isNaN) else { return output }
      var output = output
      output[flat: output.count / output.shape[0]] = .nan
      return output
    }
    #expect(failing(record).count == 30)
  }

  @Test func `an infinite mean that is clamped is seen`() async throws {
    let record = try await probe { _, output in
      output.map { $0.isInfinite ? .greatestFiniteMagnitude : $0 }
    }
    #expect(failing(record) == ["global_pool"])
  }

  @Test func `a negative zero for tiny numbers is counted, and noted but not in logits`()
    async throws
  {
    let record = try await probe { input, output in
      let isTiny = input.scalars.contains { $0 != 0 && abs($0) < .leastNormalMagnitude }
      return isTiny ? output.map { $0 == 0 ? -0.0 : $0 } : output
    }
    #expect(failing(record).isEmpty)
    let noted = record.endPoints.filter { endPoint in
      endPoint.gates.contains { $0.note?.contains("special inputs") == true }
    }
    #expect(!noted.isEmpty && noted.allSatisfy { $0.special?.negativeZeros ?? 0 > 0 })
    #expect(!noted.map(\.name).contains(.logits))
  }

  @Test func `flushing subnormal numbers is allowed`() async throws {
    let record = try await probe { _, output in
      output.map { abs($0) < .leastNormalMagnitude ? 0 : $0 }
    }
    #expect(failing(record).isEmpty)
  }
}

/// Another subject whose single layers are changed on their way out.
private struct EditingSubject: Subject {
  let network: NaiveSubject
  let edit: @Sendable (_ input: Tensor<Float>, _ output: Tensor<Float>) -> Tensor<Float>
  var identity: SubjectIdentity { SubjectIdentity(name: "edited", description: "changed loops") }

  func endPoints(images: Tensor<Float>) -> [EndPoint: Tensor<Float>] {
    network.endPoints(images: images)
  }

  func output(layer index: Int, input: Tensor<Float>) -> Tensor<Float>? {
    network.output(layer: index, input: input).map { edit(input, $0) }
  }
}
