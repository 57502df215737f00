import MobileNet
import Reference

/// What a layer would yield with each of the known faults, on a few inputs.
///
/// The mistakes in what is computed are rerun in float64: the subject's result has to agree with
/// that as closely as a correct subject's agrees with the reference. Mistakes of rounding are
/// emulated in float32, where sums have some order; so a subject can only be said to err alike.
package struct Hypotheses {
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
  package init(
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

  /// Which faults explain these results, one for each input; `nil` if none does.
  ///
  /// A fault of structure is named if the reference with it yields the results within bound and budget,
  /// *and* makes them at least e^30 times likelier than the sound layer does: a layer that fails by a
  /// hair is no better explained by a fault that changes next to nothing. A loss of precision is looked
  /// for only where errors exceed what float32 explains by the standard limits, whatever the profile.
  ///
  /// - Parameter isRepeatable: Whether the first input gave the same bits twice.
  package func diagnose(_ outputs: [Tensor<Float>], isRepeatable: Bool = true) -> Diagnosis? {
    var causes: [Diagnosis.Cause] = []
    var isCertain = false
    // Where nothing is wrong with these results, a fault that changes nothing explains them too.
    if !isExplained(by: healthy, outputs, profile) {
      let fitting = hypotheses.filter { $0.fault.nature == .structure }
        .map { (hypothesis: $0, layers: layers($0)) }
        .filter { isExplained(by: $0.layers, outputs, profile) }
        .filter { isLikelier($0.layers, than: healthy, outputs) }
      causes = fitting.map { cause($0.hypothesis.fault, .reproduces) }
      if fitting.count == 1 {
        isCertain = isAlone(fitting[0].hypothesis, fitting[0].layers, outputs)
      }
      if causes.isEmpty, !isExplained(by: healthy, outputs, .standard) {
        let sound = LayerScript(parameters: parameters, layer: index)
        let clean = healthy.map { sound.output($0.input) }
        causes = hypotheses.filter {
          $0.fault.nature == .rounding && resembles($0, outputs, clean: clean)
        }.map { cause($0.fault, .resembles) }
      }
    }
    if causes.isEmpty, !isRepeatable {
      causes = hypotheses.filter { !$0.script.arithmetic.isRepeatable }
        .map { cause($0.fault, .resembles) }
    }
    guard !causes.isEmpty else { return nil }
    return Diagnosis(
      endPoint: parameters.architecture.layers[index].endPoint, causes: causes,
      isCertain: isCertain)
  }

  /// ln of the likelihood ratio that a cause needs: e^30 = 10^13, against some eighty hypotheses in
  /// thirty layers.
  static let decisive = 30.0

  private func cause(_ fault: any Fault, _ evidence: Diagnosis.Evidence) -> Diagnosis.Cause {
    Diagnosis.Cause(fault: fault.name, summary: fault.summary, evidence: evidence)
  }

  /// The layer with the fault in it, on each input.
  private func layers(_ hypothesis: Hypothesis) -> [IsolatedLayer] {
    hypothesis.isolated.isEmpty
      ? healthy.map { IsolatedLayer(hypothesis.script, input: $0.input) } : hypothesis.isolated
  }

  private func isExplained(
    by layers: [IsolatedLayer], _ outputs: [Tensor<Float>], _ profile: Profile
  ) -> Bool {
    zip(layers, outputs).allSatisfy { $0.explains($1, profile) }
  }

  /// Whether some layers make the results e^``decisive`` times likelier than others do.
  private func isLikelier(
    _ layers: [IsolatedLayer], than others: [IsolatedLayer], _ outputs: [Tensor<Float>]
  ) -> Bool {
    var ratio = 0.0
    for (place, output) in outputs.enumerated() where ratio < 10 * Self.decisive {
      ratio += layers[place].likelihoodRatio(
        over: others[place], output, form: healthy[place].model.forms[0],
        most: 10 * Self.decisive)
    }
    return ratio >= Self.decisive
  }

  /// Whether the one that fits is likelier than every other fault by the same ratio.
  private func isAlone(
    _ hypothesis: Hypothesis, _ layers: [IsolatedLayer], _ outputs: [Tensor<Float>]
  ) -> Bool {
    hypotheses.allSatisfy { other in
      guard other.fault.nature == .structure, other.fault.name != hypothesis.fault.name else {
        return true
      }
      return isLikelier(layers, than: self.layers(other), outputs)
    }
  }

  /// How much of the subject's error an emulation may leave unexplained.
  private static let unexplained = 0.25

  /// Whether the emulation makes nearly the same errors: its distance from the subject is a small
  /// part of the subject's distance from the reference, and of that from the same loops without the
  /// fault.
  ///
  /// - Parameter clean: What those loops yield without it.
  private func resembles(
    _ hypothesis: Hypothesis, _ outputs: [Tensor<Float>], clean: [Tensor<Float>]
  ) -> Bool {
    var (errors, rest, plain) = (0.0, 0.0, 0.0)
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
          plain += 1
          continue
        }
        let error = Double(value) - reference[flat: k]
        let distance = Double(value) - Double(other)
        let fromSound = Double(value) - Double(clean[place][flat: k])
        errors += error * error
        rest += distance * distance
        plain += fromSound * fromSound
      }
    }
    let most = Self.unexplained * Self.unexplained
    return errors > 0 && rest <= most * errors && plain > 0 && rest <= most * plain
  }
}

extension IsolatedLayer {
  /// Whether a result is within bound and budget of what this layer yields.
  func explains(_ output: Tensor<Float>, _ profile: Profile) -> Bool {
    contains(output, utilisation: profile.boundUtilisation)
      && Gate.isolatedBudget.judge(measurement(output), of: layer.endPoint, profile)
        .status.conforms
  }

  /// ln of how many times likelier this layer makes a result than another one does, with normal errors
  /// of one variance for both, the larger of the two.
  ///
  /// An element counts for 100 σ at most, so that a few wild ones do not outvote the rest.
  ///
  /// - Parameters:
  ///   - form: Whose variances are taken.
  ///   - most: Evidence that is enough: elements beyond it are not looked at.
  func likelihoodRatio(
    over other: IsolatedLayer, _ output: Tensor<Float>, form: EvaluationForm, most: Double
  ) -> Double {
    var sum = 0.0
    for index in 0..<output.count {
      let value = Double(output[flat: index])
      let (own, others) = (evaluation.output[flat: index], other.evaluation.output[flat: index])
      guard own != others, value.isFinite else { continue }
      let variance = max(
        model.meanSquare(form, at: index), other.model.meanSquare(form, at: index),
        Roundoff.smallestNormal * Roundoff.smallestNormal)
      func square(_ exact: Double) -> Double {
        let error = value - exact
        return min(error * error / variance, 10_000)
      }
      sum += square(others) - square(own)
      if sum >= 2 * most { break }
    }
    return sum / 2
  }
}
