import Foundation
import Golden
import MobileNet
import RealModule
import Reference

/// Makes every known mistake of training in the first and the last layer where it can be made, and
/// sees whether the gates of a step by itself notice, where, and whether its cause is found.
public struct TrainingFaultMatrix: Sendable {
  private let parameters: Parameters
  private let profile: Profile

  public init(parameters: Parameters, profile: Profile = .standard) {
    self.parameters = parameters
    self.profile = profile
  }

  /// Runs the matrix on one case.
  ///
  /// - Parameter progress: Called after each mistake with how many are done, and of how many.
  /// - Throws: Whatever reading the case throws.
  public func run(
    _ golden: TrainingFile, case name: String,
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws -> FaultRecord {
    let startedAt = Date()
    let clock = ContinuousClock()
    let start = clock.now
    let stored = try golden.readCase(name)
    let batch = try TrainingBatch(stored.batch, parameters.architecture)
    let bench = TrainingFaultBench(
      parameters: parameters, profile: profile, caseName: name, batch: batch,
      options: TrainingOptions(stored.settings))
    let jobs = jobs()
    var findings: [FaultRecord.Finding] = []
    for (fault, layer) in jobs {
      findings.append(try bench.examine(fault, layer))
      progress(findings.count, jobs.count)
    }
    let controls = try [
      NaiveTrainingSubject(parameters: parameters) as any TrainingSubject,
      ReferenceTrainingSubject(parameters: parameters),
    ].map(bench.control)
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
    TrainingFault.allCases.flatMap { fault -> [(TrainingFault, EndPoint)] in
      let places = parameters.architecture.layers.filter { fault.applies(to: $0) }.map(\.endPoint)
      guard let first = places.first, let last = places.last else { return [] }
      return (first == last ? [first] : [first, last]).map { (fault, $0) }
    }
  }
}

/// Judges faulty and correct subjects by the gates that look at a step by itself.
struct TrainingFaultBench {
  let parameters: Parameters
  let profile: Profile
  let caseName: String
  let batch: TrainingBatch<Float>
  let options: TrainingOptions

  private static let gates = [
    Gate.isolatedBound, .isolatedBudget, .clampExactness, .values,
  ]

  func examine(_ fault: TrainingFault, _ endPoint: EndPoint) throws -> FaultRecord.Finding {
    let subject = try FaultyTrainingSubject(
      parameters: parameters, fault: fault, layer: endPoint)
    let recorded = subject.step(batch, options)
    let failures = try failures(recorded)
    let hypotheses = TrainingHypotheses(
      parameters: parameters, batch: batch, options: options, profile: profile)
    var finding = FaultRecord.Finding(
      fault: fault.rawValue, summary: fault.summary, endPoint: endPoint, outcome: .missed,
      gates: [], usual: FaultRecord.UsualChecks())
    guard let first = failures.first else {
      finding.outcome = isEquivalent(fault, recorded) ? .equivalent : .missed
      finding.reason =
        finding.outcome == .equivalent ? "the step is the same to the bit without it" : nil
      return finding
    }
    finding.outcome = .caught
    finding.caseName = caseName
    finding.gates = Set(failures.filter { $0.point == first.point }.map(\.result.gate)).sorted()
    finding.excess = failures.compactMap(\.result.utilisation).max()
    finding.divergence = hypotheses.maker(of: first.point).map {
      parameters.architecture.layers[$0].endPoint
    }
    finding.diagnosis = try hypotheses.diagnose(first.point, recorded)
    return finding
  }

  func control(_ subject: any TrainingSubject) throws -> FaultRecord.Control {
    let failures = try failures(try subject.step(batch, options))
    return FaultRecord.Control(
      subject: subject.identity, judged: parameters.architecture.trainingPoints.count,
      alarms: failures.map { "\($0.point) in \(caseName): \($0.result.gate.rawValue)" },
      usual: FaultRecord.UsualChecks())
  }

  /// The gates that do not let the step pass, in order of computation.
  private func failures(
    _ recorded: [EndPoint: Tensor<Float>]
  ) throws -> [(point: EndPoint, result: GateResult)] {
    let isolation = try TrainingIsolation(parameters: parameters, batch: batch, options)
    var results: [EndPoint: [GateResult]] = [:]
    let judge = TrainingPointJudge(profile: profile)
    isolation.visit(recorded) { point, expectation in
      guard let value = recorded[point] else { return }
      var finding = TrainingPointJudge.Finding(reference: expectation.value)
      finding.measurement.isolated = expectation.statistics(
        value, correlation: expectation.correlation)
      let gates = Gate.judging(training: point, isGolden: false).filter(Self.gates.contains)
      results[point] = judge.record(point, finding, gates: gates).gates
    }
    return parameters.architecture.trainingPoints.flatMap { point in
      (results[point] ?? []).filter { $0.status == .fail }.map { (point, $0) }
    }
  }

  /// Whether the mistake changes no bit of the step.
  private func isEquivalent(_ fault: TrainingFault, _ recorded: [EndPoint: Tensor<Float>]) -> Bool {
    // In no layer at all.
    let healthy = TrainingScript(
      network: TrainingNetwork(parameters: parameters), batch: batch, options: options,
      fault: fault, place: -1
    ).step()
    return recorded.allSatisfy { healthy[$0.key] == $0.value }
  }
}
