/// A dense array of numbers with a shape, stored in row-major order.
///
/// Images and activations are NHWC (batch, height, width, channels), kernels HWIO (height, width,
/// input channels, output channels), exactly as TensorFlow stores them.
public struct Tensor<Scalar: Sendable>: Sendable {
  /// Extent of every axis, outermost first.
  public let shape: [Int]
  /// All elements, last axis fastest. The count never changes.
  public private(set) var scalars: [Scalar]

  /// Wraps `scalars`, whose count must be the product of `shape`.
  public init(shape: [Int], scalars: [Scalar]) {
    precondition(
      shape.allSatisfy { $0 >= 0 } && shape.reduce(1, *) == scalars.count,
      "\(scalars.count) elements do not fill the shape \(shape)")
    self.shape = shape
    self.scalars = scalars
  }

  /// A tensor with every element equal to `value`.
  public init(repeating value: Scalar, shape: [Int]) {
    self.init(shape: shape, scalars: Array(repeating: value, count: shape.reduce(1, *)))
  }

  /// Number of elements.
  public var count: Int { scalars.count }

  /// The element at the given flat position.
  public subscript(flat index: Int) -> Scalar {
    get { scalars[index] }
    set { scalars[index] = newValue }
  }

  /// The element at `(n, y, x, c)` of a tensor of rank 4.
  public subscript(n: Int, y: Int, x: Int, c: Int) -> Scalar {
    get { scalars[offset(n, y, x, c)] }
    set { scalars[offset(n, y, x, c)] = newValue }
  }

  private func offset(_ n: Int, _ y: Int, _ x: Int, _ c: Int) -> Int {
    precondition(shape.count == 4, "four indices need a tensor of rank 4, not \(shape)")
    return ((n * shape[1] + y) * shape[2] + x) * shape[3] + c
  }

  /// The same elements under another shape of the same count.
  public func reshaped(_ shape: [Int]) -> Tensor {
    Tensor(shape: shape, scalars: scalars)
  }

  /// A tensor of the same shape with `transform` applied to every element.
  public func map<Result>(_ transform: (Scalar) throws -> Result) rethrows -> Tensor<Result> {
    Tensor<Result>(shape: shape, scalars: try scalars.map(transform))
  }

  /// Coordinates of a flat position, outermost axis first.
  public func coordinates(of index: Int) -> [Int] {
    var rest = index
    var result = [Int](repeating: 0, count: shape.count)
    for axis in shape.indices.reversed() {
      result[axis] = rest % shape[axis]
      rest /= shape[axis]
    }
    return result
  }

  /// The part of the batch in `range`, along the first axis.
  public func batch(_ range: Range<Int>) -> Tensor {
    let stride = shape.dropFirst().reduce(1, *)
    return Tensor(
      shape: [range.count] + shape.dropFirst(),
      scalars: Array(scalars[range.lowerBound * stride..<range.upperBound * stride]))
  }
}

extension Tensor: Equatable where Scalar: Equatable {}
extension Tensor: Hashable where Scalar: Hashable {}

extension Tensor where Scalar: BinaryFloatingPoint {
  /// Rounds every element to another precision (to nearest, ties to even).
  public init<Source: BinaryFloatingPoint>(_ source: Tensor<Source>) {
    self.init(shape: source.shape, scalars: source.scalars.map { Scalar($0) })
  }
}

/// Writes a shape as people say it: `1x64x64x24`.
public func describe(shape: [Int]) -> String {
  shape.isEmpty ? "scalar" : shape.map(String.init).joined(separator: "x")
}
