/// A dense array of numbers with a shape, stored in row-major order.
///
/// Images and activations are NHWC (batch, height, width, channels), kernels HWIO (height, width,
/// input channels, output channels), exactly as TensorFlow stores them.
public struct Tensor<Scalar: Sendable>: Sendable {
  /// Extent of every axis, outermost first.
  public let shape: [Int]
  /// The elements. Inlinable code changes them, but never how many there are.
  @usableFromInline var storage: [Scalar]

  /// All elements, last axis fastest.
  @inlinable public var scalars: [Scalar] { storage }

  /// Wraps `scalars`, whose count must be the product of `shape`.
  @inlinable
  public init(shape: [Int], scalars: [Scalar]) {
    precondition(
      shape.allSatisfy { $0 >= 0 } && shape.reduce(1, *) == scalars.count,
      "\(scalars.count) elements do not fill the shape \(shape)")
    self.shape = shape
    storage = scalars
  }

  /// A tensor with every element equal to `value`.
  @inlinable
  public init(repeating value: Scalar, shape: [Int]) {
    self.init(shape: shape, scalars: Array(repeating: value, count: shape.reduce(1, *)))
  }

  /// Number of elements.
  @inlinable public var count: Int { storage.count }

  /// The element at the given flat position.
  @inlinable
  public subscript(flat index: Int) -> Scalar {
    get { storage[index] }
    set { storage[index] = newValue }
  }

  /// The element at `(n, y, x, c)` of a tensor of rank 4.
  @inlinable
  public subscript(n: Int, y: Int, x: Int, c: Int) -> Scalar {
    get { storage[offset(n, y, x, c)] }
    set { storage[offset(n, y, x, c)] = newValue }
  }

  @usableFromInline
  func offset(_ n: Int, _ y: Int, _ x: Int, _ c: Int) -> Int {
    precondition(shape.count == 4, "four indices need a tensor of rank 4, not \(shape)")
    return ((n * shape[1] + y) * shape[2] + x) * shape[3] + c
  }

  /// The same elements under another shape of the same count.
  @inlinable
  public func reshaped(_ shape: [Int]) -> Tensor {
    Tensor(shape: shape, scalars: scalars)
  }

  /// A tensor of the same shape with `transform` applied to every element.
  @inlinable
  public func map<Result>(_ transform: (Scalar) throws -> Result) rethrows -> Tensor<Result> {
    Tensor<Result>(shape: shape, scalars: try storage.map(transform))
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
  @inlinable
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
  @inlinable
  @specialized(where Scalar == Double, Source == Float)
  @specialized(where Scalar == Float, Source == Double)
  @specialized(where Scalar == Double, Source == Double)
  @specialized(where Scalar == Float, Source == Float)
  public init<Source: BinaryFloatingPoint>(_ source: Tensor<Source>) {
    self.init(shape: source.shape, scalars: source.scalars.map { Scalar($0) })
  }
}

extension Tensor where Scalar == Double {
  /// Largest finite |element|; 0 where there is none.
  package var largestMagnitude: Double {
    storage.reduce(0) { $1.isFinite ? max($0, abs($1)) : $0 }
  }
}

/// Writes a shape as people say it: `1x64x64x24`.
public func describe(shape: [Int]) -> String {
  shape.isEmpty ? "scalar" : shape.map(String.init).joined(separator: "x")
}
