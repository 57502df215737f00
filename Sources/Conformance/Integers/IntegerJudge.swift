import MobileNet

/// Makes the same subject with other parameters: what gate G5 needs to run its own data.
public typealias SubjectFactory = @Sendable (Parameters) throws -> any Subject

/// Judges a subject on exact integers, layer by layer: a case that is made, not read.
struct IntegerJudge {
  let architecture: Architecture
  let rebuild: SubjectFactory
  let profile: Profile
  let layers: Glob?

  /// The cases' names, one for each emphasis.
  static let caseNames = IntegerData.Emphasis.allCases.map(caseName)

  private static func caseName(_ emphasis: IntegerData.Emphasis) -> String {
    "integers_wide_\(emphasis)"
  }

  /// - Returns: `nil` if the subject cannot run single layers.
  func judge(_ emphasis: IntegerData.Emphasis) throws -> CaseRecord? {
    let clock = ContinuousClock()
    let start = clock.now
    let data = try IntegerData(architecture: architecture, emphasis: emphasis)
    let subject = try rebuild(data.parameters)
    var records: [EndPointRecord] = []
    for (index, layer) in architecture.layers.enumerated() {
      guard layers?.matches(layer.endPoint.rawValue) ?? true else { continue }
      let input = data.input(layer: index)
      guard let exact = data.exact(layer: index, input: input) else { continue }
      guard let output = try subject.output(layer: index, input: input) else { return nil }
      let mismatch = ShapeMismatch(
        found: output.shape, of: layer, at: index, in: architecture, input: input.shape)
      records.append(record(layer.endPoint, output, exact, mismatch))
    }
    guard !records.isEmpty else { return nil }
    let elapsed = clock.now - start
    return CaseRecord(
      name: Self.caseName(emphasis), golden: "",
      description: "seeded integers, twelve bits wide in the \(emphasis); made, not read",
      images: [], status: Status.gravest(records.map(\.status)) ?? .notRun,
      seconds: elapsed / .seconds(1), topClasses: [], endPoints: records)
  }

  private func record(
    _ endPoint: EndPoint, _ output: Tensor<Float>, _ exact: Tensor<Double>,
    _ mismatch: ShapeMismatch?
  ) -> EndPointRecord {
    var measurement = Measurement(isolatedMismatch: mismatch)
    if mismatch == nil {
      measurement.isolated = ErrorStatistics(output, reference: exact, isDetailed: true)
      measurement.inexact = (0..<exact.count).count {
        Double(output[flat: $0]) != exact[flat: $0]
      }
    }
    let result = Gate.exactIntegers.judge(measurement, of: endPoint, profile)
    return EndPointRecord(
      name: endPoint, shape: exact.shape, zeros: exact.scalars.count { $0 == 0 },
      status: result.status, isolated: measurement.isolated, correlation: 1,
      inexact: measurement.inexact, isolatedMismatch: mismatch, gates: [result])
  }
}
