import MobileNet
import Reference

/// What a layer would yield with each of the known mistakes, on a few inputs.
///
/// The mistakes in what is computed are rerun in float64: the subject's result has to agree with
/// that as closely as a correct subject's agrees with the reference. Mistakes of rounding are
/// emulated in float32, where sums have some order; so a subject can only be said to err alike.
struct Hypotheses {
  private let parameters: Parameters
  private let index: Int
  private let profile: Profile
  /// The layer without a mistake, on each input.
  private let healthy: [IsolatedLayer]
  private let hypotheses: [Hypothesis]

  private struct Hypothesis {
    let fault: any Fault
    let script: LayerScript
    /// In float64, if kept.
    var isolated: [IsolatedLayer] = []
    /// In float32, if kept.
    var emulated: [Tensor<Float>] = []
  }

  /// - Parameters:
  ///   - healthy: The layer as the reference computes it, on each input; cheap ones first.
  ///   - keepsResults: Whether to compute everything once and for all, for many diagnoses.
  init(
    parameters: Parameters, layer index: Int, healthy: [IsolatedLayer], profile: Profile,
    keepsResults: Bool = false
  ) {
    self.parameters = parameters
    self.index = index
    self.profile = profile
    self.healthy = healthy
    let layer = parameters.architecture.layers[index]
    hypotheses = Faults.all.filter { $0.applies(to: layer) }.map { fault in
      var hypothesis = Hypothesis(fault: fault, script: fault.script(parameters, layer: index))
      guard keepsResults else { return hypothesis }
      switch fault.nature {
      case .structure:
        hypothesis.isolated = healthy.map { IsolatedLayer(hypothesis.script, input: $0.input) }
      case .rounding:
        hypothesis.emulated = healthy.map { hypothesis.script.output($0.input) }
      }
      return hypothesis
    }
  }

  /// Which mistakes explain these results, one for each input; `nil` if none does.
  ///
  /// - Parameter isRepeatable: Whether the first input gave the same bits twice.
  func diagnose(_ outputs: [Tensor<Float>], isRepeatable: Bool = true) -> Diagnosis? {
    var causes: [Diagnosis.Cause] = []
    // Where nothing is wrong with these results, a mistake that changes nothing explains them too.
    if !isHealthy(outputs) {
      causes = hypotheses.filter { $0.fault.nature == .structure && reproduces($0, outputs) }
        .map { cause($0.fault, .reproduces) }
      if causes.isEmpty {
        causes = hypotheses.filter { $0.fault.nature == .rounding && resembles($0, outputs) }
          .map { cause($0.fault, .resembles) }
      }
    }
    if causes.isEmpty, !isRepeatable {
      causes = hypotheses.filter { !$0.script.arithmetic.isRepeatable }
        .map { cause($0.fault, .resembles) }
    }
    guard let first = causes.first else { return nil }
    return Diagnosis(
      endPoint: parameters.architecture.layers[index].endPoint, causes: causes,
      isCertain: causes.count == 1 && first.evidence == .reproduces)
  }

  private func cause(_ fault: any Fault, _ evidence: Diagnosis.Evidence) -> Diagnosis.Cause {
    Diagnosis.Cause(fault: fault.name, summary: fault.summary, evidence: evidence)
  }

  private func isHealthy(_ outputs: [Tensor<Float>]) -> Bool {
    zip(healthy, outputs).allSatisfy { explains($0, $1) }
  }

  /// Whether a result is within bound and budget of what is expected.
  private func explains(_ expected: IsolatedLayer, _ output: Tensor<Float>) -> Bool {
    expected.contains(output, utilisation: profile.boundUtilisation)
      && Gate.isolatedBudget
        .judge(expected.measurement(output), of: expected.layer.endPoint, profile).status.conforms
  }

  /// Whether the results are right once the mistake is taken for granted.
  private func reproduces(_ hypothesis: Hypothesis, _ outputs: [Tensor<Float>]) -> Bool {
    outputs.indices.allSatisfy { place in
      let expected =
        hypothesis.isolated.isEmpty
        ? IsolatedLayer(hypothesis.script, input: healthy[place].input)
        : hypothesis.isolated[place]
      return explains(expected, outputs[place])
    }
  }

  /// How much of the subject's error an emulation may leave unexplained.
  private static let unexplained = 0.25

  /// Whether the emulation makes nearly the same errors: its distance from the subject is a small
  /// part of the subject's distance from the reference.
  private func resembles(_ hypothesis: Hypothesis, _ outputs: [Tensor<Float>]) -> Bool {
    var (errors, rest) = (0.0, 0.0)
    for (place, output) in outputs.enumerated() {
      let reference = healthy[place].evaluation.output
      let emulated =
        hypothesis.emulated.isEmpty
        ? hypothesis.script.output(healthy[place].input) : hypothesis.emulated[place]
      for k in 0..<reference.count {
        let (value, other) = (output[flat: k], emulated[flat: k])
        // Where the input alone makes it infinite or NaN, nothing is to be explained.
        if !value.isFinite, !reference[flat: k].isFinite { continue }
        guard value.isFinite == other.isFinite else { return false }
        guard value.isFinite else {
          // Overflow where the emulation overflows: as telling as an error can be.
          errors += 1
          continue
        }
        let (error, distance) = (Double(value) - reference[flat: k], Double(value) - Double(other))
        errors += error * error
        rest += distance * distance
      }
    }
    return errors > 0 && rest <= Self.unexplained * Self.unexplained * errors
  }
}
