import MobileNet

/// Type and shape of a signature's input or output.
public struct TensorInfo: Hashable, Sendable, CustomStringConvertible {
  /// The types that tensors of a module's call may have, by TensorFlow's names.
  public enum ElementType: String, Hashable, Sendable {
    case float32
    case float64
    case uint8
    case int32
  }

  public let type: ElementType
  /// Extent of every axis, `nil` where any from 1 up will do; empty for a scalar.
  public let shape: [Int?]
  /// What an input is if it is not given; `nil` if it has to be.
  public let defaultValue: Float?

  init(type: ElementType, shape: [Int?], defaultValue: Float? = nil) {
    self.type = type
    self.shape = shape
    self.defaultValue = defaultValue
  }

  /// `float32 [?, ?, ?, 3]`, as TensorFlow writes it.
  public var description: String {
    "\(type.rawValue) [\(shape.map { $0.map(String.init) ?? "?" }.joined(separator: ", "))]"
  }

  /// Whether a tensor of this shape fits.
  func admits(shape found: [Int]) -> Bool {
    found.count == shape.count && zip(found, shape).allSatisfy { $0 == ($1 ?? $0) && $0 >= 1 }
  }
}
