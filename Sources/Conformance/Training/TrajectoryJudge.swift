import Golden
import MobileNet
import RealModule
import Reference

/// Judges several steps of descent: the losses before each, every variable after the last.
///
/// By itself, a variable after a step is the one before it less the learning rate times the gradient,
/// both the subject's own; the step that comes out worst is recorded. The golden holds the norms of
/// the variables, one for each step.
struct TrajectoryJudge {
  static let caseName = "trajectory"

  let parameters: Parameters
  let subject: (any TrainingSubject)?
  let profile: Profile
  let layers: Glob?

  private static let losses = [EndPoint.crossEntropy, .regularization, .totalLoss]

  func judge(_ golden: TrainingTrajectory, file: String) throws -> CaseRecord {
    let clock = ContinuousClock()
    let start = clock.now
    let batches = try golden.batches.map { try TrainingBatch($0, parameters.architecture) }
    let options = TrainingOptions(golden.settings)
    let rate = golden.learningRate
    let shown = try subject?.descent(batches, options, learningRate: rate)
    let mismatches = mismatches(of: shown, count: batches.count)
    let steps = shown.map { $0.map { $0.filter { mismatches[$0.key] == nil } } }
    let own = steps.map(Self.points)
    let reference = Self.points(
      TrainingNetwork<Double>(parameters: parameters).descent(
        try batches.map { try $0.wide(parameters.architecture) }, options, learningRate: rate))
    let witnesses = TrainingWitnesses(parameters: parameters, reference: reference) {
      Self.points($0.descent(batches, options, learningRate: rate))
    }
    let judge = TrainingPointJudge(profile: profile)
    let records = points.filter { layers?.matches($0.rawValue) ?? true }.compactMap {
      point -> EndPointRecord? in
      guard let exact = reference[point] else { return nil }
      var finding = TrainingPointJudge.Finding(reference: exact)
      finding.measurement.absence =
        subject == nil ? "this subject does not train" : "the subject does not descend"
      finding.measurement.accumulatedMismatch = mismatches[point]
      finding.measurement.isolatedMismatch = trainable[point] == nil ? nil : mismatches[point]
      finding.measurement.accumulated = own?[point].flatMap {
        witnesses.yardstick(point)?.statistics($0)
      }
      let isTrained = trainable[point] != nil
      if isTrained, let steps { finding.measurement.isolated = worstStep(point, steps, rate) }
      compare(point, golden, witnesses, &finding)
      let gates: [Gate] =
        (isTrained ? [.isolatedBound] : []) + [.accumulatedBudget, .goldenSandwich, .values]
      return judge.record(point, finding, gates: gates)
    }
    let elapsed = clock.now - start
    return CaseRecord(
      name: Self.caseName, golden: file, description: golden.description,
      images: batches.first?.images.shape ?? [],
      status: Status.gravest(records.map(\.status)) ?? .notRun,
      seconds: elapsed / .seconds(1), topClasses: [], endPoints: records)
  }

  /// What the subject shows after any step in another shape than a loss or the variable has.
  ///
  /// - Parameter count: How many steps there have to be.
  private func mismatches(
    of steps: [[EndPoint: Tensor<Float>]]?, count: Int
  ) -> [EndPoint: ShapeMismatch] {
    var shapes = Dictionary(uniqueKeysWithValues: Self.losses.map { ($0, [1]) })
    for variable in parameters.architecture.variables {
      shapes[.descended(variable.name)] = variable.shape
      if variable.isTrainable { shapes[.gradient(of: variable.name)] = variable.shape }
    }
    var mismatches: [EndPoint: ShapeMismatch] = [:]
    if let steps, steps.count != count {
      for loss in Self.losses {
        mismatches[loss] = ShapeMismatch([steps.count], for: [count])
      }
    }
    for step in steps ?? [] {
      for (point, tensor) in step where mismatches[point] == nil {
        mismatches[point] = shapes[point].flatMap {
          ShapeMismatch(tensor.shape, for: $0)
        }
      }
    }
    return mismatches
  }

  private var points: [EndPoint] { parameters.architecture.descentPoints }

  /// Trainable variables by the names that they have after descent.
  private var trainable: [EndPoint: String] {
    Dictionary(
      uniqueKeysWithValues: parameters.architecture.variables.filter(\.isTrainable)
        .map { (.descended($0.name), $0.name) })
  }

  /// The variables after the last step, and the losses and norms of all steps in a row.
  private static func points<Scalar: BinaryFloatingPoint & Sendable>(
    _ steps: [[EndPoint: Tensor<Scalar>]]
  ) -> [EndPoint: Tensor<Scalar>] {
    let last = steps.last ?? [:]
    var points = last.filter { $0.key.rawValue.hasSuffix("/descended") }
    for point in points.keys {
      points[point.norms] = row(steps.compactMap { $0[point].map(norm) })
      guard last[point.unfused] != nil else { continue }
      points[point.norms.unfused] = row(steps.compactMap { $0[point.unfused].map(norm) })
    }
    for loss in losses {
      let values = steps.compactMap { $0[loss]?[flat: 0] }
      if values.count == steps.count { points[loss] = row(values) }
    }
    return points
  }

  private func worstStep(
    _ point: EndPoint, _ steps: [[EndPoint: Tensor<Float>]], _ rate: Double
  ) -> ErrorStatistics? {
    guard let name = trainable[point], var before = parameters.tensors[name] else { return nil }
    var worst: ErrorStatistics?
    for step in steps {
      guard let after = step[point], let gradient = step[.gradient(of: name)] else { return nil }
      let statistics = HeadExpectation.descended(before, gradient: gradient, learningRate: rate)
        .statistics(after)
      if statistics.utilisation ?? 0 >= worst?.utilisation ?? 0 { worst = statistics }
      before = after
    }
    return worst
  }

  private func compare(
    _ point: EndPoint, _ golden: TrainingTrajectory, _ witnesses: TrainingWitnesses,
    _ finding: inout TrainingPointJudge.Finding
  ) {
    finding.isGolden = true
    let (place, values, exact) = stored(point, golden)
    finding.measurement.goldenAccumulated = witnesses.yardstick(place)?.statistics(
      row(values.map { Float($0) }))
    finding.measurement.referenceDistance =
      (witnesses.reference[place.unfused] ?? witnesses.reference[place]).map {
        relativeL2($0, row(exact))
      }
  }

  /// What the golden has of a point: where to compare it, TensorFlow's float32 and float64.
  private func stored(
    _ point: EndPoint, _ golden: TrainingTrajectory
  ) -> (place: EndPoint, values: [Double], exact: [Double]) {
    switch point {
    case .crossEntropy:
      return (point, golden.loss.map { Double($0.crossEntropy) }, golden.loss64.map(\.crossEntropy))
    case .regularization:
      return (
        point, golden.loss.map { Double($0.regularization) }, golden.loss64.map(\.regularization)
      )
    case .totalLoss:
      return (point, golden.loss.map { Double($0.total) }, golden.loss64.map(\.total))
    default:
      let name = parameters.architecture.variables.first { .descended($0.name) == point }?.name
      return (
        point.norms, name.flatMap { golden.norms[$0] } ?? [],
        name.flatMap { golden.norms64[$0] } ?? []
      )
    }
  }

  private static func norm<Scalar: BinaryFloatingPoint>(_ tensor: Tensor<Scalar>) -> Scalar {
    Scalar(tensor.scalars.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot())
  }
}

extension EndPoint {
  /// Norms of a variable after each step.
  fileprivate var norms: EndPoint { EndPoint("\(rawValue)/norms") }
}

extension Architecture {
  /// Everything that is judged of a descent.
  package var descentPoints: [EndPoint] {
    [.crossEntropy, .regularization, .totalLoss] + variables.map { .descended($0.name) }
  }
}
