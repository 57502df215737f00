import Conformance
import MobileNet
import Testing

/// What a layer makes of NaN and infinities in its input is judged, and hides nothing else.
@Suite struct MatchedValuesTests {
  private let fixture: Fixture

  init() throws { fixture = try Fixture() }

  private func judge(
    _ change: (_ name: String, _ value: Tensor<Float>) -> Tensor<Float>
  ) async throws -> ConformanceRecord {
    let images = try fixture.sweep.readCase("17x40").images
    return try await fixture.verify(ShownSubject(fixture, images: images, change: change))
  }

  private func gates(
    _ name: String, _ record: ConformanceRecord, _ status: Status
  ) throws -> [Gate] {
    let endPoint = try #require(record.cases[0].endPoints.first { $0.name.rawValue == name })
    return endPoint.gates.filter { $0.status == status }.map(\.gate)
  }

  private static let own: Set<Gate> = [.isolatedBound, .isolatedBudget, .clampExactness, .bias]

  /// End points whose isolated gates fail.
  private func blamed(_ record: ConformanceRecord) -> [String] {
    record.cases[0].endPoints.filter { endPoint in
      endPoint.gates.contains { $0.status == .fail && Self.own.contains($0.gate) }
    }.map(\.name.rawValue)
  }

  @Test(
    arguments: [
      "Conv2d_0", "Conv2d_3_depthwise", "Conv2d_6_pointwise", "Conv2d_13_pointwise", "global_pool",
      "Logits",
    ], [Float.nan, .infinity, -.infinity])
  func `the layer that makes it is named and no later one`(
    layer: String, value: Float
  ) async throws {
    let record = try await judge { name, output in
      name == layer ? output.with(value, at: 5) : output
    }
    let divergence = try #require(record.verdict.firstDivergence)
    #expect(divergence.endPoint.rawValue == layer && divergence.gate == .values)
    let word = value.isNaN ? "NaN" : value < 0 ? "-infinity" : "infinity"
    #expect(divergence.note?.hasPrefix("holds \(word) where the reference has ") == true)
    #expect(divergence.worst?.index.last == 5)
    #expect(blamed(record) == [layer], "\(record.verdict.line)")
    // All reports name this gate for this layer.
    let finding = try #require(record.findings.first { $0.endPoint.rawValue == layer })
    #expect(finding.gate == .values && finding.caseName == divergence.caseName)
    #expect(finding.criterion == divergence.criterion && finding.note == divergence.note)
    let summary = record.endPointSummaries.first { $0.name.rawValue == layer }
    #expect(summary?.failingGates.first == .values)
    // And so does a record that is judged again.
    let again = try ConformanceRecord(json: try record.json()).judged(under: .standard)
    #expect(again.verdict.line == record.verdict.line)
    #expect(again.verdict.gates == record.verdict.gates)
  }

  @Test func `a layer of nothing but NaN is not run by its figures, and not blamed`() async throws {
    let record = try await judge { name, output in
      name == "Logits" ? output.map { _ in .nan } : output
    }
    #expect(blamed(record) == ["Logits"])
    #expect(try gates("Predictions", record, .notRun) == [.isolatedBound, .isolatedBudget])
    // The golden is not the subject's.
    #expect(try gates("Predictions", record, .pass) == [.goldenSandwich])
    let result = try #require(
      record.cases[0].endPoints.last?.gates.first { $0.gate == .isolatedBound })
    #expect(result.note == "every element is NaN or infinite, as its input makes it")
  }

  @Test(arguments: [Float.nan, .infinity])
  func `an error beside what is not finite is seen`(value: Float) async throws {
    // The first channel is spoilt, and the layer after it errs in another one.
    let record = try await judge { name, output in
      switch name {
      case "Conv2d_6_pointwise": return output.with(value, at: 0)
      case "Conv2d_7_depthwise":
        let index = output.scalars.indices.first {
          $0 % output.shape[3] > 0 && (1...5).contains(output[flat: $0])
        }
        return index.map { output.with(output[flat: $0] * 1.01, at: $0) } ?? output
      default: return output
      }
    }
    #expect(blamed(record) == ["Conv2d_6_pointwise", "Conv2d_7_depthwise"])
    #expect(try gates("Conv2d_7_depthwise", record, .fail).contains(.isolatedBound))
  }

  @Test func `an infinity that the clamp takes is exactly 0 or 6`() async throws {
    let record = try await judge { name, output in
      switch name {
      case "Conv2d_6_pointwise": return output.with(.infinity, at: 0)
      // Of 6 that an infinity makes, something else.
      case "Conv2d_7_depthwise":
        let index = output.scalars.indices.first { $0 % output.shape[3] == 0 } ?? 0
        return output.with(5.5, at: index)
      default: return output
      }
    }
    #expect(blamed(record) == ["Conv2d_6_pointwise", "Conv2d_7_depthwise"])
  }

  @Test func `a logit of minus infinity leaves a bound for the others`() async throws {
    let good = try await judge { name, output in
      name == "Logits" ? output.with(-.infinity, at: 5) : output
    }
    #expect(blamed(good) == ["Logits"])
    let bad = try await judge { name, output in
      switch name {
      case "Logits": return output.with(-.infinity, at: 5)
      case "Predictions":
        let largest = output.scalars.indices.max { output[flat: $0] < output[flat: $1] } ?? 0
        return output.with(output[flat: largest] * 1.001, at: largest)
      default: return output
      }
    }
    #expect(blamed(bad) == ["Logits", "Predictions"])
  }

  @Test func `a NaN that a layer loses is its own`() async throws {
    let record = try await judge { name, output in
      switch name {
      case "Conv2d_2_pointwise": return output.with(.nan, at: 0)
      case "Conv2d_3_depthwise": return output.map { $0.isNaN ? 0 : $0 }
      default: return output
      }
    }
    #expect(blamed(record) == ["Conv2d_2_pointwise", "Conv2d_3_depthwise"])
    let finding = record.findings.first { $0.endPoint.rawValue == "Conv2d_3_depthwise" }
    #expect(finding?.gate == .values)
    #expect(finding?.note?.contains("holds 0.0 where the reference has NaN") == true)
  }

  @Test func `a negative zero is zero`() async throws {
    let change = { (name: String, output: Tensor<Float>) in
      name == "Conv2d_3_depthwise" ? output.map { $0 == 0 ? -0.0 : $0 } : output
    }
    let record = try await judge(change)
    #expect(record.verdict.conforms, "\(record.verdict.line)")
    let endPoint = try #require(
      record.cases[0].endPoints.first { $0.name.rawValue == "Conv2d_3_depthwise" })
    #expect(endPoint.isolated?.negativeZeros ?? 0 > 0 && endPoint.isolated?.clamp?.deviations == 0)
    let values = endPoint.gates.first { $0.gate == .values }
    #expect(values?.note?.hasPrefix("negative zeros, equal to 0: ") == true)
    // A profile that asks for bits.
    var bits = Profile.standard
    bits.thresholds["negative_zeros"] = Profile.Threshold(limit: 0, source: "bits")
    let strict = record.judged(under: bits)
    #expect(strict.verdict.firstDivergence?.endPoint.rawValue == "Conv2d_3_depthwise")
    #expect(strict.verdict.firstDivergence?.gate == .values)
    #expect(strict.judged(under: .standard).verdict == record.verdict)
  }
}
