// A tile of the output lives in registers while its dot products run. Tiles are put together from
// rows and columns at compile time: every combination becomes straight-line code after inlining, and
// each of them sums an element in the same order, so that the tile an element falls in changes
// nothing.

/// One row of a tile: some vectors side by side.
protocol TileColumns {
  /// How two rows are computed.
  associatedtype RowPair: TileRows = Stacked<OneRow<Self>, OneRow<Self>>
  where RowPair.Columns == Self
  /// Vectors side by side.
  static var count: Int { get }
  init(repeating value: Vector)
  /// The weights of one k.
  static func load(_ pointer: UnsafePointer<Float>) -> Self
  mutating func accumulate(_ a: Vector, _ weights: Self)
  func store(_ pointer: UnsafeMutablePointer<Float>)
  /// Adds the bias, clamps and stores.
  func finish(_ bias: Self, _ bounds: Bounds, _ output: UnsafeMutablePointer<Float>)
}

/// The limits of a result.
///
/// They come from memory as whole vectors: the compiler copies a vector that is made from a scalar,
/// and then does not see any more that it compares with what it selects, which is one instruction.
struct Bounds {
  let lower: Vector
  let upper: Vector

  /// A vector of lower limits and one of upper limits.
  @inline(__always)
  init(_ pointer: UnsafePointer<Float>) {
    lower = .load(pointer)
    upper = .load(pointer + Vector.width)
  }
}

struct OneColumn: TileColumns {
  var v0: Vector

  @inline(__always) static var count: Int { 1 }

  @inline(__always)
  init(repeating value: Vector) { v0 = value }

  @inline(__always)
  static func load(_ pointer: UnsafePointer<Float>) -> OneColumn {
    OneColumn(repeating: .load(pointer))
  }

  @inline(__always)
  mutating func accumulate(_ a: Vector, _ weights: OneColumn) {
    v0.accumulate(a, weights.v0)
  }

  @inline(__always)
  func store(_ pointer: UnsafeMutablePointer<Float>) {
    v0.store(pointer)
  }

  @inline(__always)
  func finish(_ bias: Self, _ bounds: Bounds, _ output: UnsafeMutablePointer<Float>) {
    (v0 + bias.v0).clamped(bounds).store(output)
  }
}

struct TwoColumns: TileColumns {
  var v0: Vector
  var v1: Vector

  @inline(__always) static var count: Int { 2 }

  @inline(__always)
  init(repeating value: Vector) {
    v0 = value
    v1 = value
  }

  @inline(__always)
  static func load(_ pointer: UnsafePointer<Float>) -> TwoColumns {
    var columns = TwoColumns(repeating: .load(pointer))
    columns.v1 = .load(pointer + Vector.width)
    return columns
  }

  @inline(__always)
  mutating func accumulate(_ a: Vector, _ weights: TwoColumns) {
    v0.accumulate(a, weights.v0)
    v1.accumulate(a, weights.v1)
  }

  @inline(__always)
  func store(_ pointer: UnsafeMutablePointer<Float>) {
    v0.store(pointer)
    v1.store(pointer + Vector.width)
  }

  @inline(__always)
  func finish(_ bias: Self, _ bounds: Bounds, _ output: UnsafeMutablePointer<Float>) {
    (v0 + bias.v0).clamped(bounds).store(output)
    (v1 + bias.v1).clamped(bounds).store(output + Vector.width)
  }
}

struct ThreeColumns: TileColumns {
  var v0: Vector
  var v1: Vector
  var v2: Vector

  @inline(__always) static var count: Int { 3 }

  @inline(__always)
  init(repeating value: Vector) {
    v0 = value
    v1 = value
    v2 = value
  }

  @inline(__always)
  static func load(_ pointer: UnsafePointer<Float>) -> ThreeColumns {
    var columns = ThreeColumns(repeating: .load(pointer))
    columns.v1 = .load(pointer + Vector.width)
    columns.v2 = .load(pointer + 2 * Vector.width)
    return columns
  }

  @inline(__always)
  mutating func accumulate(_ a: Vector, _ weights: ThreeColumns) {
    v0.accumulate(a, weights.v0)
    v1.accumulate(a, weights.v1)
    v2.accumulate(a, weights.v2)
  }

  @inline(__always)
  func store(_ pointer: UnsafeMutablePointer<Float>) {
    v0.store(pointer)
    v1.store(pointer + Vector.width)
    v2.store(pointer + 2 * Vector.width)
  }

  @inline(__always)
  func finish(_ bias: Self, _ bounds: Bounds, _ output: UnsafeMutablePointer<Float>) {
    (v0 + bias.v0).clamped(bounds).store(output)
    (v1 + bias.v1).clamped(bounds).store(output + Vector.width)
    (v2 + bias.v2).clamped(bounds).store(output + 2 * Vector.width)
  }
}

/// Some rows of sums.
protocol TileRows {
  associatedtype Columns: TileColumns
  static var count: Int { get }
  /// All sums zero.
  init()
  /// Sums as `store` left them.
  init(_ pointer: UnsafePointer<Float>, _ stride: Int)
  /// Adds the products of one k; `a` points to that k in the first row of A.
  mutating func accumulate(_ a: UnsafePointer<Float>, _ stride: Int, _ weights: Columns)
  func store(_ pointer: UnsafeMutablePointer<Float>, _ stride: Int)
  func finish(
    _ bias: Columns, _ bounds: Bounds, _ output: UnsafeMutablePointer<Float>, _ stride: Int)
}

struct OneRow<Columns: TileColumns>: TileRows {
  var sums: Columns

  @inline(__always) static var count: Int { 1 }

  @inline(__always)
  init() { sums = Columns(repeating: .zero) }

  @inline(__always)
  init(_ pointer: UnsafePointer<Float>, _ stride: Int) { sums = .load(pointer) }

  @inline(__always)
  func store(_ pointer: UnsafeMutablePointer<Float>, _ stride: Int) { sums.store(pointer) }

  @inline(__always)
  mutating func accumulate(_ a: UnsafePointer<Float>, _ stride: Int, _ weights: Columns) {
    sums.accumulate(.broadcast(a), weights)
  }

  @inline(__always)
  func finish(
    _ bias: Columns, _ bounds: Bounds, _ output: UnsafeMutablePointer<Float>, _ stride: Int
  ) {
    sums.finish(bias, bounds, output)
  }
}

/// Two groups of rows, one below the other.
struct Stacked<Upper: TileRows, Lower: TileRows>: TileRows where Upper.Columns == Lower.Columns {
  typealias Columns = Upper.Columns

  var upper: Upper
  var lower: Lower

  @inline(__always) static var count: Int { Upper.count + Lower.count }

  @inline(__always)
  init() {
    upper = Upper()
    lower = Lower()
  }

  @inline(__always)
  init(_ pointer: UnsafePointer<Float>, _ stride: Int) {
    upper = Upper(pointer, stride)
    lower = Lower(pointer + Upper.count * stride, stride)
  }

  @inline(__always)
  func store(_ pointer: UnsafeMutablePointer<Float>, _ stride: Int) {
    upper.store(pointer, stride)
    lower.store(pointer + Upper.count * stride, stride)
  }

  @inline(__always)
  mutating func accumulate(_ a: UnsafePointer<Float>, _ stride: Int, _ weights: Columns) {
    upper.accumulate(a, stride, weights)
    lower.accumulate(a + Upper.count * stride, stride, weights)
  }

  @inline(__always)
  func finish(
    _ bias: Columns, _ bounds: Bounds, _ output: UnsafeMutablePointer<Float>, _ stride: Int
  ) {
    upper.finish(bias, bounds, output, stride)
    lower.finish(bias, bounds, output + Upper.count * stride, stride)
  }
}

typealias TwoRows<Columns: TileColumns> = Columns.RowPair
typealias ThreeRows<Columns: TileColumns> = Stacked<TwoRows<Columns>, OneRow<Columns>>
typealias FourRows<Columns: TileColumns> = Stacked<TwoRows<Columns>, TwoRows<Columns>>
typealias SixRows<Columns: TileColumns> = Stacked<FourRows<Columns>, TwoRows<Columns>>
typealias EightRows<Columns: TileColumns> = Stacked<FourRows<Columns>, FourRows<Columns>>

#if KERNELS_AVX512
  /// 24 of 32 registers hold sums, 3 weights, 1 the broadcast of A.
  typealias FullRows<Columns: TileColumns> = EightRows<Columns>
#else
  /// 12 of 16 registers hold sums, 3 weights, 1 the broadcast of A.
  typealias FullRows<Columns: TileColumns> = FourRows<Columns>
#endif
/// Vectors per full panel.
typealias FullColumns = ThreeColumns
