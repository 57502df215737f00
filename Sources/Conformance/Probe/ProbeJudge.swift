import MobileNet
import Reference

/// Judges every layer by itself on its ``Probe``.
struct ProbeJudge {
  let network: ReferenceNetwork<Double>
  let subject: any Subject
  let profile: Profile
  let layers: Glob?

  /// The record of the case `probe`; `nil` if the subject cannot run single layers.
  func judge() throws -> CaseRecord? {
    let clock = ContinuousClock()
    let start = clock.now
    var records: [EndPointRecord] = []
    for (index, layer) in network.architecture.layers.enumerated()
    where layers?.matches(layer.endPoint.rawValue) ?? true {
      let input = Probe.input(for: layer, at: index)
      guard let output = try subject.output(layer: index, input: input),
        let again = try subject.output(layer: index, input: input)
      else { return nil }
      let special = try specialValues(layer, at: index)
      records.append(
        try record(
          layer, at: index, input: input, output: output, again: again, special: special))
    }
    let elapsed = clock.now - start
    return CaseRecord(
      name: Probe.caseName, golden: "", description: Probe.description, images: [],
      status: Status.gravest(records.map(\.status)) ?? .notRun, seconds: elapsed / .seconds(1),
      topClasses: [], endPoints: records)
  }

  private func specialValues(_ layer: Layer, at index: Int) throws -> SpecialValues? {
    let input = Probe.specialInput(for: layer, at: index)
    guard let output = try subject.output(layer: index, input: input) else { return nil }
    let expected = network.output(layer: index, input: Tensor(input))
    try check(output, expected.shape, layer)
    return SpecialValues(output, reference: expected)
  }

  private func check(_ found: Tensor<Float>, _ expected: [Int], _ layer: Layer) throws {
    guard found.shape == expected else {
      throw VerificationError.wrongShape(
        subject: subject.identity.name, endPoint: layer.endPoint, expected: expected,
        found: found.shape)
    }
  }

  private func record(
    _ layer: Layer, at index: Int, input: Tensor<Float>, output: Tensor<Float>,
    again: Tensor<Float>, special: SpecialValues?
  ) throws -> EndPointRecord {
    let isolated = IsolatedLayer(
      network, layer: index, input: input, declared: subject.identity.arithmetic ?? [])
    let expected = isolated.evaluation.output
    for found in [output, again] { try check(found, expected.shape, layer) }
    var measurement = isolated.measurement(output, again: again, isDetailed: true)
    measurement.special = special
    let gates = isolated.judge(measurement, profile)
    return EndPointRecord(
      name: layer.endPoint, shape: expected.shape, zeros: expected.scalars.count { $0 == 0 },
      status: Status.gravest(gates.map(\.status)) ?? .notRun, isolated: measurement.isolated,
      accumulated: nil, correlation: 1, goldenIsolated: nil, goldenAccumulated: nil,
      referenceDistance: nil, changed: measurement.changed, special: special, gates: gates)
  }
}

extension IsolatedLayer {
  /// What isolated gates judge by.
  ///
  /// - Parameter again: The subject's result of a second run, if there was one.
  func measurement(
    _ output: Tensor<Float>, again: Tensor<Float>? = nil, isDetailed: Bool = false
  ) -> Measurement {
    var measurement = Measurement()
    measurement.isolated = statistics(output, isDetailed: isDetailed)
    measurement.changed = again.map { again in
      (0..<output.count).count { output[flat: $0].bitPattern != again[flat: $0].bitPattern }
    }
    return measurement
  }

  /// What the isolated gates say; the one for special values only if the layer was run on such, and
  /// the one for repeatability only if there was a second run.
  func judge(_ measurement: Measurement, _ profile: Profile) -> [GateResult] {
    let isolated = Gate.judging(layer, isGolden: false).filter(\.isIsolated)
    let gates =
      isolated + (measurement.special == nil ? [] : [.values])
      + (measurement.changed == nil ? [] : [.repeatability])
    return gates.map { $0.judge(measurement, of: layer.endPoint, profile) }
  }
}

extension Tensor where Scalar == Float {
  /// Whether no bit differs; unlike `==`, a not-a-number equals itself and -0 does not equal 0.
  func hasSameBits(as other: Tensor) -> Bool {
    shape == other.shape
      && scalars.indices.allSatisfy { self[flat: $0].bitPattern == other[flat: $0].bitPattern }
  }
}
