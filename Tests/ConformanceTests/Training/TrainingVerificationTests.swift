import Conformance
import Golden
import MobileNet
import Testing

/// `assay verify training.h5` from end to end.
@Suite struct TrainingVerificationTests {
  private let golden: GoldenFile
  private let parameters: Parameters

  init() throws {
    golden = try GoldenFile(reading: DefaultGolden.training())
    parameters = try golden.readParameters().parameters
  }

  private func verify(
    _ subject: (any TrainingSubject)?, cases: String = "odd", layers: String? = nil
  ) async throws -> ConformanceRecord {
    try await Verification(
      parameters: parameters, subject: NaiveSubject(parameters: parameters),
      trainingSubject: subject, selection: .init(cases: cases, layers: layers)
    ).run([golden])
  }

  @Test func `plain loops conform, and so does the golden`() async throws {
    let record = try await verify(NaiveTrainingSubject(parameters: parameters), cases: "one")
    #expect(record.verdict.conforms, "\(record.verdict.line)")
    #expect(record.cases.map(\.name) == ["one"])
    #expect(record.cases[0].endPoints.map(\.name) == parameters.architecture.trainingPoints)
    let golden = record.cases[0].endPoints.filter { $0.goldenAccumulated != nil }
    // 30 end points, 27 means and variances, 84 gradients, 54 averages, 3 losses.
    #expect(golden.count == 225)
  }

  @Test func `a subject that does not train is not run, and does not conform`() async throws {
    let record = try await verify(nil)
    #expect(!record.verdict.conforms)
    #expect(record.verdict.status == .notRun)
    #expect(record.verdict.line.contains("does not train"))
  }

  @Test func `a mistake is blamed on its point and named`() async throws {
    let subject = try FaultyTrainingSubject(
      parameters: parameters, fault: .detachedStatistics, layer: EndPoint("Conv2d_7_pointwise"))
    let record = try await verify(subject)
    #expect(!record.verdict.conforms)
    let divergence = try #require(record.verdict.firstDivergence)
    #expect(divergence.endPoint.rawValue == "Conv2d_7_pointwise/weights/gradient")
    #expect(record.verdict.diagnosis?.causes.map(\.fault) == ["detached-statistics"])
  }

  @Test(arguments: TrainingFault.allCases)
  func `a fault is refused where it cannot be made`(fault: TrainingFault) {
    #expect(throws: VerificationError.self) {
      try FaultyTrainingSubject(parameters: parameters, fault: fault, layer: .globalPool)
    }
  }
}
