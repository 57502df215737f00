import Golden
import MobileNet
import Reference

extension Gate {
  /// The gates that a point of a training step has to pass.
  ///
  /// - Parameter isGolden: Whether the golden shows the point.
  static func judging(training point: EndPoint, isGolden: Bool) -> [Gate] {
    let (isLoss, isAverage) = (
      [EndPoint.crossEntropy, .totalLoss].contains(point), point.rawValue.hasSuffix("/updated")
    )
    let isOutput = point.rawValue.hasPrefix("Conv2d_") && point.rawValue.hasSuffix("/output")
    return allCases.filter { gate in
      switch gate {
      case .isolatedBound, .accumulatedBudget, .values: true
      // A few roundings of one number: the bound is tight, and a budget says no more.
      case .isolatedBudget: !isLoss && !isAverage
      case .clampExactness: isOutput
      case .goldenSandwich: isGolden
      case .exactIntegers, .bias, .repeatability: false
      }
    }
  }
}

/// Turns what was measured at one point into a record.
struct TrainingPointJudge {
  let profile: Profile

  /// What was measured at one point, and of what it was.
  struct Finding {
    var measurement = Measurement()
    /// Of the isolated budget.
    var correlation = 1.0
    /// Elements whose side of a kink the subject's own output decided.
    var kinks = 0
    /// The golden's gradient as a whole, from its projections: rms(error) / rms(sigma).
    var projected: Double?
    var reference: Tensor<Double>
    var isGolden = false
  }

  func record(_ point: EndPoint, _ finding: Finding, gates: [Gate]? = nil) -> EndPointRecord {
    let measurement = finding.measurement
    let gates = gates ?? Gate.judging(training: point, isGolden: finding.isGolden)
    let results = gates.map { gate -> GateResult in
      // Only the network's outputs and their variances know no -0: gradients and means have signs.
      var result = gate.judge(
        measurement, of: point.rawValue.hasSuffix("/output") ? point.layerEndPoint : .logits,
        profile)
      if gate == .goldenSandwich { result = with(finding.projected, result) }
      if gate == .isolatedBound, finding.kinks > 0, result.note == nil {
        result.note =
          "\(finding.kinks) elements within their own error of 0 or 6: the subject's output says "
          + "which of them pass a gradient"
      }
      return result
    }
    return EndPointRecord(
      name: point, shape: finding.reference.shape,
      zeros: finding.reference.scalars.count { $0 == 0 },
      status: Status.gravest(results.map(\.status)) ?? .notRun, isolated: measurement.isolated,
      accumulated: measurement.accumulated, correlation: finding.correlation,
      goldenIsolated: measurement.goldenIsolated,
      goldenAccumulated: measurement.goldenAccumulated,
      referenceDistance: measurement.referenceDistance, gates: results)
  }

  /// A gradient's 32 projections tell its length to about an eighth; the limit is wider by four of
  /// these, as for any 32 independent errors.
  private func with(_ projected: Double?, _ result: GateResult) -> GateResult {
    guard let projected else { return result }
    let count = Double(2 * GradientSummary.projectionCount)
    let criterion = GateResult.Criterion(
      measure: "golden chain, projected: rms(error) / rms(sigma)", value: projected,
      limit: profile.accumulatedBudgetRatio * (1 + 4 / count.squareRoot()))
    return GateResult(.goldenSandwich, criteria: result.criteria + [criterion], note: result.note)
  }
}

extension EndPoint {
  /// `Logits` of `Logits/output`.
  fileprivate var layerEndPoint: EndPoint {
    EndPoint(String(rawValue.prefix { $0 != "/" }))
  }
}
