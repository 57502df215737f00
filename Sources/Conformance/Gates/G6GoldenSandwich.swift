import Golden
import MobileNet

/// G6, golden sandwich: the golden file, too, has to agree with the reference.
///
/// TensorFlow's float32 activations carry rounding errors of their own, so they are judged like any
/// engine: each end point against the reference on the golden's previous end point (bound), and
/// against the reference's chain (budget). Where the file has TensorFlow's float64 activations, they
/// pin the reference itself, to 1e-12.
///
/// With three witnesses the odd one out is known: if the golden agrees with the reference, a failing
/// subject is at fault; if only the golden disagrees, the file is; if subject and golden agree with
/// each other but not with the reference, the reference is.
extension Gate {
  func judgeGoldenSandwich(
    _ measurement: Measurement, of endPoint: EndPoint, _ profile: Profile
  ) -> GateResult {
    var criteria: [GateResult.Criterion] = []
    if let utilisation = measurement.goldenIsolated?.utilisation {
      criteria.append(
        GateResult.Criterion(
          measure: "golden alone: max |error| / bound", value: utilisation,
          limit: profile.boundUtilisation))
    }
    if let clamp = measurement.goldenIsolated?.clamp {
      criteria.append(
        GateResult.Criterion(
          measure: "golden alone: elements beyond the clamp that are not 0 or 6",
          value: Double(clamp.deviations), limit: profile.clampDeviations))
    }
    if let golden = measurement.goldenAccumulated, let maxSigma = golden.maxSigma,
      let ratio = GateResult.budgetCriterion(
        "golden chain: rms(error) / rms(sigma)", golden, limit: profile.accumulatedBudgetRatio)
    {
      criteria.append(ratio)
      // See G3.
      if measurement.training == nil {
        criteria.append(
          GateResult.Criterion(
            measure: "golden chain: max |error| / sigma", value: maxSigma,
            limit: profile.accumulatedMaxSigma))
      }
    }
    if let projected = measurement.training?.projected {
      criteria.append(.projected(projected, profile))
    }
    if let distance = measurement.referenceDistance {
      criteria.append(
        GateResult.Criterion(
          measure: "reference: relative L2 from TensorFlow's float64", value: distance,
          limit: measurement.referenceLimit(profile)))
    }
    guard !criteria.isEmpty else {
      return GateResult(
        self, status: .notRun, note: "the golden does not show this \(measurement.place)")
    }
    var result = GateResult(self, criteria: criteria)
    if result.status == .fail { result.note = Self.suspect(measurement, endPoint, profile) }
    return result
  }

  private static func suspect(
    _ measurement: Measurement, _ endPoint: EndPoint, _ profile: Profile
  ) -> String {
    if let distance = measurement.referenceDistance,
      !(distance <= measurement.referenceLimit(profile))
    {
      return "the reference is not TensorFlow's float64: suspect the reference"
    }
    let subjectPasses = [Gate.isolatedBound, .accumulatedBudget].allSatisfy {
      $0.judge(measurement, of: endPoint, profile).status == .pass
    }
    if subjectPasses { return "subject and reference agree: suspect the golden file" }
    // Two results that each may err by the bound may differ by twice the bound.
    if let distance = measurement.subjectFromGolden, distance <= profile.boundUtilisation {
      return "subject and golden agree with each other: suspect the reference"
    }
    return "subject, golden and reference all differ: suspect the golden file first"
  }
}

extension Measurement {
  /// How far the reference may be from TensorFlow's float64.
  ///
  /// A step of training has ten times the limit of inference: on the way back through 27 layers the
  /// last bits of both add up. It may turn them into much more where batch norm sees two values that
  /// are nearly the same; there the limit is eight times what a last bit of the variables makes of
  /// the reference itself.
  fileprivate func referenceLimit(_ profile: Profile) -> Double {
    guard let training else { return profile.referenceDistance }
    return max(10 * profile.referenceDistance, 8 * training.referenceSensitivity)
  }
}

extension GateResult.Criterion {
  /// A gradient's 32 projections tell its length to about an eighth; the limit is wider by four of
  /// these, as for any 32 independent errors.
  fileprivate static func projected(_ value: Double, _ profile: Profile) -> Self {
    let count = Double(2 * GradientSummary.projectionCount)
    return GateResult.Criterion(
      measure: "golden chain, projected: rms(error) / rms(sigma)", value: value,
      limit: profile.accumulatedBudgetRatio * (1 + 4 / count.squareRoot()))
  }
}
