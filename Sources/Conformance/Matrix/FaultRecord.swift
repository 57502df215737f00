import Foundation
import MobileNet

/// What the detection matrix found: which known mistakes the suite sees, where, and by what.
public struct FaultRecord: Sendable, Codable {
  /// Version of this format.
  public static let currentFormatVersion = 1

  public var formatVersion = currentFormatVersion
  public var assayVersion: String
  /// Who computes the layers without a mistake.
  public var base: SubjectIdentity
  public var goldens: [ConformanceRecord.GoldenIdentity]
  /// The cases that every mistake was judged on.
  public var cases: [String]
  public var profile: Profile
  public var host: ConformanceRecord.Host
  /// ISO 8601 in UTC.
  public var startedAt: String
  public var seconds: Double
  /// Every fault in every layer where it applies.
  public var findings: [Finding]
  /// The smallest mistakes that are still seen.
  public var sensitivities: [Sensitivity]
  /// Correct subjects, judged on the same cases.
  public var controls: [Control]

  /// One fault in one layer.
  public struct Finding: Hashable, Sendable, Codable {
    public var fault: String
    public var summary: String
    public var endPoint: EndPoint
    public var outcome: Outcome
    /// The gates that fail: those of the layer by itself and in the chain, or where none of these
    /// does, those further down the chain.
    public var gates: [Gate]
    /// The first divergence that a verdict would name.
    public var divergence: EndPoint?
    /// Largest figure / limit of any failing gate.
    public var excess: Double?
    /// The case that shows it most clearly.
    public var caseName: String?
    public var usual: UsualChecks
    public var diagnosis: Diagnosis?
    /// Why a mistake counts as equivalent.
    public var reason: String?

    public var isInRightPlace: Bool { divergence == endPoint }

    /// Whether the true cause is among those that the diagnosis gives.
    public var isDiagnosed: Bool { diagnosis?.causes.contains { $0.fault == fault } ?? false }

    /// Whether a cause is stated as certain that is not the true one.
    public var isMisdiagnosed: Bool { (diagnosis?.isCertain ?? false) && !isDiagnosed }
  }

  /// What became of a mistake.
  public enum Outcome: String, Hashable, Sendable, Codable {
    case caught
    /// The mistake changes nothing on any data at hand.
    case equivalent
    case missed
  }

  /// What customary checks of the logits would have caught.
  public struct UsualChecks: Hashable, Sendable, Codable {
    /// Cosine below 0.999.
    public var cosine = false
    /// Another class wins.
    public var topClass = false
    /// Outside |a - b| ≤ 1e-5 + 1e-3 |b|.
    public var allClose = false
  }

  /// The smallest mistake of one kind that is seen in one layer.
  public struct Sensitivity: Hashable, Sendable, Codable {
    /// What is changed, in a few words.
    public var measure: String
    public var endPoint: EndPoint
    /// A power of two; `nil` if even a mistake of 1 is not seen.
    public var smallest: Double?
  }

  /// A correct subject.
  public struct Control: Hashable, Sendable, Codable {
    public var subject: SubjectIdentity
    /// Layers of cases that were judged.
    public var judged: Int
    /// Those that did not pass, as `Conv2d_0 in chelsea: G2`.
    public var alarms: [String]
    /// What the customary checks of the logits say of it: false alarms of theirs.
    public var usual: UsualChecks
  }
}

extension FaultRecord {
  /// The figures that the matrix comes to.
  public struct Rates: Hashable, Sendable {
    public var caught = 0
    /// Mistakes that are not equivalent.
    public var real = 0
    public var inRightPlace = 0
    /// Caught in a layer by itself, so that causes were looked for.
    public var diagnosable = 0
    public var diagnosed = 0
    /// Diagnosed with certainty, and rightly so.
    public var certain = 0
    public var misdiagnosed = 0
    public var falseAlarms = 0
    public var controls = 0
  }

  public var rates: Rates {
    var rates = Rates()
    for finding in findings where finding.outcome != .equivalent {
      rates.real += 1
      guard finding.outcome == .caught else { continue }
      rates.caught += 1
      rates.inRightPlace += finding.isInRightPlace ? 1 : 0
      rates.diagnosable += finding.gates.contains(where: \.isIsolated) ? 1 : 0
      rates.diagnosed += finding.isDiagnosed ? 1 : 0
      rates.certain += finding.isDiagnosed && finding.diagnosis?.isCertain == true ? 1 : 0
      rates.misdiagnosed += finding.isMisdiagnosed ? 1 : 0
    }
    rates.falseAlarms = controls.reduce(0) { $0 + $1.alarms.count }
    rates.controls = controls.reduce(0) { $0 + $1.judged }
    return rates
  }

  /// Whether every real mistake is caught and no correct subject is accused.
  public var passes: Bool {
    let rates = rates
    return rates.real > 0 && rates.caught == rates.real && rates.falseAlarms == 0
  }

  /// JSON like that of ``ConformanceRecord``.
  public func json() throws -> Data { try JSONCoding.json(self) }
}
