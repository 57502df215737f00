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
    try judge(Probe.caseName, Probe.description, special: specialOutput) {
      Probe.input(for: $0, at: $1)
    }
  }

  /// The record of the case `probe_wide`; `nil` if the subject cannot run single layers, or no layer
  /// that has wide inputs is selected.
  func judgeWide() throws -> CaseRecord? {
    try judge(Probe.wideCaseName, Probe.wideDescription, special: { _, _ in nil }) {
      Probe.wideInput(for: $0, at: $1)
    }
  }

  private func judge(
    _ name: String, _ description: String, special: (Layer, Int) throws -> Run?,
    input: (Layer, Int) -> Tensor<Float>?
  ) throws -> CaseRecord? {
    let clock = ContinuousClock()
    let start = clock.now
    var records: [EndPointRecord] = []
    for (index, layer) in network.architecture.layers.enumerated()
    where layers?.matches(layer.endPoint.rawValue) ?? true {
      guard let input = input(layer, index) else { continue }
      guard let output = try subject.output(layer: index, input: input),
        let again = try subject.output(layer: index, input: input)
      else { return nil }
      let special = try special(layer, index)
      records.append(
        record(layer, at: index, input: input, output: output, again: again, special: special))
    }
    guard !records.isEmpty else { return nil }
    let elapsed = clock.now - start
    return CaseRecord(
      name: name, golden: "", description: description, images: [],
      status: Status.gravest(records.map(\.status)) ?? .notRun, seconds: elapsed / .seconds(1),
      topClasses: [], endPoints: records)
  }

  /// What a layer read, and what the subject made of it.
  private typealias Run = (input: Tensor<Float>, output: Tensor<Float>)

  private func specialOutput(_ layer: Layer, _ index: Int) throws -> Run? {
    let input = Probe.specialInput(for: layer, at: index)
    return try subject.output(layer: index, input: input).map { (input, $0) }
  }

  private func mismatch(_ run: Run, _ layer: Layer, at index: Int) -> ShapeMismatch? {
    ShapeMismatch(
      found: run.output.shape, of: layer, at: index, in: network.architecture,
      input: run.input.shape)
  }

  private func record(
    _ layer: Layer, at index: Int, input: Tensor<Float>, output: Tensor<Float>,
    again: Tensor<Float>, special: Run?
  ) -> EndPointRecord {
    let isolated = IsolatedLayer(
      network, layer: index, input: input, declared: subject.identity.arithmetic ?? [])
    let expected = isolated.evaluation.output
    var measurement = Measurement()
    let mismatch = [output, again].compactMap { self.mismatch((input, $0), layer, at: index) }.first
    if mismatch == nil {
      measurement = isolated.measurement(output, again: again, isDetailed: true)
    }
    let specialMismatch = special.flatMap { self.mismatch($0, layer, at: index) }
    if let special, specialMismatch == nil {
      measurement.special = SpecialValues(
        special.output, reference: network.output(layer: index, input: Tensor(special.input)))
    }
    measurement.isolatedMismatch = mismatch ?? specialMismatch
    let gates = isolated.judge(measurement, profile)
    return EndPointRecord(
      name: layer.endPoint, shape: expected.shape, zeros: expected.scalars.count { $0 == 0 },
      status: Status.gravest(gates.map(\.status)) ?? .notRun, isolated: measurement.isolated,
      accumulated: nil, correlation: 1, goldenIsolated: nil, goldenAccumulated: nil,
      referenceDistance: nil, changed: measurement.changed, special: measurement.special,
      isolatedMismatch: measurement.isolatedMismatch, gates: gates)
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
  /// the one for repeatability only if there was a second run. All of them if the value has another
  /// shape.
  func judge(_ measurement: Measurement, _ profile: Profile) -> [GateResult] {
    let isolated = Gate.judging(layer, isGolden: false).filter(\.isIsolated)
    let isMisshapen = measurement.isolatedMismatch != nil
    let gates =
      isolated + (measurement.special == nil && !isMisshapen ? [] : [.values])
      + (measurement.changed == nil && !isMisshapen ? [] : [.repeatability])
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
