import Foundation
import Golden
import MobileNet

/// Everything that one verification found, and all that a report needs: the one file that terminal
/// tables, HTML, Markdown and gates are rendered from.
///
/// Ratios may be infinite (any error where none is admissible); JSON has them as the strings
/// `"Infinity"`, `"-Infinity"` and `"NaN"`.
public struct ConformanceRecord: Sendable, Codable {
  /// Version of this format.
  public static let currentFormatVersion = 1

  public var formatVersion = currentFormatVersion
  /// Version of Assay that judged.
  public var assayVersion: String
  /// Who was judged.
  public var subject: SubjectIdentity
  /// Against what: every golden file.
  public var goldens: [GoldenIdentity]
  public var profile: Profile
  /// What became of every waiver.
  public var waivers: [WaiverRecord]
  /// What `assay explain` has to be given to run the same subject with the same parameters; `nil` if
  /// it cannot, as where a package judges an engine of its own.
  public var explainArguments: [String]?
  /// Which part of the goldens was judged, if not all.
  public var selection: Selection
  public var host: Host
  /// When the verification started, ISO 8601 in UTC.
  public var startedAt: String
  /// How long it took, reading included.
  public var seconds: Double
  public var verdict: Verdict
  /// What the verification itself came to, if this is a record that was judged again.
  public var origin: Origin?
  public var cases: [CaseRecord]

  /// One golden file.
  public struct GoldenIdentity: Hashable, Sendable, Codable {
    public var file: String
    public var provenance: Provenance

    public init(file: String, provenance: Provenance) {
      self.file = file
      self.provenance = provenance
    }
  }

  /// Patterns that restricted the verification; `nil` where everything was judged.
  public struct Selection: Hashable, Sendable, Codable {
    public var cases: String?
    public var layers: String?

    public init(cases: String? = nil, layers: String? = nil) {
      self.cases = cases
      self.layers = layers
    }

    /// Whether not everything was judged.
    public var isRestricted: Bool { self != Selection() }
  }

  /// Where the verification ran.
  public struct Host: Hashable, Sendable, Codable {
    public var operatingSystem: String
    public var architecture: String
    public var processors: Int
  }
}

extension EndPointRecord {
  /// Takes the gravest status of the gates; none at all is nothing passed.
  mutating func settle() { status = Status.gravest(gates.map(\.status)) ?? .notRun }
}

extension CaseRecord {
  /// Takes the gravest status of the end points, and these that of their gates.
  mutating func settle() {
    for index in endPoints.indices { endPoints[index].settle() }
    status = Status.gravest(endPoints.map(\.status)) ?? .notRun
  }
}

/// What one case came to.
public struct CaseRecord: Sendable, Codable {
  public var name: String
  /// The golden file that holds the case; empty if Assay has made it.
  public var golden: String
  public var description: String
  /// `[batch, height, width, 3]`; empty if the case is not about images.
  public var images: [Int]
  public var status: Status
  public var seconds: Double
  /// The class with the largest logit, for every image of the batch.
  public var topClasses: [TopClass]
  /// In order of the layers.
  public var endPoints: [EndPointRecord]

  /// Whether Assay made the case itself, as for gate G5.
  public var isMade: Bool { golden.isEmpty }

  /// Which class wins for one image, according to each witness that has logits.
  public struct TopClass: Hashable, Sendable, Codable {
    public var reference: Int
    public var subject: Int?
    public var golden: Int?
    /// The reference's probability of its class.
    public var probability: Double
  }
}

/// What one end point of one case came to.
public struct EndPointRecord: Sendable, Codable {
  public var name: EndPoint
  public var shape: [Int]
  /// Elements whose reference value is exactly zero.
  public var zeros: Int
  public var status: Status
  /// The layer by itself: subject against reference, fed the same input.
  public var isolated: ErrorStatistics?
  /// The subject's own chain against the reference's chain.
  public var accumulated: ErrorStatistics?
  /// How much larger the errors of plain float32 loops are here than independent errors would be, at
  /// least 1. The budget of the chain is enlarged by this factor.
  public var correlation: Double
  /// The golden's layer against the reference, fed the golden's previous end point.
  public var goldenIsolated: ErrorStatistics?
  /// The golden against the reference's chain.
  public var goldenAccumulated: ErrorStatistics?
  /// Relative L2 distance of the reference's chain from TensorFlow's float64.
  public var referenceDistance: Double?
  /// Largest |subject - golden| / (2 · bound) of the layer by itself, both fed the golden's previous
  /// end point: up to 1 they agree with each other, whatever the reference says.
  public var subjectFromGolden: Double?
  /// Elements whose bits differ between two runs of the layer by itself, if it ran twice.
  public var changed: Int?
  /// Elements that are not the exact integer, if the layer was run on integers.
  public var inexact: Int?
  /// What the layer by itself made of NaN, infinities, -0 and subnormal numbers, if it was run on any.
  public var special: SpecialValues?
  /// Why there is no ``isolated``: the layer by itself yields another shape.
  public var isolatedMismatch: ShapeMismatch?
  /// Why there is no ``accumulated``: the subject's own chain has another shape here.
  public var accumulatedMismatch: ShapeMismatch?
  /// What else there is of a point of a step of training.
  public var training: TrainingFigures?
  /// How much a change of the images by one unit in the last place is magnified on its way here, if
  /// that was measured.
  public var conditioning: Double?
  public var gates: [GateResult]
}

extension ConformanceRecord {
  /// JSON with sorted keys: the same record gives the same bytes.
  public func json() throws -> Data {
    try JSONCoding.json(self)
  }

  /// Reads what ``json()`` wrote.
  public init(json: Data) throws {
    self = try JSONCoding.read(ConformanceRecord.self, from: json)
  }
}

extension ConformanceRecord.Host {
  /// This machine.
  static var current: Self {
    #if arch(x86_64)
      let architecture = "x86_64"
    #elseif arch(arm64)
      let architecture = "arm64"
    #else
      let architecture = "unknown"
    #endif
    return Self(
      operatingSystem: ProcessInfo.processInfo.operatingSystemVersionString,
      architecture: architecture, processors: ProcessInfo.processInfo.activeProcessorCount)
  }
}
