import Foundation
import Golden
import MobileNet
import Reference

/// Judges a subject against golden files.
public struct Verification: Sendable {
  /// Version of Assay, as the record states it.
  public static let assayVersion = "0.1.0"

  private let network: ReferenceNetwork<Double>
  private let probe: ReferenceNetwork<Float>
  private let subject: any Subject
  private let profile: Profile
  private let selection: ConformanceRecord.Selection

  /// - Parameters:
  ///   - parameters: What the reference computes with; the golden's own.
  ///   - selection: Patterns for the cases and end points to judge; all, unless given.
  public init(
    parameters: Parameters, subject: any Subject, profile: Profile = .standard,
    selection: ConformanceRecord.Selection = ConformanceRecord.Selection()
  ) {
    network = ReferenceNetwork(parameters: parameters)
    probe = ReferenceNetwork(parameters: parameters)
    self.subject = subject
    self.profile = profile
    self.selection = selection
  }

  /// Judges every selected case of the goldens, several at a time.
  ///
  /// - Parameter progress: Called after each case with how many are done, and of how many.
  /// - Throws: ``VerificationError`` if a selection leaves nothing to judge or the subject's answer
  ///   has the wrong shape; whatever reading a case or running the subject throws.
  public func run(
    _ goldens: [GoldenFile],
    progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) async throws -> ConformanceRecord {
    let startedAt = Date()
    let clock = ContinuousClock()
    let start = clock.now
    let jobs = try selectedCases(goldens)
    let cases = Mistrust.apply(
      to: try await judge(jobs, progress: progress), limit: profile.zeroFraction)
    let elapsed = clock.now - start
    return ConformanceRecord(
      assayVersion: Self.assayVersion,
      subject: subject.identity,
      goldens: goldens.map {
        ConformanceRecord.GoldenIdentity(file: $0.path, provenance: $0.provenance)
      },
      profile: profile,
      selection: selection,
      host: .current,
      startedAt: startedAt.formatted(.iso8601),
      seconds: elapsed / .seconds(1),
      verdict: Verdict(
        cases: cases, subject: subject.identity, order: network.architecture.endPoints,
        restricted: selection != ConformanceRecord.Selection()),
      cases: cases)
  }

  private struct Job {
    let golden: GoldenFile
    let name: String
  }

  private func selectedCases(_ goldens: [GoldenFile]) throws -> [Job] {
    let jobs = goldens.flatMap { golden in
      golden.caseNames
        .filter { name in selection.cases.map { Glob($0).matches(name) } ?? true }
        .map { Job(golden: golden, name: $0) }
    }
    if jobs.isEmpty {
      throw VerificationError.nothingSelected(what: "case", pattern: selection.cases ?? "*")
    }
    if let layers = selection.layers,
      !network.architecture.endPoints.contains(where: { Glob(layers).matches($0.rawValue) })
    {
      throw VerificationError.nothingSelected(what: "end point", pattern: layers)
    }
    return jobs
  }

  /// As many cases at a time as there are processors; more would only need more memory.
  private func judge(
    _ jobs: [Job], progress: @escaping @Sendable (Int, Int) -> Void
  ) async throws -> [CaseRecord] {
    let judge = CaseJudge(
      network: network, probe: probe, subject: subject, profile: profile,
      layers: selection.layers.map(Glob.init))
    let width = ProcessInfo.processInfo.activeProcessorCount
    return try await withThrowingTaskGroup(of: (Int, CaseRecord).self) { group in
      var records = [CaseRecord?](repeating: nil, count: jobs.count)
      var (started, done) = (0, 0)
      func startNext() {
        guard started < jobs.count else { return }
        let (index, job) = (started, jobs[started])
        started += 1
        group.addTask {
          (index, try judge.judge(try job.golden.readCase(job.name), file: job.golden.path))
        }
      }
      for _ in 0..<width { startNext() }
      while let (index, record) = try await group.next() {
        records[index] = record
        done += 1
        progress(done, jobs.count)
        startNext()
      }
      return records.compactMap { $0 }
    }
  }
}

/// Why a verification could not be carried out.
public enum VerificationError: Error, Hashable, CustomStringConvertible {
  case nothingSelected(what: String, pattern: String)
  case wrongShape(subject: String, endPoint: EndPoint, expected: [Int], found: [Int])

  public var description: String {
    switch self {
    case .nothingSelected(let what, let pattern):
      "no \(what) matches '\(pattern)'; nothing was judged"
    case .wrongShape(let subject, let endPoint, let expected, let found):
      "\(subject) yields \(endPoint) with the shape \(describe(shape: found)), "
        + "expected \(describe(shape: expected))"
    }
  }
}
