import Foundation

/// The limits that the gates apply. Nothing else in the suite is a threshold.
public struct Profile: Hashable, Sendable, Codable {
  /// Version of the file format that this reads.
  public static let schemaVersion = 1

  public var name: String
  /// Every limit by the name that it has in a profile's file.
  public var thresholds: [String: Threshold]

  /// One limit and what speaks for it.
  public struct Threshold: Hashable, Sendable, Codable {
    /// The most that the figure may be.
    public var limit: Double
    /// Where the limit comes from.
    public var source: String
    /// The most that any correct engine was measured at; `nil` if that is not stated.
    public var measured: Double?

    public init(limit: Double, source: String, measured: Double? = nil) {
      self.limit = limit
      self.source = source
      self.measured = measured
    }
  }

  /// The names of the limits.
  public enum Limit: String, CaseIterable, Sendable {
    case boundUtilisation = "bound_utilisation"
    case isolatedBudgetRatio = "isolated_budget_ratio"
    case isolatedMaxSigma = "isolated_max_sigma"
    case accumulatedBudgetRatio = "accumulated_budget_ratio"
    case accumulatedMaxSigma = "accumulated_max_sigma"
    case clampDeviations = "clamp_deviations"
    case integerDeviations = "integer_deviations"
    case bias = "bias"
    case normalizedRMS = "normalized_rms"
    case valueDeviations = "value_deviations"
    case negativeZeros = "negative_zeros"
    case zeroFraction = "zero_fraction"
    case referenceDistance = "reference_distance"

    /// The figure that is limited, in a few words for tables.
    package var title: String {
      switch self {
      case .boundUtilisation: "max |error| / bound"
      case .isolatedBudgetRatio: "isolated rms(error) / rms(σ)"
      case .isolatedMaxSigma: "isolated max |error| / σ"
      case .accumulatedBudgetRatio: "accumulated rms(error) / rms(σ)"
      case .accumulatedMaxSigma: "accumulated max |error| / σ"
      case .clampDeviations: "elements beyond the clamp that are not 0 or 6"
      case .integerDeviations: "elements that are not the exact integer"
      case .bias: "bias of the channels' errors"
      case .normalizedRMS: "rms(error / σ)"
      case .valueDeviations: "elements that break a rule for NaN or infinity"
      case .negativeZeros: "elements that are -0"
      case .zeroFraction: "share of zeros that may still be judged by"
      case .referenceDistance: "relative L2 distance of the reference from TensorFlow's float64"
      }
    }

    /// Whether a profile may do without: what it limits is then shown and not judged.
    package var isOptional: Bool { self == .negativeZeros }
  }

  public init(name: String, thresholds: [Limit: Threshold]) {
    self.name = name
    self.thresholds = Dictionary(
      uniqueKeysWithValues: thresholds.map { ($0.key.rawValue, $0.value) })
  }

  /// The most that a figure may be. A profile that lacks a limit lets nothing pass, unless the limit is
  /// optional: ``negativeZeros``.
  public subscript(limit: Limit) -> Double {
    thresholds[limit.rawValue]?.limit ?? -.infinity
  }
}

extension Profile {
  /// G1 and G6: largest |error| / bound. The bound is a theorem, so the limit is 1.
  public var boundUtilisation: Double { self[.boundUtilisation] }
  /// G2: largest rms(error) / rms(sigma) of a layer by itself.
  public var isolatedBudgetRatio: Double { self[.isolatedBudgetRatio] }
  /// G2: largest |error| / sigma of a layer by itself.
  public var isolatedMaxSigma: Double { self[.isolatedMaxSigma] }
  /// G3 and G6: largest rms(error) / rms(sigma) along the chain.
  public var accumulatedBudgetRatio: Double { self[.accumulatedBudgetRatio] }
  /// G3 and G6: largest |error| / sigma along the chain.
  public var accumulatedMaxSigma: Double { self[.accumulatedMaxSigma] }
  /// G4 and G6: elements that the clamp holds and that are not exactly 0 or 6.
  public var clampDeviations: Double { self[.clampDeviations] }
  /// G5: elements that are not the exact integer result.
  public var integerDeviations: Double { self[.integerDeviations] }
  /// G7: largest |Σ m_c| / √(Σ m_c²) of the channels' mean errors.
  public var bias: Double { self[.bias] }
  /// G7: largest √(mean (error / sigma)²).
  public var normalizedRMS: Double { self[.normalizedRMS] }
  /// G8: elements that break a rule for NaN or infinity.
  public var valueDeviations: Double { self[.valueDeviations] }
  /// G8: elements that are -0 where no value is negative; `nil` in a profile that does not ask for bits,
  /// as the standard one.
  public var negativeZeros: Double? { thresholds[Limit.negativeZeros.rawValue]?.limit }
  /// Largest share of zeros in an end point's reference values, over all cases, that may still be
  /// judged by; beyond it, MISTRUSTED.
  public var zeroFraction: Double { self[.zeroFraction] }
  /// G6: largest relative L2 distance of the reference from TensorFlow's float64.
  public var referenceDistance: Double { self[.referenceDistance] }
}

extension Profile {
  /// Reads a profile's file.
  ///
  /// - Throws: ``PolicyError`` if it cannot be read, is no YAML, has an unknown version, an unknown
  ///   key, a limit missing, or a value that makes no sense.
  public init(reading path: String) throws(PolicyError) {
    try self.init(PolicyFile(reading: path))
  }

  /// Reads a profile from YAML.
  ///
  /// - Parameter file: What errors call it.
  package init(yaml: String, file: String) throws(PolicyError) {
    try self.init(PolicyFile(parsing: yaml, file: file))
  }

  private init(_ file: PolicyFile) throws(PolicyError) {
    let root = try file.root(schemaVersion: Self.schemaVersion, keys: ["name", "thresholds"])
    let section = try root.map(
      "thresholds", required: Limit.allCases.filter { !$0.isOptional }.map(\.rawValue),
      optional: Limit.allCases.filter(\.isOptional).map(\.rawValue))
    var thresholds: [Limit: Threshold] = [:]
    for limit in Limit.allCases where !limit.isOptional || section.has(limit.rawValue) {
      let entry = try section.map(
        limit.rawValue, required: ["limit", "source"], optional: ["measured"])
      thresholds[limit] = Threshold(
        limit: try entry.number("limit"), source: try entry.text("source"),
        measured: try entry.has("measured") ? entry.number("measured") : nil)
    }
    self.init(name: try root.text("name"), thresholds: thresholds)
  }
}
