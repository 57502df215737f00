import Golden
import MobileNet
import RealModule
import Reference

/// Judges a step of training point by point, each by itself and in the chain.
struct TrainingCaseJudge {
  let parameters: Parameters
  /// `nil` if the subject does not train: everything is then not run.
  let subject: (any TrainingSubject)?
  let profile: Profile
  let layers: Glob?

  var architecture: Architecture { parameters.architecture }

  func judge(_ golden: TrainingCase, file: String) throws -> CaseRecord {
    let clock = ContinuousClock()
    let start = clock.now
    let batch = try TrainingBatch(golden.batch, architecture)
    let options = TrainingOptions(golden.settings)
    let recorded = try subject?.step(batch, options) ?? [:]
    let chain = try TrainingChain(parameters, batch, options)
    try check(recorded, against: chain.witnesses.reference)

    var findings: [EndPoint: TrainingPointJudge.Finding] = [:]
    for point in architecture.trainingPoints {
      guard let reference = chain.witnesses.reference[point] else { continue }
      var finding = TrainingPointJudge.Finding(reference: reference)
      finding.measurement.absence = subject == nil ? "this subject does not train" : nil
      if let value = recorded[point] {
        finding.measurement.accumulated = chain.witnesses.statistics(point, value)
      }
      findings[point] = finding
    }
    let stored = golden.float32.points
    let isolation = try TrainingIsolation(parameters: parameters, batch: batch, options)
    isolation.visit(recorded) { point, expectation in
      guard let value = recorded[point], isSelected(point) else { return }
      let correlation = expectation.correlation
      findings[point]?.measurement.isolated = expectation.statistics(
        value, correlation: correlation)
      findings[point]?.correlation = correlation.whole
      findings[point]?.figures.kinks = expectation.kinks
    }
    isolation.visit(stored) { point, expectation in
      guard let value = stored[point], isSelected(point) else { return }
      findings[point]?.measurement.goldenIsolated = expectation.statistics(value)
    }
    compare(golden, stored, chain, &findings)
    let elapsed = clock.now - start
    return record(
      golden.name, golden.description, file: file, images: batch.images.shape, findings,
      seconds: elapsed / .seconds(1))
  }

  private func isSelected(_ point: EndPoint) -> Bool { layers?.matches(point.rawValue) ?? true }

  private func record(
    _ name: String, _ description: String, file: String, images: [Int],
    _ findings: [EndPoint: TrainingPointJudge.Finding], seconds: Double
  ) -> CaseRecord {
    let judge = TrainingPointJudge(profile: profile)
    let records = architecture.trainingPoints.filter(isSelected).compactMap { point in
      findings[point].map { judge.record(point, $0) }
    }
    return CaseRecord(
      name: name, golden: file, description: description, images: images,
      status: Status.gravest(records.map(\.status)) ?? .notRun, seconds: seconds, topClasses: [],
      endPoints: records)
  }

  /// The golden's own chain, and TensorFlow's float64 beside the reference's.
  private func compare(
    _ golden: TrainingCase, _ stored: [EndPoint: Tensor<Float>], _ chain: TrainingChain,
    _ findings: inout [EndPoint: TrainingPointJudge.Finding]
  ) {
    let exact = golden.float64.points
    for point in findings.keys where isSelected(point) {
      var finding = findings[point] ?? TrainingPointJudge.Finding(reference: row([]))
      if let value = stored[point] {
        finding.isGolden = true
        finding.measurement.goldenAccumulated = chain.witnesses.statistics(point, value)
      }
      if let value = exact[point] {
        finding.measurement.referenceDistance = relativeL2(chain.unfused(point), value)
        finding.figures.referenceSensitivity = chain.sensitivity(point)
      }
      findings[point] = finding
    }
    let gradients =
      golden.float32.gradients.map { (EndPoint.gradient(of: $0.key), $0.value) }
      + [(.imagesGradient, golden.float32.imagesGradient)]
    for (point, gradient) in gradients where isSelected(point) {
      findings[point]?.isGolden = true
      findings[point]?.measurement.goldenAccumulated = chain.witnesses.statistics(
        point, elements: gradient.knownElements)
      if case .summary = gradient.content {
        findings[point]?.figures.projected = projected(gradient, point, chain)
      }
    }
    let gradients64 =
      golden.float64.gradients.map { (EndPoint.gradient(of: $0.key), $0.value) }
      + [(.imagesGradient, golden.float64.imagesGradient)]
    for (point, gradient) in gradients64 where isSelected(point) {
      guard let reference = chain.witnesses.reference[point] else { continue }
      findings[point]?.measurement.referenceDistance = gradient.distance(to: reference.scalars)
      findings[point]?.figures.referenceSensitivity = chain.sensitivity(point)
    }
  }

  private func projected(
    _ gradient: StoredGradient, _ point: EndPoint, _ chain: TrainingChain
  ) -> Double? {
    guard let reference = chain.witnesses.reference[point],
      let budget = chain.witnesses.budget(point)
    else { return nil }
    let variance = budget.clamped.scalars.reduce(0, +)
    let distance = gradient.distance(to: reference.scalars)
    return ErrorStatistics.ratio(
      distance == 0 ? 0 : distance * gradient.norm, variance.squareRoot())
  }

  /// - Throws: ``VerificationError/wrongShape(subject:endPoint:expected:found:)``.
  private func check(
    _ recorded: [EndPoint: Tensor<Float>], against reference: [EndPoint: Tensor<Double>]
  ) throws {
    for (point, tensor) in recorded {
      guard let expected = reference[point], expected.shape != tensor.shape else { continue }
      throw VerificationError.wrongShape(
        subject: subject?.identity.name ?? "", endPoint: point, expected: expected.shape,
        found: tensor.shape)
    }
  }
}

/// The reference's chain of one step, its witnesses, and what its own last bits do to it.
struct TrainingChain {
  let witnesses: TrainingWitnesses
  /// Moving variances as TensorFlow's float64 has them.
  private let biased: [EndPoint: Tensor<Double>]
  /// The chain in float64 with every variable moved by its last bit.
  private let moved: [EndPoint: Tensor<Double>]

  init(
    _ parameters: Parameters, _ batch: TrainingBatch<Float>, _ options: TrainingOptions
  ) throws(TrainingBatchError) {
    let architecture = parameters.architecture
    let network = TrainingNetwork<Double>(parameters: parameters)
    let wide = try batch.wide(architecture)
    let step = network.step(wide, options)
    witnesses = TrainingWitnesses(
      parameters: parameters, reference: step.points(of: architecture)
    ) {
      $0.step(batch, options).points(of: architecture)
    }
    let variances = network.biasedVariances(after: step, options, from: network.variables)
    biased = Dictionary(uniqueKeysWithValues: variances.map { (.updated($0.key), $0.value) })
    moved = network.movedByLastBits(seed: 1).step(wide, options).points(of: architecture)
  }

  /// What TensorFlow's batch norm made of single operations yields.
  func unfused(_ point: EndPoint) -> Tensor<Double> {
    biased[point] ?? witnesses.reference[point] ?? row([])
  }

  /// Relative L2 distance that last bits of the variables make in float64.
  func sensitivity(_ point: EndPoint) -> Double {
    guard let left = moved[point], let right = witnesses.reference[point] else { return 0 }
    return relativeL2(left, right)
  }
}

extension TrainingBatch where Scalar == Float {
  package init(_ stored: StoredBatch, _ architecture: Architecture) throws(TrainingBatchError) {
    try self.init(
      images: stored.images, labels: stored.labels, dropoutMask: stored.dropoutMask,
      architecture: architecture)
  }
}

extension TrainingOptions {
  /// As TensorFlow's fused batch norm trains in float32: the moving variance is unbiased.
  package init(_ settings: StoredSettings) {
    self.init()
    batchNormMomentum = settings.momentum
    keepProbability = settings.keepProbability
    weightDecay = settings.weightDecay
    movingVariance = .unbiased
  }
}

extension StoredStep {
  /// All that the golden shows in full, by name; gradients apart, which it may hold in summary.
  var points: [EndPoint: Tensor<Scalar>] {
    var points: [EndPoint: Tensor<Scalar>] = [:]
    for (endPoint, value) in activations { points[endPoint.output] = value }
    for (endPoint, value) in batchMean { points[endPoint.batchMean] = value }
    for (endPoint, value) in batchVariance { points[endPoint.batchVariance] = value }
    for (name, value) in movingAverages { points[.updated(name)] = value }
    points[.crossEntropy] = row([loss.crossEntropy])
    points[.regularization] = row([loss.regularization])
    points[.totalLoss] = row([loss.total])
    return points
  }
}
