import MobileNet

/// G8, values: what is not a number, infinite, a negative zero or subnormal, by an explicit rule.
///
/// - Where the reference is NaN the subject is NaN, where it is infinite the subject is the same
///   infinity, and nowhere else is it either.
/// - No -0: ReLU6 yields +0, a mean of such and a probability are +0 or more. Only a logit may be -0.
/// - A subject may flush subnormal numbers: where |reference| < 2^-126, zero is right.
///   ``ErrorStatistics`` takes it for no error.
///
/// Formula: the number of elements that break a rule, at most 0, by itself and in the chain.
extension Gate {
  func judgeValues(
    _ measurement: Measurement, of endPoint: EndPoint, _ profile: Profile
  ) -> GateResult {
    var criteria: [GateResult.Criterion] = []
    for (label, statistics) in [
      ("alone", measurement.isolated), ("chain", measurement.accumulated),
    ] {
      guard let statistics else { continue }
      let zeros = endPoint == .logits ? 0 : statistics.negativeZeros
      criteria.append(
        GateResult.Criterion(
          measure: "\(label): NaN or infinity out of place", value: Double(statistics.notMatched),
          limit: profile.valueDeviations))
      criteria.append(
        GateResult.Criterion(
          measure: "\(label): negative zeros", value: Double(zeros),
          limit: profile.valueDeviations))
    }
    guard !criteria.isEmpty else {
      return GateResult(self, status: .notRun, note: measurement.missing)
    }
    return GateResult(self, criteria: criteria)
  }
}
