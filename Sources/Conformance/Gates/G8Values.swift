import MobileNet

/// G8, values: what is not a number, infinite, a negative zero or subnormal, by an explicit rule.
///
/// - Where the reference is NaN the subject is NaN, where it is infinite the subject is the same
///   infinity, and nowhere else is it either. Such elements are matched and enter no figure of any
///   gate; one that is out of place is infinitely wrong in all of them, and this gate names it.
/// - A -0 is equal to 0 (IEEE 754). How many there are is noted where the reference's kind of value
///   has none: ReLU6 yields +0, a mean of such and a probability are +0 or more, while a logit, and in
///   training a statistic or gradient, may be either. They are judged only by a profile that asks for
///   bits, one that has ``Profile/Limit/negativeZeros``.
/// - A subject may flush subnormal numbers: where |reference| < 2^-126, zero is right.
///   ``ErrorStatistics`` takes it for no error.
///
/// Goldens hold no such numbers, so the probe has inputs that do: ``Probe/specialInput(for:at:)`` says
/// what each kind of layer makes of them.
///
/// Formula: the number of elements that break a rule, at most 0, by itself, in the chain and on special
/// inputs. Only the first and the last speak of the layer; the chain inherits.
extension Gate {
  func judgeValues(
    _ measurement: Measurement, of endPoint: EndPoint, _ profile: Profile
  ) -> GateResult {
    let counts = [
      (ValueScope.isolated, measurement.isolated.map { ($0.notMatched, $0.negativeZeros) }),
      (.accumulated, measurement.accumulated.map { ($0.notMatched, $0.negativeZeros) }),
      (.special, measurement.special.map { ($0.notMatched, $0.negativeZeros) }),
    ]
    var criteria: [GateResult.Criterion] = []
    var signed: [String] = []
    for (scope, count) in counts {
      guard let (notMatched, negativeZeros) = count else { continue }
      criteria.append(
        GateResult.Criterion(
          measure: "\(scope.rawValue): NaN or infinity out of place", value: Double(notMatched),
          limit: profile.valueDeviations))
      let zeros = endPoint.mayBeNegative ? 0 : negativeZeros
      if let limit = profile.negativeZeros {
        criteria.append(
          GateResult.Criterion(
            measure: "\(scope.rawValue): negative zeros", value: Double(zeros), limit: limit))
      } else if zeros > 0 {
        signed.append("\(scope.rawValue) \(zeros)")
      }
    }
    guard !criteria.isEmpty else {
      return GateResult(self, status: .notRun, note: measurement.missing)
    }
    let notes = [
      measurement.misplaced,
      signed.isEmpty ? nil : "negative zeros, equal to 0: \(signed.joined(separator: ", "))",
    ].compactMap { $0 }
    return GateResult(
      self, criteria: criteria, note: notes.isEmpty ? nil : notes.joined(separator: "; "))
  }
}

/// What a figure of G8 was measured on, as its criteria begin.
enum ValueScope: String {
  case isolated = "alone"
  case accumulated = "chain"
  case special = "special inputs"

  /// Whether a criterion is of this.
  func covers(_ criterion: GateResult.Criterion) -> Bool {
    criterion.measure.hasPrefix("\(rawValue):")
  }
}

extension Measurement {
  /// The first element that is NaN or infinite out of place, in words.
  fileprivate var misplaced: String? {
    if let text = isolated?.misplaced { return "holds \(text)" }
    guard let text = accumulated?.misplaced else { return nil }
    let cause = isolated == nil ? "" : ", as its input makes it"
    return "in its own run holds \(text)\(cause)"
  }
}

extension ErrorStatistics {
  /// `NaN where the reference has 0.37`
  fileprivate var misplaced: String? {
    guard notMatched > 0, let worst else { return nil }
    func words(_ value: Double) -> String {
      value.isNaN ? "NaN" : value.isInfinite ? value < 0 ? "-infinity" : "infinity" : format(value)
    }
    return "\(words(worst.value)) where the reference has \(words(worst.reference))"
  }
}

extension EndPoint {
  /// Whether it has values of both signs, so that it may hold -0.
  fileprivate var mayBeNegative: Bool {
    self == .logits || self == EndPoint.logits.output || isTrainingPoint && !isOutput
  }
}
