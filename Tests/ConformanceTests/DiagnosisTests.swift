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

/// An end point that was taken before its ReLU6 shows the values of a layer that has none. The layer
/// behind tells them apart.
@Suite struct TapTests {
  let fixture: FaultFixture

  init() throws { fixture = try FaultFixture.shared.get() }

  /// Shows some end points before their ReLU6; computes rightly.
  private struct Tapped: Subject {
    let fixture: FaultFixture
    let taps: Set<String>
    let identity = SubjectIdentity(name: "tapped", description: "shows values before ReLU6")

    func endPoints(images: Tensor<Float>) throws -> [EndPoint: Tensor<Float>] {
      var chain = fixture.naive.endPoints(images: images)
      let sound = chain
      for tap in taps {
        let index = try #require(fixture.parameters.architecture.layer(EndPoint(tap))).index
        let before = fixture.parameters.architecture.endPoints[index - 1]
        let faulty = try fixture.subject("missing-activation@\(tap)")
        chain[EndPoint(tap)] = try faulty.output(layer: index, input: try #require(sound[before]))
      }
      return chain
    }

    func output(layer index: Int, input: Tensor<Float>) -> Tensor<Float>? { nil }
  }

  @Test(arguments: [
    ["Conv2d_6_depthwise"], ["Conv2d_13_pointwise"],
    ["Conv2d_5_depthwise", "Conv2d_5_pointwise", "Conv2d_6_depthwise"],
  ])
  func `an end point taken before ReLU6 is told from a missing activation`(
    taps: [String]
  ) async throws {
    let record = try await fixture.verify(
      Tapped(fixture: fixture, taps: Set(taps)), layer: "*")
    #expect(record.verdict.firstDivergence?.endPoint.rawValue == taps[0])
    #expect(record.verdict.diagnosis?.causes.map(\.fault) == ["tap-before-relu6"])
  }

  @Test func `a layer without ReLU6 is not taken for a tap`() async throws {
    let place = "missing-activation@Conv2d_6_depthwise"
    let record = try await fixture.verify(try fixture.subject(place), layer: "*")
    #expect(record.verdict.diagnosis?.causes.map(\.fault) == ["missing-activation"])
  }
}

/// Rows of more than 64 columns.
@Suite struct WideProbeTests {
  let fixture: FaultFixture

  init() throws { fixture = try FaultFixture.shared.get() }

  @Test(arguments: ["Conv2d_0", "Conv2d_1_depthwise", "Conv2d_6_depthwise"])
  func `blocks of 64 columns without their neighbours are seen and named`(
    layer: String
  ) async throws {
    let subject = try fixture.subject("missing-halo-64@\(layer)")
    func verify(_ cases: String) async throws -> Verdict {
      try await Verification(
        parameters: fixture.parameters, subject: subject,
        selection: .init(cases: cases, layers: layer)
      ).run([fixture.golden]).verdict
    }
    // Nothing narrow shows it.
    #expect(try await verify("hot_center,probe").conforms)
    let verdict = try await verify("hot_center,probe_wide")
    #expect(verdict.firstDivergence?.caseName == "probe_wide")
    #expect(verdict.diagnosis?.causes.map(\.fault) == ["missing-halo-64"])
  }

  @Test func `only layers with neighbours have wide inputs`() async throws {
    let record = try await Verification(
      parameters: fixture.parameters, subject: fixture.naive,
      selection: .init(cases: "hot_center,probe_wide")
    ).run([fixture.golden])
    let wide = try #require(record.cases.first { $0.name == "probe_wide" })
    #expect(
      wide.endPoints.map(\.name.rawValue).allSatisfy {
        $0.hasSuffix("depthwise") || $0 == "Conv2d_0"
      })
    #expect(wide.endPoints.count == 14)
    #expect(wide.endPoints.allSatisfy { $0.shape[2] > 64 && $0.status == .pass })
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
