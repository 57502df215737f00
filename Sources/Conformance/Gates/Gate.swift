import MobileNet

/// The checks that every end point has to pass, each in a file of its own.
public enum Gate: String, Hashable, Sendable, Codable, CaseIterable, Comparable {
  case isolatedBound = "G1"
  case isolatedBudget = "G2"
  case accumulatedBudget = "G3"
  case clampExactness = "G4"
  case exactIntegers = "G5"
  case goldenSandwich = "G6"
  case bias = "G7"
  case values = "G8"
  case repeatability = "G9"

  /// A few words for tables.
  public var title: String {
    switch self {
    case .isolatedBound: "isolated bound"
    case .isolatedBudget: "isolated budget"
    case .accumulatedBudget: "accumulated budget"
    case .clampExactness: "clamp exactness"
    case .exactIntegers: "exact integers"
    case .goldenSandwich: "golden sandwich"
    case .bias: "bias and variance"
    case .values: "values"
    case .repeatability: "repeatability"
    }
  }

  /// What has to hold, in plain words.
  public var meaning: String {
    switch self {
    case .isolatedBound:
      "No element of a layer by itself errs more than any correct float32 evaluation can."
    case .isolatedBudget:
      "A layer by itself errs no more than its rounding predicts, all over and in every element."
    case .accumulatedBudget:
      "Along the subject's own chain, errors grow only as rounding predicts."
    case .clampExactness:
      "Where ReLU6 holds an element for certain, it is 0 or 6 exactly."
    case .exactIntegers:
      "On integers with which nothing rounds, a layer makes no error at all."
    case .goldenSandwich:
      "The golden, too, agrees with the reference, and the reference with TensorFlow's float64."
    case .bias:
      "The errors of a layer by itself scatter around zero, and no wider than rounding explains."
    case .values:
      "NaN, infinity and subnormal numbers follow a rule, also when fed to a layer."
    case .repeatability:
      "A second run of a layer gives the same bits."
    }
  }

  /// Whether the gate looks at a layer by itself, so that its failure puts the blame on that layer.
  public var isIsolated: Bool {
    switch self {
    case .isolatedBound, .isolatedBudget, .clampExactness, .exactIntegers, .bias, .repeatability:
      true
    case .accumulatedBudget, .goldenSandwich, .values:
      false
    }
  }

  public static func < (left: Gate, right: Gate) -> Bool { left.rawValue < right.rawValue }

  /// The gates that a golden's end point has to pass. G5 has data of its own.
  ///
  /// - Parameter isGolden: Whether the golden shows the end point.
  static func judging(_ layer: Layer, isGolden: Bool) -> [Gate] {
    allCases.filter { gate in
      switch gate {
      case .isolatedBound, .isolatedBudget, .accumulatedBudget, .values: true
      case .clampExactness: layer.convolution != nil
      case .exactIntegers: false
      // Whether layers repeat themselves is seen on the probe.
      case .repeatability: false
      // A sweep's cases hold only some end points of the oracle; what it does not show is no witness.
      case .goldenSandwich: isGolden
      // The probabilities of an image share one sum, so their errors have one sign.
      case .bias: layer.endPoint != .predictions
      }
    }
  }

  /// The limits of a profile that the gate looks at.
  package var limits: [Profile.Limit] {
    switch self {
    case .isolatedBound: [.boundUtilisation]
    case .isolatedBudget: [.isolatedBudgetRatio, .isolatedMaxSigma]
    case .accumulatedBudget: [.accumulatedBudgetRatio, .accumulatedMaxSigma]
    case .clampExactness: [.clampDeviations]
    case .exactIntegers: [.integerDeviations]
    case .goldenSandwich:
      [
        .boundUtilisation, .clampDeviations, .accumulatedBudgetRatio, .accumulatedMaxSigma,
        .referenceDistance,
      ]
    case .bias: [.bias, .normalizedRMS]
    case .values: [.valueDeviations, .negativeZeros]
    case .repeatability: []
    }
  }

  /// Applies the gate to what was measured at one end point.
  ///
  /// A value of another shape than the layer's fails every gate that would have to look at it, and has
  /// no figure.
  func judge(_ measurement: Measurement, of endPoint: EndPoint, _ profile: Profile) -> GateResult {
    if let mismatch = mismatch(in: measurement) {
      return GateResult(self, status: .fail, note: mismatch.description)
    }
    return judgeFigures(measurement, of: endPoint, profile)
  }

  private func mismatch(in measurement: Measurement) -> ShapeMismatch? {
    switch self {
    case .isolatedBound, .isolatedBudget, .clampExactness, .exactIntegers, .bias, .repeatability:
      measurement.isolatedMismatch
    case .accumulatedBudget: measurement.accumulatedMismatch
    case .values: measurement.isolatedMismatch ?? measurement.accumulatedMismatch
    case .goldenSandwich: nil
    }
  }

  private func judgeFigures(
    _ measurement: Measurement, of endPoint: EndPoint, _ profile: Profile
  ) -> GateResult {
    switch self {
    case .isolatedBound: judgeIsolatedBound(measurement, profile)
    case .isolatedBudget: judgeIsolatedBudget(measurement, profile)
    case .accumulatedBudget: judgeAccumulatedBudget(measurement, profile)
    case .clampExactness: judgeClampExactness(measurement, profile)
    case .goldenSandwich: judgeGoldenSandwich(measurement, of: endPoint, profile)
    case .bias: judgeBias(measurement, profile)
    case .values: judgeValues(measurement, of: endPoint, profile)
    case .exactIntegers: judgeExactIntegers(measurement, profile)
    case .repeatability: judgeRepeatability(measurement, profile)
    }
  }
}

extension GateResult {
  /// How near to the layer it is what a result speaks of.
  package enum Reach: Int, Comparable, Sendable {
    /// The layer by itself, on the case's data.
    case layer
    /// The layer by itself, on NaN, infinities and other special values.
    case special
    /// What the subject's own run, or the golden's, has inherited as well.
    case chain

    package static func < (left: Reach, right: Reach) -> Bool { left.rawValue < right.rawValue }
  }

  /// G8 looks at both; which of its figures fail tells.
  package var reach: Reach {
    guard gate == .values else { return gate.isIsolated ? .layer : .chain }
    let failing = criteria.filter { !$0.holds }
    if failing.contains(where: ValueScope.isolated.covers) { return .layer }
    return failing.contains(where: ValueScope.special.covers) ? .special : .chain
  }

  /// Whether the layer by itself holds NaN or infinity out of place, which makes other figures infinite.
  var holdsMisplaced: Bool { gate == .values && status == .fail && reach == .layer }
}

/// What one gate says of one end point.
public struct GateResult: Hashable, Sendable, Codable {
  public var gate: Gate
  public var status: Status
  /// The figures that were compared with limits.
  public var criteria: [Criterion]
  /// Why the gate did not run, or whom it suspects.
  public var note: String?

  /// A figure and the most that it may be.
  public struct Criterion: Hashable, Sendable, Codable {
    /// What was measured, in words: `max |error| / bound`.
    public var measure: String
    public var value: Double
    public var limit: Double

    public var holds: Bool { value <= limit }
  }

  /// rms(error) / rms(sigma) of `statistics`, with its limit; `nil` if there was no budget.
  ///
  /// The rms of k independent errors fluctuates by 1/√(2k) of itself, so the limit for few of them is
  /// wider: by four such deviations, the level of TOSA's statistical tests.
  static func budgetCriterion(
    _ measure: String, _ statistics: ErrorStatistics, limit: Double
  ) -> Criterion? {
    guard let ratio = statistics.budgetRatio, let count = statistics.effectiveCount else {
      return nil
    }
    return Criterion(
      measure: measure, value: ratio, limit: limit * (1 + 4 / (2 * max(count, 1)).squareRoot()))
  }

  /// The largest value / limit of all criteria: how much of what is allowed was used.
  public var utilisation: Double? {
    criteria.map { ErrorStatistics.ratio($0.value, $0.limit) }.max()
  }

  /// Passes if every criterion holds. Comparisons with a value that is not a number do not hold.
  init(_ gate: Gate, criteria: [Criterion], note: String? = nil) {
    precondition(!criteria.isEmpty, "a gate without criteria must not pass")
    self.gate = gate
    self.criteria = criteria
    self.note = note
    status = criteria.allSatisfy(\.holds) ? .pass : .fail
  }

  /// A gate that has no figures: it could not run, or what it would look at has another shape.
  init(_ gate: Gate, status: Status, note: String) {
    self.gate = gate
    self.status = status
    self.note = note
    criteria = []
  }
}

/// Everything measured at one end point of one case, from which the gates judge.
struct Measurement {
  /// The subject's layer by itself against the reference on the same input.
  var isolated: ErrorStatistics?
  /// The subject's own chain against the reference's chain.
  var accumulated: ErrorStatistics?
  /// The golden against the reference on the golden's own previous end point.
  var goldenIsolated: ErrorStatistics?
  /// The golden against the reference's chain.
  var goldenAccumulated: ErrorStatistics?
  /// Relative L2 distance of the reference's chain from TensorFlow's float64.
  var referenceDistance: Double?
  /// Largest |subject - golden| / (2 · bound), the layer by itself.
  var subjectFromGolden: Double?
  /// Elements whose bits differ between two runs of the layer by itself, if it ran twice.
  var changed: Int?
  /// Elements that are not the exact integer, if the layer was run on integers.
  var inexact: Int?
  /// What the layer by itself made of special numbers, if it was run on any.
  var special: SpecialValues?
  /// Of the layer by itself, if its value has another shape than its input makes it.
  var isolatedMismatch: ShapeMismatch?
  /// Of the subject's own chain, if its value has another shape than the reference's.
  var accumulatedMismatch: ShapeMismatch?
  /// At a point of a step of training.
  var training: TrainingFigures?
  /// Why there is nothing to judge the layer by itself, where that is known.
  var absence: String?
  /// What this was measured at.
  var place: String { training == nil ? "end point" : "point" }
  /// Why there is no ``isolated``, or neither that nor ``accumulated``.
  var missing: String {
    if let absence { return absence }
    if let isolated, isolated.count == 0 {
      return isolated.matched == nil
        ? "there are no elements" : "every element is NaN or infinite, as its input makes it"
    }
    if accumulated == nil { return "the subject does not show this \(place)" }
    return training == nil
      ? "the subject does not show the end point before this one"
      : "the subject does not show what this is computed from"
  }
}
