import Conformance
import Golden
import MobileNet
import Testing

@Suite struct DiagnosisTests {
  let fixture: FaultFixture

  init() throws { fixture = try FaultFixture.shared.get() }

  @Test(arguments: [
    "symmetric-padding@Conv2d_6_depthwise", "transposed-kernel@Conv2d_3_depthwise",
    "transposed-channels@Conv2d_3_pointwise", "bgr@Conv2d_0", "input-mean-std@Conv2d_0",
    "epsilon-1e-5@Conv2d_2_pointwise", "missing-beta@Conv2d_5_depthwise",
    "batch-statistics@Conv2d_4_depthwise", "relu@Conv2d_1_depthwise",
    "clamp-5.99@Conv2d_2_depthwise",
    "pool-sum@global_pool", "shifted-logits@Logits", "weights-bf16@Conv2d_4_pointwise",
    "operands-tf32@Conv2d_5_pointwise", "weight-1e-3@Conv2d_12_pointwise",
  ])
  func `the cause is named, and nothing else`(place: String) async throws {
    let layer = String(place.split(separator: "@")[1])
    let record = try await fixture.verify(try fixture.subject(place), layer: layer)
    let diagnosis = try #require(record.verdict.diagnosis)

    #expect(record.verdict.firstDivergence?.endPoint.rawValue == layer)
    #expect(diagnosis.causes.map(\.fault) == [String(place.split(separator: "@")[0])])
    #expect(diagnosis.isCertain)
    #expect(record.verdict.line.contains(diagnosis.summary))
  }

  @Test(arguments: ["sums-fp16@Conv2d_3_pointwise", "softmax-unshifted@Predictions"])
  func `a loss of precision is recognised, but never for certain`(place: String) async throws {
    let parts = place.split(separator: "@").map(String.init)
    let record = try await fixture.verify(try fixture.subject(place), layer: parts[1])
    let diagnosis = try #require(record.verdict.diagnosis)

    #expect(diagnosis.causes.map(\.fault) == [parts[0]])
    #expect(!diagnosis.isCertain)
    #expect(diagnosis.summary.hasPrefix("resembles"))
  }

  /// A mistake that nobody has thought of: every result a thousandth too large.
  private struct Inflated: Subject {
    let base: NaiveSubject
    let identity = SubjectIdentity(name: "inflated", description: "a thousandth too large")

    func endPoints(images: Tensor<Float>) -> [EndPoint: Tensor<Float>] {
      base.endPoints(images: images)
    }

    func output(layer index: Int, input: Tensor<Float>) -> Tensor<Float>? {
      base.output(layer: index, input: input)?.map { $0 * 1.001 }
    }
  }

  @Test func `an unknown mistake is not given a known cause`() async throws {
    let record = try await fixture.verify(
      Inflated(base: fixture.naive), layer: "Conv2d_4_pointwise")
    #expect(!record.verdict.conforms)
    #expect(record.verdict.firstDivergence?.endPoint.rawValue == "Conv2d_4_pointwise")
    #expect(record.verdict.diagnosis == nil)
  }
}

@Suite struct ProbeTests {
  let fixture: FaultFixture

  init() throws { fixture = try FaultFixture.shared.get() }

  /// Shows its end points and nothing else.
  private struct Closed: Subject {
    let base: NaiveSubject
    let identity = SubjectIdentity(name: "closed", description: "runs no single layers")

    func endPoints(images: Tensor<Float>) -> [EndPoint: Tensor<Float>] {
      base.endPoints(images: images)
    }

    func output(layer index: Int, input: Tensor<Float>) -> Tensor<Float>? { nil }
  }

  @Test func `a probe judges every layer by itself`() async throws {
    let record = try await fixture.verify(fixture.naive, layer: "*")
    let probe = try #require(record.cases.last)
    #expect(probe.name == "probe")
    #expect(probe.endPoints.count == 30)
    #expect(probe.endPoints.allSatisfy { $0.accumulated == nil && $0.status == .pass })
    #expect(record.verdict.conforms)
  }

  @Test func `a subject that runs no single layers has no probe`() async throws {
    let record = try await fixture.verify(Closed(base: fixture.naive), layer: "*")
    #expect(record.cases.map(\.name) == ["hot_center"])
    #expect(record.verdict.conforms)
  }

  @Test func `results that change from run to run fail`() async throws {
    let place = "unrepeatable-sum@Conv2d_5_pointwise"
    let record = try await fixture.verify(
      try fixture.subject(place), layer: "Conv2d_5_pointwise")
    #expect(record.verdict.firstDivergence?.gate == .repeatability)
    #expect(record.verdict.diagnosis?.causes.map(\.fault) == ["unrepeatable-sum"])
    #expect(record.verdict.diagnosis?.isCertain == false)
  }
}
