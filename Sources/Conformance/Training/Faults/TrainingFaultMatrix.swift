import Foundation
import Golden
import MobileNet
import RealModule
import Reference

/// Makes every known mistake of training in every layer where it can be made, and sees whether the
/// gates of a step by itself notice, where, and whether its cause is found.
public struct TrainingFaultMatrix: Sendable {
  private let parameters: Parameters
  private let controls: [any TrainingSubject]
  private let profile: Profile
  private let selection: FaultMatrix.Selection

  /// - Parameter controls: Correct subjects, which must not be accused.
  public init(
    parameters: Parameters, controls: [any TrainingSubject] = [], profile: Profile = .standard,
    selection: FaultMatrix.Selection = FaultMatrix.Selection()
  ) {
    self.parameters = parameters
    self.controls = controls
    self.profile = profile
    self.selection = selection
  }

  /// Runs the matrix on one case.
  ///
  /// - Parameter progress: Called after each mistake with how many are done, and of how many.
  /// - Throws: ``VerificationError`` if the selection leaves nothing; whatever reading the case or
  ///   running a subject throws.
  public func run(
    _ golden: TrainingFile, case name: String,
    progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) async throws -> FaultRecord {
    let startedAt = Date()
    let clock = ContinuousClock()
    let start = clock.now
    let jobs = jobs()
    guard !jobs.isEmpty else { throw selection.error }
    let bench = try TrainingFaultBench(parameters, profile, try golden.readCase(name))
    let findings = try await inParallel(jobs, finished: progress) { try bench.examine($0, $1) }
    let controls = try await inParallel(controls) { try bench.control($0) }
    let elapsed = clock.now - start
    return FaultRecord(
      assayVersion: Verification.assayVersion,
      base: NaiveTrainingSubject(parameters: parameters).identity,
      goldens: [
        ConformanceRecord.GoldenIdentity(file: golden.path, provenance: golden.provenance)
      ],
      cases: [name], profile: profile, host: .current, startedAt: startedAt.formatted(.iso8601),
      seconds: elapsed / .seconds(1), findings: findings, sensitivities: [], controls: controls)
  }

  private func jobs() -> [(TrainingFault, EndPoint)] {
    let architecture = parameters.architecture
    return TrainingFault.allCases.filter { selection.faults?.matches($0.rawValue) ?? true }
      .flatMap { fault in
        selection.places(in: architecture, where: fault.applies)
          .map { (fault, architecture.layers[$0].endPoint) }
      }
  }
}

/// Judges faulty and correct subjects by the gates that look at a step by itself.
private struct TrainingFaultBench {
  private let parameters: Parameters
  private let profile: Profile
  private let caseName: String
  private let batch: TrainingBatch<Float>
  private let options: TrainingOptions
  private let isolation: TrainingIsolation
  private let hypotheses: TrainingHypotheses
  /// The reference's.
  private let logits: Tensor<Double>
  /// What every point is made of.
  private let operands: [EndPoint: [EndPoint]]
  /// The step without a mistake, and what the gates say to it.
  private let sound: [EndPoint: Tensor<Float>]
  private var soundResults: [EndPoint: [GateResult]] = [:]

  init(_ parameters: Parameters, _ profile: Profile, _ stored: TrainingCase) throws {
    self.parameters = parameters
    self.profile = profile
    caseName = stored.name
    batch = try TrainingBatch(stored.batch, parameters.architecture)
    options = TrainingOptions(stored.settings)
    isolation = try TrainingIsolation(parameters: parameters, batch: batch, options)
    hypotheses = try TrainingHypotheses(
      parameters: parameters, batch: batch, options: options, profile: profile)
    let step = TrainingNetwork<Double>(parameters: parameters).forward(
      images: Tensor(batch.images), dropoutMask: Tensor(batch.dropoutMask), options,
      accumulating: Sum<Double>.self)
    logits = step[step.count - 2].output
    operands = Dictionary(
      uniqueKeysWithValues: parameters.architecture.trainingPoints.map {
        ($0, parameters.architecture.operands(of: $0))
      })
    // In no layer at all.
    sound = TrainingScript(
      network: TrainingNetwork(parameters: parameters), batch: batch, options: options,
      fault: .staleAverages, place: -1
    ).step()
    soundResults = results(sound, at: parameters.architecture.trainingPoints)
  }

  private static let gates = [
    Gate.isolatedBound, .isolatedBudget, .clampExactness, .values,
  ]

  func examine(_ fault: TrainingFault, _ endPoint: EndPoint) throws -> FaultRecord.Finding {
    let subject = try FaultyTrainingSubject(
      parameters: parameters, fault: fault, layer: endPoint)
    let recorded = subject.step(batch, options)
    let changed = changes(recorded)
    let failures = failures(recorded, changed)
    var finding = FaultRecord.Finding(
      fault: fault.rawValue, summary: fault.summary, endPoint: endPoint, outcome: .missed,
      gates: [], usual: usualChecks(recorded))
    guard let first = failures.first else {
      finding.outcome = changed.isEmpty ? .equivalent : .missed
      finding.reason =
        finding.outcome == .equivalent ? "the step is the same to the bit without it" : nil
      return finding
    }
    finding.outcome = .caught
    finding.caseName = caseName
    finding.gates = Set(failures.filter { $0.point == first.point }.map(\.result.gate)).sorted()
    finding.excess = failures.compactMap(\.result.utilisation).max()
    finding.divergence = parameters.architecture.maker(of: first.point).map {
      parameters.architecture.layers[$0].endPoint
    }
    finding.diagnosis = hypotheses.diagnose(first.point, recorded)
    return finding
  }

  func control(_ subject: any TrainingSubject) throws -> FaultRecord.Control {
    let recorded = try subject.step(batch, options)
    return FaultRecord.Control(
      subject: subject.identity, judged: parameters.architecture.trainingPoints.count,
      alarms: failures(recorded, changes(recorded)).map {
        "\($0.point) in \(caseName): \($0.result.gate.rawValue)"
      },
      usual: usualChecks(recorded))
  }

  private func usualChecks(_ recorded: [EndPoint: Tensor<Float>]) -> FaultRecord.UsualChecks {
    recorded[EndPoint.logits.output].map { FaultRecord.UsualChecks($0, reference: logits) }
      ?? FaultRecord.UsualChecks()
  }

  /// Points that are not the same to the bit as without a mistake.
  private func changes(_ recorded: [EndPoint: Tensor<Float>]) -> Set<EndPoint> {
    Set(
      parameters.architecture.trainingPoints.filter {
        recorded[$0]?.scalars.map(\.bitPattern) != sound[$0]?.scalars.map(\.bitPattern)
      })
  }

  /// The gates that do not let the step pass, in order of computation.
  ///
  /// - Parameter changed: The points at which the step is not the sound one. What is the same, made of
  ///   the same, has been judged already.
  private func failures(
    _ recorded: [EndPoint: Tensor<Float>], _ changed: Set<EndPoint>
  ) -> [(point: EndPoint, result: GateResult)] {
    let points = parameters.architecture.trainingPoints
    let again = points.filter { point in
      ([point] + (operands[point] ?? [])).contains(where: changed.contains)
    }
    let results = soundResults.merging(results(recorded, at: again)) { $1 }
    return points.flatMap { point in
      (results[point] ?? []).filter { $0.status == .fail }.map { (point, $0) }
    }
  }

  private func results(
    _ recorded: [EndPoint: Tensor<Float>], at points: [EndPoint]
  ) -> [EndPoint: [GateResult]] {
    var results: [EndPoint: [GateResult]] = [:]
    let judge = TrainingPointJudge(profile: profile)
    isolation.visit(recorded, where: Set(points).contains) { point, expectation in
      guard let value = recorded[point] else { return }
      var finding = TrainingPointJudge.Finding(reference: expectation.value)
      finding.measurement.isolated = expectation.correlatedStatistics(value).statistics
      let gates = Gate.judging(training: point, isGolden: false).filter(Self.gates.contains)
      results[point] = judge.record(point, finding, gates: gates).gates
    }
    return results
  }
}
