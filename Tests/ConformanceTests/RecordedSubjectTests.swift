import Conformance
import Golden
import MobileNet
import Testing
import TestSupport

/// A run that someone else recorded is judged from its file alone.
@Suite struct RecordedSubjectTests {
  private let fixture: Fixture
  private let folder: TemporaryDirectory

  init() throws {
    fixture = try Fixture()
    folder = try TemporaryDirectory()
  }

  /// Records one case, without the end points in `missing`.
  private func record(
    _ subject: any Subject, missing: Set<String> = [], isWide: Bool = false,
    change: (Tensor<Float>) -> Tensor<Float> = { $0 }, hash: String? = nil
  ) throws -> GoldenFile {
    let path = folder.path("recorded.h5")
    var provenance = fixture.sweep.provenance
    if let hash { provenance.parametersSHA256 = hash }
    let writer = try RecordingWriter(
      creating: path,
      provenance: provenance.recorded(
        by: .init(name: "theirs", description: "someone's engine", hostISA: "")))
    let golden = try fixture.sweep.readCase("17x40")
    let activations = try subject.endPoints(images: golden.images)
      .filter { !missing.contains($0.key.rawValue) }
    try writer.write(
      GoldenCase(
        name: golden.name, description: "", source: "", images: change(golden.images),
        activations: isWide ? [:] : activations,
        activations64: isWide ? activations.mapValues { Tensor<Double>($0) } : [:]))
    try writer.commit()
    return try GoldenFile(reading: path)
  }

  @Test func `an element of a recording is explained on the recorded end point before it`() throws {
    let layer = EndPoint("Conv2d_6_depthwise")
    let faulty = try fixture.faulty("epsilon-1e-5", in: layer.rawValue)
    let recorded = try RecordedSubject(
      try record(faulty, missing: ["Conv2d_2_pointwise"]),
      parametersSHA256: fixture.sweep.provenance.parametersSHA256)
    let explainer = Explainer(parameters: fixture.parameters, subject: recorded)
    let golden = try fixture.sweep.readCase("17x40")
    let explanation = try explainer.explain(golden, endPoint: layer)
    #expect(explanation.isOnOwnInput)
    let (error, bound) = (
      try #require(explanation.isolated.error), try #require(explanation.isolated.bound)
    )
    #expect(abs(error) > bound)
    #expect(explanation.isolated.subject == explanation.accumulated.subject)
    // Its own input, not the golden's: what was inherited is not counted again.
    let introduced =
      try #require(explanation.accumulated.error)
      - (try #require(explanation.inherited))
    #expect(abs(introduced - error) < 1e-12)
    // After an end point that was not recorded only the chain is left.
    let after = try explainer.explain(golden, endPoint: EndPoint("Conv2d_3_depthwise"))
    #expect(!after.isOnOwnInput && after.isolated.subject == nil)
    #expect(after.accumulated.subject != nil && after.inherited == nil)
  }

  private func judge(_ file: GoldenFile, cases: String = "17x40") async throws -> ConformanceRecord
  {
    try await fixture.verify(
      try RecordedSubject(file, parametersSHA256: fixture.sweep.provenance.parametersSHA256),
      cases: cases)
  }

  @Test(arguments: [false, true])
  func `a correct recording conforms, in either precision`(isWide: Bool) async throws {
    let record = try await judge(
      try record(NaiveSubject(parameters: fixture.parameters), isWide: isWide))
    #expect(record.verdict.conforms, "\(record.verdict.line)")
    #expect(record.subject.name == "theirs")
    let omissions = try #require(record.verdict.omissions.first)
    #expect(omissions.hasPrefix("as recorded: without "))
    for word in ["G5", "G9 (repeatability)", "probe", "special values", "NaN"] {
      #expect(omissions.contains(word) && record.verdict.line.contains(word))
    }
  }

  @Test func `a fault is caught and its layer named, with end points missing`() async throws {
    let subject = try fixture.faulty("epsilon-1e-5", in: "Conv2d_6_depthwise")
    let file = try record(
      subject, missing: ["Conv2d_2_pointwise", "Conv2d_9_depthwise", "Predictions"])
    let record = try await judge(file)
    #expect(record.verdict.status == .fail)
    #expect(record.verdict.firstDivergence?.endPoint == EndPoint("Conv2d_6_depthwise"))
    #expect(record.verdict.line.contains("not run"))
    #expect(record.verdict.line.contains("epsilon"), "\(record.verdict.line)")
  }

  @Test func `another shape is judged from the file, in either precision`() async throws {
    for isWide in [false, true] {
      var shown = NaiveSubject(parameters: fixture.parameters)
        .endPoints(images: try fixture.sweep.readCase("17x40").images)
      let layer = EndPoint("Conv2d_0")
      shown[layer] = shown[layer]?.cropped(rows: 8, columns: 19)
      let file = try record(ShownSubject(shown: shown), isWide: isWide)
      #expect(throws: GoldenError.self) { try file.readCase("17x40") }
      #expect(throws: GoldenError.self) { try file.validate() }
      try file.validate(shapes: .any)
      let record = try await judge(file)
      #expect(record.verdict.firstDivergence?.endPoint == layer)
      #expect(record.verdict.line.contains("VALID padding in place of SAME"))
    }
  }

  @Test func `missing end points alone do not conform`() async throws {
    let file = try record(
      NaiveSubject(parameters: fixture.parameters), missing: ["Conv2d_2_pointwise"])
    let record = try await judge(file)
    #expect(!record.verdict.conforms && record.verdict.status == .notRun)
    let statuses = Dictionary(
      uniqueKeysWithValues: record.cases[0].endPoints.map { ($0.name.rawValue, $0.status) })
    #expect(statuses["Conv2d_2_pointwise"] == .notRun)
    // Judged in the chain, but not by itself: what it reads was not recorded.
    #expect(statuses["Conv2d_3_depthwise"] == .notRun)
    #expect(statuses["Conv2d_3_pointwise"] == .pass)
  }

  @Test func `a case that was not recorded is not run`() async throws {
    let file = try record(NaiveSubject(parameters: fixture.parameters))
    let record = try await judge(file, cases: "2x2")
    #expect(record.verdict.status == .notRun)
  }

  @Test func `other images are refused`() async throws {
    let file = try record(
      NaiveSubject(parameters: fixture.parameters), change: { $0.map { $0 + 1 } })
    await #expect(throws: RecordingError.self) { try await judge(file) }
  }

  @Test func `other parameters are refused`() throws {
    let file = try record(
      NaiveSubject(parameters: fixture.parameters), hash: String(repeating: "0", count: 64))
    #expect(throws: RecordingError.self) {
      try RecordedSubject(file, parametersSHA256: fixture.sweep.provenance.parametersSHA256)
    }
  }
}
