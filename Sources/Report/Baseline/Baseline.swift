import Conformance
import Foundation
import MobileNet

/// What a subject came to when someone last said "no worse than this": the worst of all cases for
/// every figure that a gate looks at.
///
/// A small file that is committed beside the engine. It holds neither dates nor machines, so that the
/// same engine gives the same bytes, and a change of the file is a change of the engine; all but
/// ``latency``, which is measured on a machine and only there if someone asked for it.
public struct Baseline: Hashable, Sendable, Codable {
  public static let currentFormat = "assay-baseline"
  /// Version of this format.
  public static let currentFormatVersion = 1

  public var format = currentFormat
  public var formatVersion = currentFormatVersion
  /// Version of Assay that judged.
  public var assayVersion: String
  public var subject: Subject
  public var checkpoint: Checkpoint
  public var profile: Profile
  /// Names of the cases, sorted.
  public var cases: [String]
  /// In order of computation.
  public var endPoints: [EndPoint]
  /// How long the engine takes, if that was measured.
  public var latency: BaselineLatency?

  /// Who was judged. The instruction set counts: another one rounds otherwise.
  public struct Subject: Hashable, Sendable, Codable {
    public var name: String
    public var isa: String?
  }

  /// Against what.
  public struct Checkpoint: Hashable, Sendable, Codable {
    public var name: String
    /// Hashes of all variables, of every golden.
    public var parametersSHA256: [String]
  }

  /// With which limits.
  public struct Profile: Hashable, Sendable, Codable {
    public var name: String
    /// Every number of the profile by its place in it.
    public var limits: [String: Double]
  }

  /// What ``endPoints`` are called.
  package var words: PlaceWords { PlaceWords(endPoints.lazy.map { MobileNet.EndPoint($0.name) }) }

  public struct EndPoint: Hashable, Sendable, Codable {
    public var name: String
    /// By the gate's short name.
    public var gates: [String: [Figure]]
  }

  /// The worst of all cases.
  public struct Figure: Hashable, Sendable, Codable {
    public var measure: String
    public var value: Double
    public var limit: Double
    /// The case that it comes from.
    public var caseName: String
  }
}

extension Baseline {
  /// What `record` came to.
  ///
  /// - Throws: ``BaselineError/doesNotConform(_:)`` and ``BaselineError/selection`` for a record that
  ///   nobody should be measured by.
  public init(accepting record: ConformanceRecord, latency: BaselineLatency? = nil) throws {
    guard record.verdict.conforms else {
      throw BaselineError.doesNotConform(record.verdict.line.oneLine)
    }
    guard record.selection == ConformanceRecord.Selection() else { throw BaselineError.selection }
    self = try Self(figuresOf: record)
    self.latency = latency
  }

  /// The figures of any record, to be compared.
  init(figuresOf record: ConformanceRecord) throws {
    assayVersion = record.assayVersion
    subject = Subject(name: record.subject.name, isa: record.subject.isa)
    let checkpoints = Set(record.goldens.map(\.provenance.checkpoint.name)).sorted()
    checkpoint = Checkpoint(
      name: checkpoints.joined(separator: ", "),
      parametersSHA256: Set(record.goldens.map(\.provenance.parametersSHA256)).sorted())
    profile = Profile(name: record.profile.name, limits: try ProfileLimits.limits(record.profile))
    cases = record.cases.map(\.name).sorted()
    endPoints = Self.endPoints(record)
  }

  private static func endPoints(_ record: ConformanceRecord) -> [EndPoint] {
    var order: [String] = []
    var figures: [String: [String: [String: Figure]]] = [:]
    for item in record.cases {
      for endPoint in item.endPoints {
        let name = endPoint.name.rawValue
        if figures[name] == nil { order.append(name) }
        for result in endPoint.gates {
          for criterion in result.criteria {
            let figure = Figure(
              measure: criterion.measure, value: criterion.value, limit: criterion.limit,
              caseName: item.name)
            let old = figures[name]?[result.gate.rawValue]?[criterion.measure]
            figures[name, default: [:]][result.gate.rawValue, default: [:]][criterion.measure] =
              old.map { worse($0, figure) } ?? figure
          }
        }
      }
    }
    return order.map { name in
      EndPoint(
        name: name,
        gates: (figures[name] ?? [:]).mapValues { gate in
          gate.values.sorted { $0.measure < $1.measure }
        })
    }
  }

  /// The one with the larger share of its limit, which differs from case to case; the earlier of two
  /// equals.
  private static func worse(_ old: Figure, _ new: Figure) -> Figure {
    new.share > old.share ? new : old
  }
}

extension Baseline.Figure {
  /// How much of what is allowed was used; see `GateResult.Criterion.share`.
  var share: Double {
    if value == 0 { return 0 }
    let share = value / limit
    return share.isNaN ? .infinity : share
  }
}

/// Why a baseline cannot be used or made.
public enum BaselineError: Error, Hashable, CustomStringConvertible {
  case notABaseline(String)
  case otherVersion(Int)
  case otherSubject(baseline: String, record: String)
  case otherCheckpoint(baseline: String, record: String)
  case otherProfile(String)
  case otherCases(missing: [String], new: [String])
  case selection
  case noLatency
  case doesNotConform(String)

  public var description: String {
    switch self {
    case .notABaseline(let reason): "is no baseline: \(reason)"
    case .otherVersion(let version):
      "has format version \(version), this Assay reads \(Baseline.currentFormatVersion); make it "
        + "anew with --accept"
    case .otherSubject(let baseline, let record):
      "is a baseline of \(baseline.oneLine), the record is of \(record.oneLine)"
    case .otherCheckpoint(let baseline, let record):
      "is a baseline for the checkpoint \(baseline.oneLine), the record is for \(record.oneLine)"
    case .otherProfile(let difference):
      "is a baseline of another profile: \(difference.oneLine); make it anew with --accept"
    case .otherCases(let missing, let new):
      "is a baseline of other cases: the record \(Self.list("lacks", missing))"
        + (missing.isEmpty || new.isEmpty ? "" : " and ") + Self.list("adds", new)
        + "; make it anew with --accept"
    case .selection:
      "the record is of a selection (--cases or --layers); a gate needs all that the golden holds"
    case .noLatency: "holds no latency; make it anew with --accept --latency"
    case .doesNotConform(let line):
      "the record does not conform, so it is no baseline: \(line)"
    }
  }

  private static func list(_ verb: String, _ names: [String]) -> String {
    guard !names.isEmpty else { return "" }
    let more = names.count > 3 ? " and \(names.count - 3) more" : ""
    return "\(verb) \(names.prefix(3).joined(separator: ", ").oneLine.shortened(to: 200))\(more)"
  }
}
