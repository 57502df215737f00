import Foundation
import Golden
import MobileNet
import Reference
import Synchronization

/// Proves what the suite is worth: injects every known mistake into every layer where it can be made
/// and sees whether the gates notice.
public struct FaultMatrix: Sendable {
  private let parameters: Parameters
  private let network: ReferenceNetwork<Double>
  private let probe: ReferenceNetwork<Float>
  private let base: any Subject
  private let controls: [any Subject]
  private let profile: Profile
  private let selection: Selection

  /// Which part of the matrix to run.
  public struct Selection: Sendable {
    /// Patterns for faults and layers; all, unless given.
    public var faults: Glob?
    public var layers: Glob?
    /// Whether to inject every fault only into the first and the last layer where it applies, and to
    /// leave out how small a mistake may be.
    public var isSubset: Bool

    public init(faults: Glob? = nil, layers: Glob? = nil, isSubset: Bool = false) {
      self.faults = faults
      self.layers = layers
      self.isSubset = isSubset
    }

    /// The layers where a mistake is to be made, of those where it can be.
    func places(
      in architecture: Architecture, where applies: (Layer) -> Bool
    ) -> [Int] {
      let places = architecture.layers.indices.filter { index in
        applies(architecture.layers[index])
          && layers?.matches(architecture.layers[index].endPoint.rawValue) ?? true
      }
      guard isSubset, let first = places.first, let last = places.last else { return places }
      return first == last ? [first] : [first, last]
    }

    /// Why nothing is left to do.
    var error: VerificationError {
      .nothingSelected(
        what: "fault in a layer",
        pattern: "\(faults?.description ?? "*")@\(layers?.description ?? "*")")
    }
  }

  /// - Parameters:
  ///   - base: Computes the layers without a mistake; it has to be able to run single layers.
  ///   - controls: Correct subjects, which must not be accused.
  public init(
    parameters: Parameters, base: any Subject, controls: [any Subject] = [],
    profile: Profile = .standard, selection: Selection = Selection()
  ) {
    self.parameters = parameters
    network = ReferenceNetwork(parameters: parameters)
    probe = ReferenceNetwork(parameters: parameters)
    self.base = base
    self.controls = controls
    self.profile = profile
    self.selection = selection
  }

  /// Runs the matrix.
  ///
  /// - Parameters:
  ///   - progress: Called after each mistake with how many are done, and of how many.
  /// - Throws: ``VerificationError`` if the selection leaves nothing; ``FaultError`` if the base
  ///   cannot run single layers; whatever reading a case or running a subject throws.
  public func run(
    _ goldens: [GoldenFile],
    progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) async throws -> FaultRecord {
    let startedAt = Date()
    let clock = ContinuousClock()
    let start = clock.now
    let jobs = selectedFaults()
    let total = jobs.values.reduce(0) { $0 + $1.count }
    guard total > 0 else { throw selection.error }
    let chosen = try Self.smallCases(goldens)
    let cases = try await inParallel(chosen) { golden in
      try MatrixCase(golden, network: network, probe: probe, base: base)
    }
    let counter = Mutex(0)
    let advance: @Sendable () -> Void = {
      progress(
        counter.withLock { count in
          count += 1; return count
        }, total)
    }
    // The most expensive layers first, so that no processor is left with one at the end.
    let parts = try await inParallel(jobs.keys.sorted(by: >)) { index in
      try examine(jobs[index] ?? [], layer: index, cases, advance)
    }
    let ordered = parts.sorted { $0.index < $1.index }
    let elapsed = clock.now - start
    return FaultRecord(
      assayVersion: Verification.assayVersion, base: base.identity,
      goldens: goldens.map {
        ConformanceRecord.GoldenIdentity(file: $0.path, provenance: $0.provenance)
      },
      cases: [Probe.caseName] + chosen.map(\.name), profile: profile, host: .current,
      startedAt: startedAt.formatted(.iso8601), seconds: elapsed / .seconds(1),
      findings: ordered.flatMap(\.findings), sensitivities: ordered.flatMap(\.sensitivities),
      controls: try await inParallel(controls) { try judge($0, cases) })
  }

  // MARK: What to do

  /// The faults to inject, by layer.
  private func selectedFaults() -> [Int: [any Fault]] {
    var jobs: [Int: [any Fault]] = [:]
    for fault in Faults.all where selection.faults?.matches(fault.name) ?? true {
      let places = selection.places(in: parameters.architecture, where: fault.applies)
      for index in places { jobs[index, default: []].append(fault) }
    }
    return jobs
  }

  /// The cheapest cases that show everything: the smallest image, the smallest that is no square, the
  /// smallest batch.
  private static func smallCases(_ goldens: [GoldenFile]) throws -> [GoldenCase] {
    var all: [(golden: GoldenFile, name: String, shape: [Int])] = []
    for golden in goldens {
      for name in golden.caseNames {
        all.append((golden, name, try golden.summary(ofCase: name).imagesShape))
      }
    }
    let kinds: [([Int]) -> Bool] = [
      { $0[0] == 1 && $0[1] == $0[2] }, { $0[1] != $0[2] }, { $0[0] > 1 },
    ]
    var chosen: [String: GoldenCase] = [:]
    var order: [String] = []
    for isOfKind in kinds {
      let candidates = all.filter { isOfKind($0.shape) }
      guard
        let smallest = candidates.min(by: { $0.shape.reduce(1, *) < $1.shape.reduce(1, *) }),
        chosen[smallest.name] == nil
      else { continue }
      chosen[smallest.name] = try smallest.golden.readCase(smallest.name)
      order.append(smallest.name)
    }
    return order.compactMap { chosen[$0] }
  }

  // MARK: Doing it

  /// What came of one layer.
  private struct Part: Sendable {
    let index: Int
    let findings: [FaultRecord.Finding]
    let sensitivities: [FaultRecord.Sensitivity]
  }

  private func examine(
    _ faults: [any Fault], layer index: Int, _ cases: [MatrixCase], _ advance: () -> Void
  ) throws -> Part {
    let bench = LayerBench(
      parameters: parameters, network: network, layer: index, base: base, profile: profile,
      cases: cases)
    let findings = try faults.map { fault in
      defer { advance() }
      return try bench.examine(fault)
    }
    let measuresSize = !selection.isSubset && selection.faults == nil
    return Part(
      index: index, findings: findings, sensitivities: measuresSize ? bench.sensitivities() : [])
  }

  /// Judges a correct subject on the same cases and probes.
  private func judge(_ subject: any Subject, _ cases: [MatrixCase]) throws -> FaultRecord.Control {
    let judge = CaseJudge(
      network: network, probe: probe, subject: subject, profile: profile, layers: selection.layers)
    var records = try cases.map { try judge.judge($0.golden, file: "") }
    let probes = ProbeJudge(
      network: network, subject: subject, profile: profile, layers: selection.layers)
    if let record = try probes.judge() { records.append(record) }
    let alarms = records.flatMap { record in
      record.endPoints.filter { !$0.status.conforms }.map { endPoint in
        let gates = endPoint.gates.filter { !$0.status.conforms }.map(\.gate.rawValue)
        return "\(endPoint.name) in \(record.name): \(gates.joined(separator: " "))"
      }
    }
    var usual = FaultRecord.UsualChecks()
    for item in cases {
      if let logits = try subject.endPoints(images: item.golden.images)[.logits] {
        usual.add(item.usualChecks(logits))
      }
    }
    return FaultRecord.Control(
      subject: subject.identity, judged: records.reduce(0) { $0 + $1.endPoints.count },
      alarms: alarms, usual: usual)
  }
}
