/// The name of a tensor that the network yields, as TF-Slim calls it: `Conv2d_0`,
/// `Conv2d_1_depthwise`, …, `Conv2d_13_pointwise`, `global_pool`, `Logits`, `Predictions`.
public struct EndPoint: RawRepresentable, Hashable, Sendable, Codable, CustomStringConvertible {
  public let rawValue: String

  public init(rawValue: String) {
    self.rawValue = rawValue
  }

  public init(_ name: String) {
    self.rawValue = name
  }

  public var description: String { rawValue }

  /// Mean over height and width of the last convolution, `[batch, 1, 1, channels]`.
  public static let globalPool = EndPoint("global_pool")
  /// Unnormalised class scores, `[batch, classes]`.
  public static let logits = EndPoint("Logits")
  /// Softmax of the logits, `[batch, classes]`.
  public static let predictions = EndPoint("Predictions")
}
