import Foundation
import MobileNet

/// Someone's signature under a failure: which one, who, why, and until when.
public struct Waiver: Hashable, Sendable, Codable {
  /// Version of the file format that this reads.
  public static let schemaVersion = 1

  /// Pattern for end points.
  public var layer: String
  /// Pattern for gates: `G3`.
  public var gate: String
  /// Pattern for cases.
  public var caseName: String
  public var owner: String
  public var reason: String
  /// The last day that it holds, `2026-12-31`, in UTC.
  public var expires: String

  /// Whether it speaks of this gate of this end point of this case.
  func covers(caseName: String, endPoint: EndPoint, gate: Gate) -> Bool {
    Glob(self.caseName).matches(caseName) && Glob(layer).matches(endPoint.rawValue)
      && Glob(self.gate).matches(gate.rawValue)
  }

  /// Whether it no longer holds on `day`.
  func isExpired(on day: String) -> Bool { expires < day }
}

extension Waiver {
  /// Reads a file of waivers.
  ///
  /// - Throws: ``PolicyError`` as ``Profile/init(reading:)`` does.
  public static func waivers(reading path: String) throws(PolicyError) -> [Waiver] {
    try waivers(PolicyFile(reading: path))
  }

  package static func waivers(yaml: String, file: String) throws(PolicyError) -> [Waiver] {
    try waivers(PolicyFile(parsing: yaml, file: file))
  }

  private static func waivers(_ file: PolicyFile) throws(PolicyError) -> [Waiver] {
    let root = try file.root(schemaVersion: schemaVersion, keys: ["waivers"])
    let keys = ["layer", "gate", "case", "owner", "reason", "expires"]
    var waivers: [Waiver] = []
    for entry in try root.list("waivers", required: keys) {
      let waiver = Waiver(
        layer: try entry.text("layer"), gate: try entry.text("gate"),
        caseName: try entry.text("case"), owner: try entry.text("owner"),
        reason: try entry.text("reason"), expires: try entry.text("expires"))
      guard isDay(waiver.expires) else {
        throw entry.error("expires", "expected a day such as 2026-12-31")
      }
      guard Gate.allCases.contains(where: { Glob(waiver.gate).matches($0.rawValue) }) else {
        throw entry.error("gate", "no gate matches '\(waiver.gate)'")
      }
      waivers.append(waiver)
    }
    return waivers
  }

  private static func isDay(_ text: String) -> Bool {
    guard text.utf8.count == 10 else { return false }
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.map(\.utf8.count) == [4, 2, 2], parts.allSatisfy({ $0.allSatisfy(\.isNumber) })
    else { return false }
    return (try? Date(text, strategy: .iso8601.year().month().day())) != nil
  }

  /// Today in UTC.
  static func today() -> String {
    Date().formatted(.iso8601.year().month().day())
  }
}

/// What became of a waiver.
public struct WaiverRecord: Hashable, Sendable, Codable {
  public var waiver: Waiver
  public var state: State
  /// How many gates it let pass.
  public var applied: Int

  public enum State: String, Hashable, Sendable, Codable {
    /// It let at least one gate pass.
    case used = "USED"
    /// What it speaks of was not judged: outside the selection.
    case notJudged = "NOT_JUDGED"
    /// All that it speaks of passes without it: it has to go.
    case unneeded = "UNNEEDED"
    /// Its day is over: it has to go, or to be signed again.
    case expired = "EXPIRED"

    /// Whether it lets a run conform.
    public var conforms: Bool { self == .used || self == .notJudged }
  }
}

/// Applies waivers to what was judged.
enum Waivers {
  /// Marks as waived what the waivers cover and did not pass; a harness error cannot be waived.
  ///
  /// - Parameters:
  ///   - day: Today, `2026-11-23`.
  ///   - restricted: Whether only a selection was judged; a waiver for the rest is then none of this
  ///     run's business.
  static func apply(
    _ waivers: [Waiver], to cases: [CaseRecord], on day: String, restricted: Bool
  ) -> (cases: [CaseRecord], records: [WaiverRecord]) {
    var cases = cases
    let records = waivers.map { waiver in
      guard !waiver.isExpired(on: day) else {
        return WaiverRecord(waiver: waiver, state: .expired, applied: 0)
      }
      var (covered, applied) = (0, 0)
      for index in cases.indices {
        let tally = apply(waiver, to: &cases[index])
        covered += tally.covered
        applied += tally.applied
      }
      let state: WaiverRecord.State =
        applied > 0 ? .used : covered == 0 && restricted ? .notJudged : .unneeded
      return WaiverRecord(waiver: waiver, state: state, applied: applied)
    }
    return (cases, records)
  }

  private static func apply(
    _ waiver: Waiver, to record: inout CaseRecord
  ) -> (covered: Int, applied: Int) {
    var (covered, applied) = (0, 0)
    for e in record.endPoints.indices {
      for g in record.endPoints[e].gates.indices {
        let result = record.endPoints[e].gates[g]
        guard
          waiver.covers(
            caseName: record.name, endPoint: record.endPoints[e].name, gate: result.gate)
        else { continue }
        covered += 1
        // A gate that another waiver let pass already needs this one too: both cover it.
        guard !result.status.conforms || result.status == .waived,
          result.status != .harnessError
        else { continue }
        applied += 1
        record.endPoints[e].gates[g].status = .waived
        record.endPoints[e].gates[g].note = "waived by \(waiver.owner): \(waiver.reason)"
      }
    }
    record.settle()
    return (covered, applied)
  }
}
