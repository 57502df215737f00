import Conformance
import Golden
import MobileNet
import Reference
import TestSupport
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
    _ subject: (any TrainingSubject)?, _ golden: GoldenFile? = nil, cases: String = "two",
    layers: String? = nil
  ) async throws -> ConformanceRecord {
    try await Verification(
      parameters: parameters, subject: NaiveSubject(parameters: parameters),
      trainingSubject: subject, selection: .init(cases: cases, layers: layers)
    ).run([golden ?? self.golden])
  }

  @Test func `plain loops conform, and so does the golden`() async throws {
    let record = try await verify(NaiveTrainingSubject(parameters: parameters))
    #expect(record.verdict.conforms, "\(record.verdict.line)")
    #expect(record.cases.map(\.name) == ["two"])
    #expect(record.cases[0].endPoints.map(\.name) == parameters.architecture.trainingPoints)
    let golden = record.cases[0].endPoints.filter { $0.goldenAccumulated != nil }
    // 30 end points, 27 means and variances, 84 gradients, 54 averages, 3 losses.
    #expect(golden.count == 225)

    // What the record holds is all that the gates look at.
    let again = record.judged(under: record.profile)
    #expect(again.origin?.remark == nil)
    #expect(again.verdict.line == record.verdict.line)
    let decoded = try ConformanceRecord(json: record.json())
    #expect(decoded.judged(under: record.profile).origin?.remark == nil)
  }

  @Test func `a descent conforms, and the golden's`() async throws {
    let record = try await verify(
      ReferenceTrainingSubject(parameters: parameters), cases: "trajectory")
    #expect(record.verdict.conforms, "\(record.verdict.line)")
    #expect(record.cases[0].endPoints.map(\.name) == parameters.architecture.descentPoints)
    #expect(record.cases[0].endPoints.allSatisfy { $0.referenceDistance ?? .infinity < 1e-11 })
  }

  @Test func `a step that is a thousandth too long is seen`() async throws {
    let record = try await verify(
      HastySubject(honest: NaiveTrainingSubject(parameters: parameters)), cases: "trajectory",
      layers: "Conv2d_5_*")
    let divergence = try #require(record.verdict.firstDivergence)
    #expect(divergence.gate == .isolatedBound)
    #expect(divergence.endPoint.rawValue.hasSuffix("/descended"))
  }

  @Test func `a subject that does not train is not run, and does not conform`() async throws {
    let record = try await verify(nil)
    #expect(!record.verdict.conforms)
    #expect(record.verdict.status == .notRun)
    #expect(record.verdict.line.contains("does not train"))
  }

  @Test func `a point of another shape is blamed, and nothing that is computed from it`()
    async throws
  {
    let point = EndPoint("Conv2d_4_pointwise/weights/gradient")
    let subject = MisshapenSubject(
      honest: NaiveTrainingSubject(parameters: parameters),
      points: [point, EndPoint("Conv2d_2_depthwise/output"), EndPoint("loss/total")])
    let record = try await verify(subject, cases: "two")
    let statuses = Dictionary(
      uniqueKeysWithValues: record.cases[0].endPoints.map { ($0.name.rawValue, $0.status) })
    #expect(record.verdict.firstDivergence?.endPoint.rawValue == "Conv2d_2_depthwise/output")
    #expect(record.verdict.line.contains("its shape is "))
    #expect(Set(statuses.filter { $0.value == .fail }.keys) == Set(subject.points.map(\.rawValue)))
    #expect(statuses["Conv2d_2_pointwise/output"] == .notRun)
    #expect(statuses["Conv2d_4_pointwise/gradient"] == .pass)
    let descent = try await verify(
      MisshapenSubject(
        honest: subject.honest,
        points: [EndPoint("Conv2d_5_pointwise/weights/descended"), .crossEntropy]),
      cases: "trajectory", layers: "*_pointwise/weights/descended,loss*")
    #expect(descent.verdict.status == .fail)
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

  @Test(
    .enabled(if: PythonTools.isAvailable, Comment(rawValue: PythonTools.hint)),
    arguments: [
      ("batch_variance/Conv2d_4_depthwise", "Conv2d_4_depthwise/batch_variance"),
      ("activations/Conv2d_4_pointwise", "Conv2d_4_pointwise/output"),
      (
        "updated/MobilenetV1/Conv2d_4_pointwise/BatchNorm/moving_mean",
        "Conv2d_4_pointwise/BatchNorm/moving_mean/updated"
      ),
    ])
  func `a spoilt golden is what is suspected`(dataset: String, point: String) async throws {
    let folder = try TemporaryDirectory()
    try PythonTools.run(
      """
      import sys, shutil, h5py
      source, target, name = sys.argv[1:]
      with h5py.File(source) as old, h5py.File(target, 'w') as new:
        new.attrs.update(old.attrs)
        old.copy('cases/two', new.create_group('cases'))
        old.copy('trajectory', new)
        new['cases/two/' + name][...] *= 1.01
      """, [DefaultGolden.training(), folder.path("training.h5"), dataset])
    let record = try await verify(
      NaiveTrainingSubject(parameters: parameters),
      GoldenFile(reading: folder.path("training.h5")), layers: point)
    let divergence = try #require(record.verdict.firstDivergence)
    #expect(divergence.gate == .goldenSandwich)
    #expect(record.verdict.line.contains("suspect the golden file"))
  }

  /// Every mistake in the first and the last layer that can have it.
  @Test func `every mistake of training is caught, placed and named, and nobody else accused`()
    async throws
  {
    let matrix = TrainingFaultMatrix(
      parameters: parameters, controls: [NaiveTrainingSubject(parameters: parameters)],
      selection: .init(isSubset: true))
    let record = try await matrix.run(TrainingFile(reading: golden.path), case: "odd")
    let rates = record.rates
    #expect(rates.real == 27)
    #expect(rates.caught == 27)
    #expect(rates.inRightPlace == 27)
    #expect(rates.diagnosed == 27)
    #expect(rates.misdiagnosed == 0)
    #expect(rates.falseAlarms == 0)
  }

  @Test(arguments: TrainingFault.allCases)
  func `a fault is refused where it cannot be made`(fault: TrainingFault) {
    #expect(throws: VerificationError.self) {
      try FaultyTrainingSubject(parameters: parameters, fault: fault, layer: .globalPool)
    }
  }
}

/// Shows some points flattened and without their first element.
private struct MisshapenSubject: TrainingSubject {
  let honest: NaiveTrainingSubject
  let points: [EndPoint]

  var identity: SubjectIdentity { honest.identity }

  private func spoilt(_ shown: [EndPoint: Tensor<Float>]) -> [EndPoint: Tensor<Float>] {
    var shown = shown
    for point in points {
      shown[point] = shown[point].map { row(Array($0.scalars.dropFirst())) }
    }
    return shown
  }

  func step(
    _ batch: TrainingBatch<Float>, _ options: TrainingOptions
  ) -> [EndPoint: Tensor<Float>] { spoilt(honest.step(batch, options)) }

  func descent(
    _ batches: [TrainingBatch<Float>], _ options: TrainingOptions, learningRate: Double
  ) -> [[EndPoint: Tensor<Float>]]? {
    honest.descent(batches, options, learningRate: learningRate)?.map(spoilt)
  }
}

/// Descends with another learning rate than it is asked for.
private struct HastySubject: TrainingSubject {
  let honest: NaiveTrainingSubject

  var identity: SubjectIdentity { honest.identity }

  func step(
    _ batch: TrainingBatch<Float>, _ options: TrainingOptions
  ) -> [EndPoint: Tensor<Float>] { honest.step(batch, options) }

  func descent(
    _ batches: [TrainingBatch<Float>], _ options: TrainingOptions, learningRate: Double
  ) -> [[EndPoint: Tensor<Float>]]? {
    honest.descent(batches, options, learningRate: learningRate * 1.001)
  }
}
