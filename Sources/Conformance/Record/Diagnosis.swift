import MobileNet

/// Which known mistakes explain what a layer yields.
public struct Diagnosis: Hashable, Sendable, Codable {
  public var endPoint: EndPoint
  /// The causes that fit, the best evidence first.
  public var causes: [Cause]
  /// Whether exactly one cause fits, reproduces the result within bound and budget, and makes it at
  /// least e^30 times likelier than the sound layer and than every other known fault. Anything else is
  /// a hint.
  public var isCertain: Bool

  /// A known mistake.
  public struct Cause: Hashable, Sendable, Codable {
    /// Name of the ``Fault``.
    public var fault: String
    /// What goes wrong, in a few words.
    public var summary: String
    public var evidence: Evidence
  }

  /// How well a cause explains the result.
  public enum Evidence: String, Hashable, Sendable, Codable {
    /// The reference with this mistake yields the subject's result within bound and budget, on every
    /// input that was tried.
    case reproduces
    /// Plain float32 loops with this loss of precision make nearly the same errors.
    case resembles
  }

  /// `consistent with symmetric padding at stride 2`.
  public var summary: String {
    let names = causes.prefix(3).map(\.summary)
    let more = causes.count > 3 ? " or \(causes.count - 3) more" : ""
    let verb = causes.first?.evidence == .resembles ? "resembles" : "consistent with"
    return "\(verb) \(names.joined(separator: " or "))\(more)"
  }
}
