import MobileNet
import Reference

/// One layer with everything that is needed to judge any mistake in it.
struct LayerBench {
  let parameters: Parameters
  let index: Int
  let layer: Layer
  let base: any Subject
  let profile: Profile
  let cases: [MatrixCase]
  /// The probe, then the cases.
  private let names: [String]
  private let isolated: [IsolatedLayer]
  /// Float32 results without a mistake, by the loops that mistakes are made in.
  private let clean: [Tensor<Float>]
  /// What every mistake would yield on the first inputs.
  private let hypotheses: Hypotheses
  /// How many inputs a diagnosis looks at.
  private let diagnosed: Int

  init(
    parameters: Parameters, network: ReferenceNetwork<Double>, layer index: Int,
    base: any Subject, profile: Profile, cases: [MatrixCase]
  ) {
    self.parameters = parameters
    self.index = index
    self.base = base
    self.profile = profile
    self.cases = cases
    let layer = network.architecture.layers[index]
    self.layer = layer
    let wide = Probe.wideInput(for: layer, at: index).map { [$0] } ?? []
    names =
      [Probe.caseName] + wide.map { _ in Probe.wideCaseName } + cases.map(\.golden.name)
    let inputs = [Probe.input(for: layer, at: index)] + wide + cases.map { $0.inputs[index] }
    isolated = inputs.map { IsolatedLayer(network, layer: index, input: $0) }
    // The probes and the first case.
    diagnosed = 2 + wide.count
    let script = LayerScript(parameters: parameters, layer: index)
    clean = isolated.map { script.output($0.input) }
    hypotheses = Hypotheses(
      parameters: parameters, layer: index, healthy: Array(isolated.prefix(diagnosed)),
      profile: profile, keepsResults: true)
  }

  /// Judges one mistake in this layer.
  func examine(_ fault: any Fault) throws -> FaultRecord.Finding {
    let script = fault.script(parameters, layer: index)
    let outputs = isolated.map { script.output($0.input) }
    var finding = FaultRecord.Finding(
      fault: fault.name, summary: fault.summary, endPoint: layer.endPoint, outcome: .missed,
      gates: [], usual: FaultRecord.UsualChecks())
    let again = script.output(isolated[0].input)
    var failures = failures(of: outputs, again: again)
    if !failures.isEmpty {
      finding.divergence = layer.endPoint
      finding.diagnosis = hypotheses.diagnose(
        Array(outputs.prefix(diagnosed)), isRepeatable: again.hasSameBits(as: outputs[0]))
    }
    for item in cases {
      let inherited = try follow(script, in: item, whole: failures.isEmpty, &finding)
      failures += inherited
    }
    if let clearest = failures.max(by: { $0.excess < $1.excess }) {
      finding.outcome = .caught
      finding.excess = clearest.excess
      finding.caseName = clearest.caseName
      finding.gates = Set(failures.map(\.gate)).sorted()
    } else if let reason = equivalence(fault, script, outputs) {
      finding.outcome = .equivalent
      finding.reason = reason
    }
    return finding
  }

  /// Whether the gates of the layer by itself see a mistake.
  func isSeen(_ fault: any Fault) -> Bool {
    let script = fault.script(parameters, layer: index)
    return isolated.contains { item in
      let measurement = item.measurement(script.output(item.input))
      return item.judge(measurement, profile).contains { !$0.status.conforms }
    }
  }

  /// A gate that fails in a case.
  private struct Failure {
    let gate: Gate
    let caseName: String
    let excess: Double

    init(_ result: GateResult, _ caseName: String) {
      gate = result.gate
      self.caseName = caseName
      excess = result.utilisation ?? 0
    }
  }

  private func failures(of outputs: [Tensor<Float>], again: Tensor<Float>) -> [Failure] {
    outputs.indices.flatMap { place in
      let measurement = isolated[place].measurement(
        outputs[place], again: place == 0 ? again : nil)
      return isolated[place].judge(measurement, profile).filter { !$0.status.conforms }
        .map { Failure($0, names[place]) }
    }
  }

  /// Runs the chain from this layer on, and judges it: this layer always, what comes after only if
  /// `whole`, that is, if nothing else has seen the mistake.
  private func follow(
    _ script: LayerScript, in item: MatrixCase, whole: Bool, _ finding: inout FaultRecord.Finding
  ) throws -> [Failure] {
    let architecture = parameters.architecture
    var failures: [Failure] = []
    var current = script.output(item.chain[index])
    for later in index..<architecture.layers.count {
      if later > index {
        guard let output = try base.output(layer: later, input: current) else {
          throw FaultError.noSingleLayers(subject: base.identity.name)
        }
        current = output
      }
      let endPoint = architecture.layers[later].endPoint
      if endPoint == .logits { finding.usual.add(item.usualChecks(current)) }
      guard later == index || (whole && failures.isEmpty) else { continue }
      var measurement = Measurement()
      measurement.accumulated = item.reference[later].statistics(current)
      let result = Gate.accumulatedBudget.judge(measurement, of: endPoint, profile)
      guard !result.status.conforms else { continue }
      failures.append(Failure(result, item.golden.name))
      finding.divergence = earlier(finding.divergence, endPoint)
    }
    return failures
  }

  private func earlier(_ left: EndPoint?, _ right: EndPoint) -> EndPoint {
    parameters.architecture.endPoints.first { $0 == left || $0 == right } ?? right
  }

  /// How much closer than float32 results float64 results are, of the same bound.
  private static let precision = 0x1p-29

  /// Why nothing can be seen, if the data say so: a mistake in what is computed yields the
  /// reference's values in float64, one of rounding the same bits in float32.
  private func equivalence(
    _ fault: any Fault, _ script: LayerScript, _ outputs: [Tensor<Float>]
  ) -> String? {
    switch fault.nature {
    case .structure:
      var isClamped = false
      for item in isolated {
        let faulty = IsolatedLayer(script, input: item.input).evaluation
        let healthy = item.evaluation
        for k in 0..<faulty.output.count {
          let allowed = Self.precision * item.bounds[flat: k]
          guard abs(faulty.output[flat: k] - healthy.output[flat: k]) <= allowed else { return nil }
          let before = abs(faulty.preActivation[flat: k] - healthy.preActivation[flat: k])
          if before > allowed { isClamped = true }
        }
      }
      return "in float64 it yields the reference's values on all \(isolated.count) inputs"
        + (isClamped ? ": all that it changes is clamped" : ": it changes no number")
    case .rounding:
      guard zip(outputs, clean).allSatisfy({ $0.hasSameBits(as: $1) }) else { return nil }
      return "it yields the same bits on all \(isolated.count) inputs"
    }
  }
}

extension FaultRecord.UsualChecks {
  /// Caught in one case is caught.
  mutating func add(_ other: Self) {
    cosine = cosine || other.cosine
    topClass = topClass || other.topClass
    allClose = allClose || other.allClose
  }
}
