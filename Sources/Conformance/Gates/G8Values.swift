import MobileNet

/// G8, values: what is not a number, infinite, a negative zero or subnormal, by an explicit rule.
///
/// - Where the reference is NaN the subject is NaN, where it is infinite the subject is the same
///   infinity, and nowhere else is it either.
/// - No -0: ReLU6 yields +0, a mean of such and a probability are +0 or more. Only a logit may be -0,
///   and in training statistics and gradients.
/// - A subject may flush subnormal numbers: where |reference| < 2^-126, zero is right.
///   ``ErrorStatistics`` takes it for no error.
///
/// Goldens hold no such numbers, so the probe has inputs that do: ``Probe/specialInput(for:at:)`` says
/// what each kind of layer makes of them.
///
/// Formula: the number of elements that break a rule, at most 0, by itself, in the chain and on special
/// inputs.
extension Gate {
  func judgeValues(
    _ measurement: Measurement, of endPoint: EndPoint, _ profile: Profile
  ) -> GateResult {
    var criteria: [GateResult.Criterion] = []
    let counts = [
      ("alone", measurement.isolated.map { ($0.notMatched, $0.negativeZeros) }),
      ("chain", measurement.accumulated.map { ($0.notMatched, $0.negativeZeros) }),
      ("special inputs", measurement.special.map { ($0.notMatched, $0.negativeZeros) }),
    ]
    for (label, count) in counts {
      guard let (notMatched, negativeZeros) = count else { continue }
      criteria.append(
        GateResult.Criterion(
          measure: "\(label): NaN or infinity out of place", value: Double(notMatched),
          limit: profile.valueDeviations))
      criteria.append(
        GateResult.Criterion(
          measure: "\(label): negative zeros",
          value: endPoint.mayBeNegative ? 0 : Double(negativeZeros),
          limit: profile.valueDeviations))
    }
    guard !criteria.isEmpty else {
      return GateResult(self, status: .notRun, note: measurement.missing)
    }
    return GateResult(self, criteria: criteria)
  }
}

extension EndPoint {
  /// Whether it has values of both signs, so that it may hold -0.
  fileprivate var mayBeNegative: Bool {
    self == .logits || self == EndPoint.logits.output || isTrainingPoint && !isOutput
  }
}
