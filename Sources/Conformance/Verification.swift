import Foundation
import Golden
import MobileNet
import Reference

/// Judges a subject against golden files.
public struct Verification: Sendable {
  /// Version of Assay, as the record states it.
  public static let assayVersion = "0.1.0"

  let parameters: Parameters
  let network: ReferenceNetwork<Double>
  private let probe: ReferenceNetwork<Float>
  let subject: any Subject
  let trainingSubject: (any TrainingSubject)?
  private let rebuild: SubjectFactory?
  let profile: Profile
  private let waivers: [Waiver]
  private let selection: ConformanceRecord.Selection
  private let measuresConditioning: Bool
  private let explainArguments: [String]?
  private let selfTest: SelfTest

  /// - Parameters:
  ///   - parameters: What the reference computes with; the golden's own.
  ///   - rebuild: Makes the same subject with other parameters, for gate G5. Without it G5 is not
  ///     run, and the verdict says so.
  ///   - trainingSubject: What to judge goldens of training steps by; without it they are not run.
  ///   - waivers: Failures that someone has signed for.
  ///   - selection: Patterns for the cases and end points to judge; all, unless given.
  ///   - measuresConditioning: Whether to measure what a change of the input by one unit in the last
  ///     place does to the reference; about half as much work again.
  ///   - explainArguments: For the record, see ``ConformanceRecord/explainArguments``.
  ///   - selfTest: What has to hold before anything is judged.
  public init(
    parameters: Parameters, subject: any Subject, rebuild: SubjectFactory? = nil,
    trainingSubject: (any TrainingSubject)? = nil,
    profile: Profile = .standard, waivers: [Waiver] = [],
    selection: ConformanceRecord.Selection = ConformanceRecord.Selection(),
    measuresConditioning: Bool = false, explainArguments: [String]? = nil,
    selfTest: SelfTest = SelfTest()
  ) {
    self.parameters = parameters
    self.rebuild = rebuild
    self.trainingSubject = trainingSubject
    self.waivers = waivers
    self.measuresConditioning = measuresConditioning
    self.explainArguments = explainArguments
    self.selfTest = selfTest
    network = ReferenceNetwork(parameters: parameters)
    probe = ReferenceNetwork(parameters: parameters)
    self.subject = subject
    self.profile = profile
    self.selection = selection
  }

  /// Judges every selected case of the goldens, several at a time.
  ///
  /// - Parameter progress: Called after each case with how many are done, and of how many.
  /// - Throws: ``HarnessError`` if the suite does not pass its own test; ``VerificationError`` if a
  ///   selection leaves nothing to judge; whatever
  ///   reading a case or running the subject throws.
  public func run(
    _ goldens: [GoldenFile],
    progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) async throws -> ConformanceRecord {
    let startedAt = Date()
    let clock = ContinuousClock()
    let start = clock.now
    try selfTest.run()
    let (training, inference) = (
      goldens.filter { $0.kind == .training }, goldens.filter { $0.kind != .training }
    )
    // What Assay makes itself is about inference.
    let made = inference.isEmpty ? [] : probeJobs() + integerJobs()
    let jobs = try selectedCases(inference) + selectedSteps(training)
    try checkSelection(jobs)
    // More at a time than there are processors would only need more memory.
    let judged = try await inParallel(jobs + made, finished: progress) { try $0() }
      .compactMap { $0 }
    let judgement = Judgement(
      of: judged, profile: profile, waivers: waivers, restricted: selection.isRestricted,
      order: order)
    let diagnosis = try judgement.divergence.flatMap { try diagnose($0, goldens) }
    let elapsed = clock.now - start
    // Whoever was judged; a subject that only trains stands for itself.
    let identity =
      inference.isEmpty ? trainingSubject?.identity ?? subject.identity : subject.identity
    return ConformanceRecord(
      assayVersion: Self.assayVersion,
      subject: identity,
      goldens: goldens.map {
        ConformanceRecord.GoldenIdentity(file: $0.path, provenance: $0.provenance)
      },
      profile: profile,
      waivers: judgement.waivers,
      explainArguments: explainArguments,
      selection: selection,
      host: .current,
      startedAt: startedAt.formatted(.iso8601),
      seconds: elapsed / .seconds(1),
      verdict: Verdict(
        judgement, subject: identity, restricted: selection.isRestricted,
        omissions: inference.isEmpty ? [] : omissions(judgement.cases), diagnosis: diagnosis),
      cases: judgement.cases)
  }

  /// What the verdict does not speak of.
  private func omissions(_ cases: [CaseRecord]) -> [String] {
    func title(_ gate: Gate) -> String { "\(gate.rawValue) (\(gate.title))" }
    let probe = "the probe and its special values (NaN, infinity, -0)"
    if subject.isRecording {
      return [
        "as recorded: without \(title(.exactIntegers)), \(title(.repeatability)), \(probe)"
      ]
    }
    let names = Set(cases.map(\.name))
    var omissions: [String] = []
    // Someone who selects cases or layers knows what is left out; not what could not have run.
    if names.isDisjoint(with: IntegerJudge.caseNames), rebuild == nil || !selection.isRestricted {
      omissions.append(
        "without \(title(.exactIntegers)): this subject cannot run on other parameters")
    }
    if !names.contains(Probe.caseName), isSelected(Probe.caseName) {
      omissions.append(
        "without \(title(.repeatability)), \(probe): this subject cannot run single layers")
    }
    return omissions
  }

  /// One case to judge; `nil` if the subject turns out to be unable to run it.
  private typealias Job = @Sendable () throws -> CaseRecord?

  private func selectedCases(_ goldens: [GoldenFile]) throws -> [Job] {
    let judge = CaseJudge(
      network: network, probe: probe, subject: subject, profile: profile,
      layers: selection.layers.map(Glob.init), measuresConditioning: measuresConditioning)
    let jobs = goldens.flatMap { golden in
      golden.caseNames.filter(isSelected).map { name -> Job in
        { try judge.judge(try golden.readCase(name), file: golden.path) }
      }
    }
    return jobs
  }

  /// The steps of training and the descents to judge.
  private func selectedSteps(_ goldens: [GoldenFile]) throws -> [Job] {
    let layers = selection.layers.map(Glob.init)
    let judge = TrainingCaseJudge(
      parameters: parameters, subject: trainingSubject, profile: profile, layers: layers)
    let trajectories = TrajectoryJudge(
      parameters: parameters, subject: trainingSubject, profile: profile, layers: layers)
    return try goldens.flatMap { golden in
      let file = try TrainingFile(reading: golden.path)
      let jobs = file.caseNames.filter(isSelected).map { name -> Job in
        { try judge.judge(try file.readCase(name), file: file.path) }
      }
      guard isSelected(TrajectoryJudge.caseName) else { return jobs }
      return jobs + [{ try trajectories.judge(try file.readTrajectory(), file: file.path) }]
    }
  }

  /// - Throws: ``VerificationError/nothingSelected(what:pattern:)``.
  private func checkSelection(_ jobs: [Job]) throws {
    if jobs.isEmpty {
      throw VerificationError.nothingSelected(what: "case", pattern: selection.cases ?? "*")
    }
    if let layers = selection.layers, !order.contains(where: { Glob(layers).matches($0.rawValue) })
    {
      throw VerificationError.nothingSelected(what: "end point", pattern: layers)
    }
  }

  /// Everything that can be judged, in order of computation.
  private var order: [EndPoint] {
    let architecture = network.architecture
    return architecture.endPoints + architecture.trainingPoints
      + architecture.descentPoints.dropFirst(3)
  }

  private func isSelected(_ name: String) -> Bool {
    selection.cases.map { Glob($0).matches(name) } ?? true
  }

  /// The cases of seeded inputs.
  private func probeJobs() -> [Job] {
    let judge = ProbeJudge(
      network: network, subject: subject, profile: profile,
      layers: selection.layers.map(Glob.init))
    let jobs: [(String, Job)] = [
      (Probe.caseName, { try judge.judge() }), (Probe.wideCaseName, { try judge.judgeWide() }),
    ]
    return jobs.filter { isSelected($0.0) }.map(\.1)
  }

  /// The cases of gate G5.
  private func integerJobs() -> [Job] {
    guard let rebuild else { return [] }
    let judge = IntegerJudge(
      architecture: network.architecture, rebuild: rebuild, profile: profile,
      layers: selection.layers.map(Glob.init))
    return zip(IntegerData.Emphasis.allCases, IntegerJudge.caseNames)
      .filter { isSelected($0.1) }
      .map { emphasis, _ in { try judge.judge(emphasis) } }
  }
}

/// Why a verification could not be carried out.
public enum VerificationError: Error, Hashable, CustomStringConvertible {
  case nothingSelected(what: String, pattern: String)
  case wrongShape(subject: String, endPoint: EndPoint, expected: [Int], found: [Int])
  case noSuchElement(endPoint: EndPoint, coordinates: [Int], shape: [Int])

  public var description: String {
    switch self {
    case .nothingSelected(let what, let pattern):
      "no \(what) matches '\(pattern)'; nothing was judged"
    case .wrongShape(let subject, let endPoint, let expected, let found):
      "\(subject) yields \(endPoint) with the shape \(describe(shape: found)), "
        + "expected \(describe(shape: expected))"
    case .noSuchElement(let endPoint, let coordinates, let shape):
      "\(endPoint) has the shape \(describe(shape: shape)) and no element "
        + coordinates.map(String.init).joined(separator: ",")
    }
  }
}
