/// What the gates look at besides the comparisons, at a point of a step of training.
public struct TrainingFigures: Hashable, Sendable, Codable {
  /// Elements within their own error of 0 or 6. On which side they are, and so whether they pass a
  /// gradient, is taken from the subject's own output.
  public var kinks = 0
  /// The golden's gradient as a whole, from its projections: rms(error) / rms(sigma) in the chain.
  public var projected: Double?
  /// Relative L2 distance that a last bit more or less of the variables makes of the reference.
  public var referenceSensitivity = 0.0
}
