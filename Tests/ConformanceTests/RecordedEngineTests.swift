import Conformance
import Golden
import MobileNet
import Reference
import TestSupport
import Testing

/// Engines that people ship are correct, and have to conform: recordings of eight of them, made by
/// `Scripts/recordings`, whose README says why not every case has every end point.
@Suite struct RecordedEngineTests {
  static let engines = [
    "jax", "litert", "onnxruntime", "openvino", "tensorflow_onednn", "tensorflow_xla",
    "torch_channels_last", "torch_nchw",
  ]

  /// The cases, and the end points that are judged on what was recorded before them.
  static let cases: [(name: String, layers: String)] = [
    ("33x33", "*"), ("33x33_cancelling", "Conv2d_0"),
    (
      "45x37",
      "Conv2d_3_pointwise,Conv2d_4*,Conv2d_5*,Conv2d_6*,Conv2d_7*,Conv2d_8*,Conv2d_9*,Conv2d_1?_*,"
        + "global_pool,Logits,Predictions"
    ),
    ("61x200", "Conv2d_13*,global_pool,Logits,Predictions"),
  ]

  let fixture: Fixture

  init() throws { fixture = try Fixture() }

  private func recording(_ engine: String) throws -> Conformance.RecordedSubject {
    let path = Repository.path("Tests/ConformanceTests/Recordings/\(engine).h5")
    return try RecordedSubject(
      try GoldenFile(reading: path), parametersSHA256: fixture.parameters.sha256)
  }

  private func verify(
    _ subject: any Subject, _ item: (name: String, layers: String), profile: Profile = .standard
  ) async throws -> ConformanceRecord {
    try await Verification(
      parameters: fixture.parameters, subject: subject, profile: profile,
      selection: .init(cases: item.name, layers: item.layers)
    ).run([fixture.sweep])
  }

  @Test(arguments: engines)
  func `an engine that people ship conforms at every size`(engine: String) async throws {
    let subject = try recording(engine)
    for item in Self.cases {
      let record = try await verify(subject, item)
      #expect(record.verdict.conforms, "\(item.name): \(record.verdict.line)")
      let gates = record.cases.flatMap(\.endPoints).flatMap(\.gates)
      #expect(gates.allSatisfy { $0.status == .pass }, "\(item.name): \(record.verdict.line)")
    }
  }

  @Test(arguments: ["litert", "torch_nchw"])
  func `sums that start with the bias are told by their errors`(engine: String) async throws {
    let record = try await verify(try recording(engine), Self.cases[0])
    let forms = record.cases[0].endPoints.filter { $0.name.rawValue.hasPrefix("Conv2d") }
      .compactMap(\.isolated?.form)
    let first = forms.count { $0 == .biasFirst }
    if engine == "litert" {
      #expect(first >= 25, "\(first) of \(forms.count)")
    } else {
      #expect(first >= 8, "\(first) of \(forms.count)")
    }
  }

  @Test(arguments: ["jax", "litert", "tensorflow_xla"])
  func `a mean by the rounded reciprocal is told where N is no power of two`(
    engine: String
  ) async throws {
    let record = try await verify(try recording(engine), Self.cases[3])
    let pool = try #require(record.cases[0].endPoints.first { $0.name == .globalPool })
    #expect(pool.isolated?.form == .reciprocal)
  }

  /// Limits that no engine can keep.
  private var strict: Profile {
    var profile = Profile.standard
    profile.name = "a tenth"
    for name in profile.thresholds.keys where name != "zero_fraction" {
      profile.thresholds[name]?.limit /= 10
    }
    return profile
  }

  @Test(arguments: engines)
  func `no cause is named for a correct engine, with every limit at a tenth`(
    engine: String
  ) async throws {
    let subject = try recording(engine)
    for item in Self.cases {
      let record = try await verify(subject, item, profile: strict)
      #expect(!record.verdict.conforms)
      #expect(record.verdict.diagnosis == nil, "\(item.name), \(record.verdict.line)")
    }
  }

  @Test func `nor for any of its layers`() async throws {
    let subject = try recording("litert")
    let golden = try fixture.sweep.readCase("33x33")
    let chain = try subject.endPoints(case: "33x33", images: golden.images)
    let network = ReferenceNetwork<Double>(parameters: fixture.parameters)
    let endPoints = fixture.parameters.architecture.endPoints
    for (index, endPoint) in endPoints.enumerated() {
      let input = index == 0 ? golden.images : try #require(chain[endPoints[index - 1]])
      let layer = IsolatedLayer(network, layer: index, input: input)
      let hypotheses = Hypotheses(
        parameters: fixture.parameters, layer: index, healthy: [layer], profile: strict)
      let diagnosis = hypotheses.diagnose([try #require(chain[endPoint])])
      #expect(diagnosis == nil, "\(endPoint): \(diagnosis?.summary ?? "")")
    }
  }
}
