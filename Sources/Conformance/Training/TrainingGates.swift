import MobileNet
import Reference

extension Gate {
  /// The gates that a point of a training step has to pass.
  ///
  /// - Parameter isGolden: Whether the golden shows the point.
  static func judging(training point: EndPoint, isGolden: Bool) -> [Gate] {
    let isLoss = [EndPoint.crossEntropy, .totalLoss].contains(point)
    let isOutput = point.rawValue.hasPrefix("Conv2d_") && point.isOutput
    return allCases.filter { gate in
      switch gate {
      case .isolatedBound, .accumulatedBudget, .values: true
      // A few roundings of one number: the bound is tight, and a budget says no more.
      case .isolatedBudget: !isLoss && !point.isAverage
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
    var figures = TrainingFigures()
    var reference: Tensor<Double>
    var isGolden = false
  }

  func record(_ point: EndPoint, _ finding: Finding, gates: [Gate]? = nil) -> EndPointRecord {
    var measurement = finding.measurement
    measurement.training = finding.figures
    let gates = gates ?? Gate.judging(training: point, isGolden: finding.isGolden)
    let results = gates.map { $0.judge(measurement, of: point, profile) }
    return EndPointRecord(
      name: point, shape: finding.reference.shape,
      zeros: finding.reference.scalars.count { $0 == 0 },
      status: Status.gravest(results.map(\.status)) ?? .notRun, isolated: measurement.isolated,
      accumulated: measurement.accumulated, correlation: finding.correlation,
      goldenIsolated: measurement.goldenIsolated,
      goldenAccumulated: measurement.goldenAccumulated,
      referenceDistance: measurement.referenceDistance,
      isolatedMismatch: measurement.isolatedMismatch,
      accumulatedMismatch: measurement.accumulatedMismatch, training: finding.figures,
      gates: results)
  }
}
