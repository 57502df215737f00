import CPUFeatures
import KernelInterface

/// A product with a single row of A: every weight is used once, so that it takes as long as memory
/// takes to hand them out. Several panels at a time are several streams, and memory serves them
/// together; and sums enough that they do not wait for each other.
@inline(__always)
func multiplyRow(_ job: MatrixArguments) {
  var vector = job.vectors.lowerBound
  var panels = (job.vectors.upperBound - vector) / FullColumns.count
  while panels >= FourPanels.count {
    multiplyPanels(job, &vector, FourPanels.self)
    panels -= FourPanels.count
  }
  if panels >= TwoPanels.count {
    multiplyPanels(job, &vector, TwoPanels.self)
    panels -= TwoPanels.count
  }
  if panels > 0 { multiplyPanels(job, &vector, OnePanel<FullColumns>.self) }
  switch job.vectors.upperBound - vector {
  case 2: multiplyPanels(job, &vector, OnePanel<TwoColumns>.self)
  case 1: multiplyPanels(job, &vector, OnePanel<OneColumn>.self)
  default: break
  }
}

/// Some panels from `vector` on; moves it behind them.
@inline(__always)
private func multiplyPanels<Panels: RowPanels>(
  _ job: MatrixArguments, _ vector: inout Int, _: Panels.Type
) {
  var panels = Panels(job, vector)
  var a = job.a
  var count = job.depth
  while count >= 4 {
    panels.accumulate(a, 4)
    a += 4
    count -= 4
  }
  while count > 0 {
    panels.accumulate(a, 1)
    a += 1
    count -= 1
  }
  panels.finish(Bounds(job.bounds))
  vector += Panels.vectors
}

/// Panels side by side, and their sums of one row.
private protocol RowPanels {
  static var count: Int { get }
  /// Vectors of all panels.
  static var vectors: Int { get }
  init(_ job: MatrixArguments, _ vector: Int)
  /// Adds the products of some k.
  mutating func accumulate(_ a: UnsafePointer<Float>, _ depth: Int)
  func finish(_ bounds: Bounds)
}

private struct OnePanel<Columns: TileColumns>: RowPanels {
  /// Bytes to fetch ahead: what arrives while memory takes its time.
  private static var ahead: Int { 1024 }

  private var sums = Columns(repeating: .zero)
  private var weights: UnsafePointer<Float>
  private let bias: UnsafePointer<Float>
  private let output: UnsafeMutablePointer<Float>

  @inline(__always) static var count: Int { 1 }
  @inline(__always) static var vectors: Int { Columns.count }

  @inline(__always)
  init(_ job: MatrixArguments, _ vector: Int) {
    let column = vector * Vector.width
    weights = job.weights + column * job.depth
    bias = job.bias + column
    output = job.output + column
  }

  @inline(__always)
  mutating func accumulate(_ a: UnsafePointer<Float>, _ depth: Int) {
    let stride = Columns.count * Vector.width
    let next = UnsafeRawPointer(weights) + Self.ahead
    var byte = 0
    while byte < 4 * depth * stride {
      cpu_prefetch(next + byte)
      byte += 64
    }
    var k = 0
    while k < depth {
      sums.accumulate(.broadcast(a + k), .load(weights + k * stride))
      k += 1
    }
    weights += depth * stride
  }

  @inline(__always)
  func finish(_ bounds: Bounds) {
    sums.finish(.load(bias), bounds, output)
  }
}

private struct PanelPair<Left: RowPanels, Right: RowPanels>: RowPanels {
  private var left: Left
  private var right: Right

  @inline(__always) static var count: Int { Left.count + Right.count }
  @inline(__always) static var vectors: Int { Left.vectors + Right.vectors }

  @inline(__always)
  init(_ job: MatrixArguments, _ vector: Int) {
    left = Left(job, vector)
    right = Right(job, vector + Left.vectors)
  }

  @inline(__always)
  mutating func accumulate(_ a: UnsafePointer<Float>, _ depth: Int) {
    left.accumulate(a, depth)
    right.accumulate(a, depth)
  }

  @inline(__always)
  func finish(_ bounds: Bounds) {
    left.finish(bounds)
    right.finish(bounds)
  }
}

private typealias TwoPanels = PanelPair<OnePanel<FullColumns>, OnePanel<FullColumns>>
private typealias FourPanels = PanelPair<TwoPanels, TwoPanels>
