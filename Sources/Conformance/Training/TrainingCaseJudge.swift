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
    let shown = try subject?.step(batch, options) ?? [:]
    let chain = try TrainingChain(parameters, batch, options)
    let mismatches = mismatches(of: shown, chain.witnesses.reference)
    let recorded = shown.filter { mismatches[$0.key] == nil }

    let (stored, exact) = (StoredPoints(golden.float32), StoredPoints(golden.float64))
    var findings: [EndPoint: TrainingPointJudge.Finding] = [:]
    for point in architecture.trainingPoints where isSelected(point) {
      guard let yardstick = chain.witnesses.yardstick(point) else { continue }
      var finding = TrainingPointJudge.Finding(reference: yardstick.reference)
      finding.measurement.absence = subject == nil ? "this subject does not train" : nil
      blame(mismatches, at: point, &finding)
      finding.measurement.accumulated = recorded[point].map(yardstick.statistics)
      compare(stored, with: yardstick, at: point, &finding)
      pin(chain, by: exact, at: point, &finding)
      findings[point] = finding
    }
    let isolation = try TrainingIsolation(parameters: parameters, batch: batch, options)
    isolation.visit(recorded, where: { recorded[$0] != nil && isSelected($0) }) {
      point, expectation in
      guard let value = recorded[point] else { return }
      let (statistics, correlation) = expectation.correlatedStatistics(value)
      findings[point]?.measurement.isolated = statistics
      findings[point]?.correlation = correlation
      findings[point]?.figures.kinks = expectation.kinks
    }
    let golden32 = stored.tensors
    isolation.visit(golden32, where: { golden32[$0] != nil && isSelected($0) }) {
      point, expectation in
      findings[point]?.measurement.goldenIsolated = golden32[point].map(expectation.statistics)
    }
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

  /// The golden's own chain.
  private func compare(
    _ stored: StoredPoints<Float>, with yardstick: TrainingWitnesses.Yardstick,
    at point: EndPoint, _ finding: inout TrainingPointJudge.Finding
  ) {
    if let value = stored.tensors[point] {
      finding.isGolden = true
      finding.measurement.goldenAccumulated = yardstick.statistics(value)
    }
    guard let gradient = stored.gradients[point] else { return }
    finding.isGolden = true
    finding.measurement.goldenAccumulated = yardstick.statistics(gradient.knownElements)
    if case .summary = gradient.content {
      finding.figures.projected = yardstick.projected(gradient)
    }
  }

  /// TensorFlow's float64 beside the reference's.
  private func pin(
    _ chain: TrainingChain, by exact: StoredPoints<Double>, at point: EndPoint,
    _ finding: inout TrainingPointJudge.Finding
  ) {
    let distance =
      exact.tensors[point].map { relativeL2(chain.unfused(point), $0) }
      ?? exact.gradients[point].map { $0.distance(to: finding.reference.scalars) }
    guard let distance else { return }
    finding.measurement.referenceDistance = distance
    finding.figures.referenceSensitivity = chain.sensitivity(point)
  }

  /// What the subject shows in another shape than the reference has.
  private func mismatches(
    of shown: [EndPoint: Tensor<Float>], _ reference: [EndPoint: Tensor<Double>]
  ) -> [EndPoint: ShapeMismatch] {
    var mismatches: [EndPoint: ShapeMismatch] = [:]
    for (point, tensor) in shown {
      guard let expected = reference[point]?.shape else { continue }
      mismatches[point] = ShapeMismatch(tensor.shape, for: expected)
    }
    return mismatches
  }

  /// A point of another shape fails, by itself unless something that it is computed from has another
  /// shape as well; what is computed from such a point cannot be judged by itself.
  private func blame(
    _ mismatches: [EndPoint: ShapeMismatch], at point: EndPoint,
    _ finding: inout TrainingPointJudge.Finding
  ) {
    guard !mismatches.isEmpty else { return }
    let earlier = architecture.trainingPoints.prefix { $0 != point }
    let operands = Set(architecture.operands(of: point)).intersection(earlier)
    let isInherited = operands.contains { mismatches[$0] != nil }
    finding.measurement.accumulatedMismatch = mismatches[point]
    if isInherited {
      finding.measurement.absence = "what this is computed from has another shape"
    } else {
      finding.measurement.isolatedMismatch = mismatches[point]
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
    witnesses = TrainingWitnesses(parameters, batch, options, reference: step)
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

/// What a golden has of a step, by the names of a step's points.
struct StoredPoints<Scalar: Hashable & Sendable> {
  /// All that it shows in full.
  let tensors: [EndPoint: Tensor<Scalar>]
  /// Which it may hold in summary.
  let gradients: [EndPoint: StoredGradient]

  init(_ step: StoredStep<Scalar>) {
    var tensors: [EndPoint: Tensor<Scalar>] = [:]
    for (endPoint, value) in step.activations { tensors[endPoint.output] = value }
    for (endPoint, value) in step.batchMean { tensors[endPoint.batchMean] = value }
    for (endPoint, value) in step.batchVariance { tensors[endPoint.batchVariance] = value }
    for (name, value) in step.movingAverages { tensors[.updated(name)] = value }
    tensors[.crossEntropy] = row([step.loss.crossEntropy])
    tensors[.regularization] = row([step.loss.regularization])
    tensors[.totalLoss] = row([step.loss.total])
    self.tensors = tensors
    var gradients: [EndPoint: StoredGradient] = [.imagesGradient: step.imagesGradient]
    for (name, value) in step.gradients { gradients[.gradient(of: name)] = value }
    self.gradients = gradients
  }
}
