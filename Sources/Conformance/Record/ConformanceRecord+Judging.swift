import MobileNet

extension ConformanceRecord {
  /// The same record judged again, by other limits or with other waivers. Nothing runs: the gates look
  /// at the figures that are in the record.
  ///
  /// A gate is judged again if its figures, under the limits of the record's own profile, still come
  /// to what the record says of it. Where they do not, as in the record of an older Assay that lacks
  /// some of them, the result stays as long as the gate's limits are the same, and is NOT_RUN
  /// otherwise: nothing passes that was not measured. ``Origin`` counts both.
  ///
  /// The diagnosis needs the subject; it stays where the first divergence is still in its layer.
  ///
  /// - Parameter waivers: Failures that someone has signed for, as of today; those of the record,
  ///   unless given.
  public func judged(under profile: Profile, waivers: [Waiver]? = nil) -> ConformanceRecord {
    judged(under: profile, waivers: waivers, on: Waiver.today())
  }

  /// - Parameter day: Today, `2026-11-23`.
  package func judged(
    under profile: Profile, waivers: [Waiver]?, on day: String
  ) -> ConformanceRecord {
    var bench = Rejudgement(from: self.profile, to: profile)
    let judgement = Judgement(
      of: cases.map { bench.judge($0) }, profile: profile,
      waivers: waivers ?? self.waivers.map(\.waiver), restricted: selection.isRestricted, on: day,
      order: endPointSummaries.map(\.name))
    let known = origin == nil ? verdict.diagnosis : origin?.diagnosis
    let diagnosis = known.flatMap { diagnosis in
      judgement.divergence.flatMap { divergence in
        divergence.endPoint == diagnosis.endPoint && divergence.isDiagnosable ? diagnosis : nil
      }
    }
    var record = self
    record.assayVersion = Verification.assayVersion
    record.profile = profile
    record.waivers = judgement.waivers
    record.verdict = Verdict(
      judgement, subject: subject, restricted: selection.isRestricted,
      omissions: verdict.omissions, diagnosis: diagnosis)
    record.cases = judgement.cases
    record.origin = Origin(
      profile: origin?.profile ?? self.profile.name, line: origin?.line ?? verdict.line,
      diagnosis: known, kept: bench.kept, lost: bench.lost)
    return record
  }

  /// What a verification came to whose record was judged again.
  public struct Origin: Hashable, Sendable, Codable {
    /// Name of the profile that it judged by.
    public var profile: String
    /// The line of its verdict.
    public var line: String
    /// Which known mistakes explain where it went wrong.
    public var diagnosis: Diagnosis?
    /// How many results of which gates stay as they were, because the record lacks their figures.
    public var kept: [String: Int]
    /// How many could not be judged again for the same reason, under other limits: they are NOT_RUN.
    public var lost: [String: Int]
  }
}

extension ConformanceRecord.Origin {
  /// What could not be judged again, for people; `nil` if everything was.
  public var remark: String? {
    func list(_ counts: [String: Int]) -> String {
      counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)x" }.joined(separator: ", ")
    }
    let remarks = [
      kept.isEmpty ? nil : "as recorded, since the record lacks their figures: \(list(kept))",
      lost.isEmpty ? nil : "NOT_RUN, since the record lacks their figures: \(list(lost))",
    ].compactMap { $0 }
    return remarks.isEmpty ? nil : remarks.joined(separator: "; ")
  }
}

/// Applies the gates once more to what a record holds.
private struct Rejudgement {
  private let old: Profile
  private let new: Profile
  private(set) var kept: [String: Int] = [:]
  private(set) var lost: [String: Int] = [:]

  init(from old: Profile, to new: Profile) {
    self.old = old
    self.new = new
  }

  mutating func judge(_ record: CaseRecord) -> CaseRecord {
    var record = record
    for index in record.endPoints.indices {
      let endPoint = record.endPoints[index]
      record.endPoints[index].gates = endPoint.gates.map { judge($0, of: endPoint) }
    }
    record.settle()
    return record
  }

  private mutating func judge(_ result: GateResult, of endPoint: EndPointRecord) -> GateResult {
    guard result.status != .harnessError else { return result }
    let measurement = endPoint.measurement
    let before = result.gate.judge(measurement, of: endPoint.name, old)
    guard before.agrees(with: result) else { return unmeasured(result) }
    let again = result.gate.judge(measurement, of: endPoint.name, new)
    // The record knows best why something did not run.
    return again.status == .notRun && result.status == .notRun ? result : again
  }

  /// A result whose figures the record lacks.
  private mutating func unmeasured(_ result: GateResult) -> GateResult {
    let gate = result.gate
    guard gate.limits.allSatisfy({ old[$0] == new[$0] }) else {
      lost[gate.rawValue, default: 0] += 1
      return GateResult(
        gate, status: .notRun, note: "cannot be judged again: the record lacks its figures")
    }
    kept[gate.rawValue, default: 0] += 1
    guard result.status == .waived || result.status == .mistrusted else { return result }
    // Whether anyone still signs for it, or mistrusts it, is asked anew.
    return result.criteria.isEmpty
      ? GateResult(gate, status: .notRun, note: "not run when it was recorded")
      : GateResult(gate, criteria: result.criteria)
  }
}

extension GateResult {
  /// Whether both come from the same figures and limits.
  fileprivate func agrees(with recorded: GateResult) -> Bool {
    criteria.count == recorded.criteria.count
      && zip(criteria, recorded.criteria).allSatisfy { left, right in
        left.measure == right.measure && Self.areSame(left.value, right.value)
          && Self.areSame(left.limit, right.limit)
      }
  }

  private static func areSame(_ left: Double, _ right: Double) -> Bool {
    left == right || (left.isNaN && right.isNaN)
  }
}

extension EndPointRecord {
  /// What the gates judge by.
  var measurement: Measurement {
    Measurement(
      isolated: isolated, accumulated: accumulated, goldenIsolated: goldenIsolated,
      goldenAccumulated: goldenAccumulated, referenceDistance: referenceDistance,
      subjectFromGolden: subjectFromGolden, changed: changed, inexact: inexact,
      special: special, isolatedMismatch: isolatedMismatch,
      accumulatedMismatch: accumulatedMismatch, training: training)
  }
}
