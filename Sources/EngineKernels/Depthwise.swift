import CPUFeatures
import KernelInterface

/// See ``DepthwiseArguments``. The range of pixels is cut into runs within one output row, the runs
/// into tiles of four neighbours, which share what they load.
@inline(never)
package func depthwise(_ arguments: UnsafePointer<DepthwiseArguments>) {
  let job = arguments.pointee
  if job.stride == 1 {
    depthwise(job, StrideOne.self)
  } else {
    depthwise(job, StrideTwo.self)
  }
}

@inline(__always)
private func depthwise<Stride: DepthwiseStride>(_ job: DepthwiseArguments, _: Stride.Type) {
  var pixel = job.pixels.lowerBound
  var output = job.output
  var row = pixel / job.outputWidth
  var x = pixel - row * job.outputWidth
  while pixel < job.pixels.upperBound {
    let end = min(job.outputWidth, x + job.pixels.upperBound - pixel)
    let image = row / job.outputHeight
    let window = DepthwiseRow(job, Stride.step, image: image, y: row - image * job.outputHeight)
    pixel += end - x
    while end - x >= 8 {
      window.tile(x, output, EightPixels<Stride>.self)
      output += 8 * job.channels
      x += 8
    }
    if end - x == 7 {
      window.tile(x, output, SevenPixels<Stride>.self)
      output += 7 * job.channels
      x += 7
    }
    if end - x == 6 {
      window.tile(x, output, SixPixels<Stride>.self)
      output += 6 * job.channels
      x += 6
    }
    if end - x >= 4 {
      window.tile(x, output, FourPixels<Stride>.self)
      output += 4 * job.channels
      x += 4
    }
    if end - x >= 2 {
      window.tile(x, output, TwoPixels<Stride>.self)
      output += 2 * job.channels
      x += 2
    }
    if end > x {
      window.tile(x, output, OnePixel<Stride>.self)
      output += job.channels
    }
    row += 1
    x = 0
  }
}

/// Input columns from one output pixel to the next, known at compile time.
protocol DepthwiseStride {
  static var step: Int { get }
}

enum StrideOne: DepthwiseStride {
  @inline(__always) static var step: Int { 1 }
}

enum StrideTwo: DepthwiseStride {
  @inline(__always) static var step: Int { 2 }
}

/// Which of a tile's outermost columns are padding, known at compile time: their taps are left out.
///
/// That changes no bit: a finite weight times zero, added to a sum that starts at positive zero,
/// leaves it as it is.
protocol DepthwiseEdges {
  static var left: Bool { get }
  static var right: Bool { get }
}

enum NoEdge: DepthwiseEdges {
  @inline(__always) static var left: Bool { false }
  @inline(__always) static var right: Bool { false }
}

enum LeftEdge: DepthwiseEdges {
  @inline(__always) static var left: Bool { true }
  @inline(__always) static var right: Bool { false }
}

enum RightEdge: DepthwiseEdges {
  @inline(__always) static var left: Bool { false }
  @inline(__always) static var right: Bool { true }
}

enum BothEdges: DepthwiseEdges {
  @inline(__always) static var left: Bool { true }
  @inline(__always) static var right: Bool { true }
}

/// The three input rows that one output row reads.
private struct DepthwiseRow {
  let job: DepthwiseArguments
  /// Start of the middle row, which is never padding.
  let middle: UnsafePointer<Float>
  let hasTop: Bool
  let hasBottom: Bool
  /// Input columns from one output pixel to the next.
  let step: Int

  @inline(__always)
  init(_ job: DepthwiseArguments, _ step: Int, image: Int, y: Int) {
    self.job = job
    self.step = step
    let row = y * step - job.paddingTop + 1
    middle = job.input + (image * job.inputHeight + row) * job.inputWidth * job.channels
    hasTop = row > 0
    hasBottom = row + 1 < job.inputHeight
  }

  /// Output pixels from column `x` on, all channels.
  @inline(__always)
  func tile<Pixels: DepthwisePixels>(
    _ x: Int, _ output: UnsafeMutablePointer<Float>, _: Pixels.Type
  ) {
    let left = x * step - job.paddingLeft
    let isRight = left + Pixels.columns > job.inputWidth
    if left < 0 {
      let start = middle + (left + 1) * job.channels
      if isRight {
        tile(start, output, Pixels.self, BothEdges.self)
      } else {
        tile(start, output, Pixels.self, LeftEdge.self)
      }
    } else {
      let start = middle + left * job.channels
      if isRight {
        tile(start, output, Pixels.self, RightEdge.self)
      } else {
        tile(start, output, Pixels.self, NoEdge.self)
      }
    }
  }

  /// `start` is the first column of the middle row that is no padding.
  @inline(__always)
  private func tile<Pixels: DepthwisePixels, Edges: DepthwiseEdges>(
    _ start: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>, _: Pixels.Type,
    _: Edges.Type
  ) {
    let bounds = Bounds(job.bounds)
    let pitch = job.channels
    let rowPitch = job.inputWidth * pitch
    var weights = job.weights
    var channel = 0
    while channel < job.channels {
      var sums = Pixels()
      let middle = start + channel
      if hasTop {
        sums.accumulate(
          DepthwiseColumns(middle - rowPitch, pitch), DepthwiseTaps(weights), Edges.self)
      }
      sums.accumulate(
        DepthwiseColumns(middle, pitch), DepthwiseTaps(weights + 3 * Vector.width), Edges.self)
      if hasBottom {
        sums.accumulate(
          DepthwiseColumns(middle + rowPitch, pitch), DepthwiseTaps(weights + 6 * Vector.width),
          Edges.self)
      }
      sums.finish(.load(job.bias + channel), bounds, output + channel, pitch)
      weights += 9 * Vector.width
      channel += Vector.width
    }
  }
}

/// The columns of one input row that a tile reads, for one vector of channels.
///
/// Every fourth column has an address of its own whose origin the compiler does not know, the three
/// behind it are multiples of the pitch away. Did it know, it would keep a pointer or a distance for
/// each of up to 17 columns, on the stack: at stride 2, one access to it for every two multiply-adds.
struct DepthwiseColumns {
  private let first: UnsafePointer<Float>
  private let fourth: UnsafePointer<Float>
  private let eighth: UnsafePointer<Float>
  private let twelfth: UnsafePointer<Float>
  private let sixteenth: UnsafePointer<Float>
  private let pitch: Int

  /// `row` is the first column, columns are `pitch` apart.
  @inline(__always)
  init(_ row: UnsafePointer<Float>, _ pitch: Int) {
    first = cpu_opaque(row)
    fourth = cpu_opaque(first + 4 * pitch)
    eighth = cpu_opaque(fourth + 4 * pitch)
    twelfth = cpu_opaque(eighth + 4 * pitch)
    sixteenth = cpu_opaque(twelfth + 4 * pitch)
    self.pitch = pitch
  }

  /// - Parameter column: 0 to 16, known at compile time.
  @inline(__always)
  subscript(column: Int) -> Vector {
    let distance = column % 4 * pitch
    switch column / 4 {
    case 0: return .load(first + distance)
    case 1: return .load(fourth + distance)
    case 2: return .load(eighth + distance)
    case 3: return .load(twelfth + distance)
    default: return .load(sixteenth + distance)
    }
  }
}

/// Three taps in a row, for one vector of channels.
struct DepthwiseTaps {
  let left: Vector
  let middle: Vector
  let right: Vector

  @inline(__always)
  init(_ weights: UnsafePointer<Float>) {
    left = .load(weights)
    middle = .load(weights + Vector.width)
    right = .load(weights + 2 * Vector.width)
  }
}

/// Sums of some neighbouring output pixels, for one vector of channels.
///
/// Every pixel asks for its own three columns; the compiler loads a column that pixels share once.
protocol DepthwisePixels {
  static var count: Int { get }
  static var step: Int { get }
  init()
  /// Adds one kernel row; this group's pixels start at pixel `pixel` of a tile of `tile` pixels, and
  /// `columns` at the tile's first column that is no padding.
  mutating func accumulate<Edges: DepthwiseEdges>(
    _ columns: DepthwiseColumns, _ pixel: Int, of tile: Int, _ taps: DepthwiseTaps,
    _: Edges.Type)
  func finish(
    _ bias: Vector, _ bounds: Bounds, _ output: UnsafeMutablePointer<Float>, _ stride: Int)
}

extension DepthwisePixels {
  /// Input columns that this many pixels read.
  @inline(__always)
  static var columns: Int { columns(count) }

  @inline(__always)
  static func columns(_ pixels: Int) -> Int { (pixels - 1) * step + 3 }

  @inline(__always)
  mutating func accumulate<Edges: DepthwiseEdges>(
    _ columns: DepthwiseColumns, _ taps: DepthwiseTaps, _: Edges.Type
  ) {
    accumulate(columns, 0, of: Self.count, taps, Edges.self)
  }
}

struct OnePixel<Stride: DepthwiseStride>: DepthwisePixels {
  var sum = Vector.zero

  @inline(__always) static var count: Int { 1 }
  @inline(__always) static var step: Int { Stride.step }

  @inline(__always)
  init() {}

  @inline(__always)
  mutating func accumulate<Edges: DepthwiseEdges>(
    _ columns: DepthwiseColumns, _ pixel: Int, of tile: Int, _ taps: DepthwiseTaps, _: Edges.Type
  ) {
    let start = pixel * Stride.step
    let first = Edges.left ? start - 1 : start
    if !Edges.left || start > 0 {
      sum.accumulate(columns[first], taps.left)
    }
    sum.accumulate(columns[first + 1], taps.middle)
    if !Edges.right || start + 3 < Self.columns(tile) {
      sum.accumulate(columns[first + 2], taps.right)
    }
  }

  @inline(__always)
  func finish(
    _ bias: Vector, _ bounds: Bounds, _ output: UnsafeMutablePointer<Float>, _ stride: Int
  ) {
    (sum + bias).clamped(bounds).store(output)
  }
}

struct PixelPair<Left: DepthwisePixels, Right: DepthwisePixels>: DepthwisePixels {
  var left = Left()
  var right = Right()

  @inline(__always) static var count: Int { Left.count + Right.count }
  @inline(__always) static var step: Int { Left.step }

  @inline(__always)
  init() {}

  @inline(__always)
  mutating func accumulate<Edges: DepthwiseEdges>(
    _ columns: DepthwiseColumns, _ pixel: Int, of tile: Int, _ taps: DepthwiseTaps, _: Edges.Type
  ) {
    left.accumulate(columns, pixel, of: tile, taps, Edges.self)
    right.accumulate(columns, pixel + Left.count, of: tile, taps, Edges.self)
  }

  @inline(__always)
  func finish(
    _ bias: Vector, _ bounds: Bounds, _ output: UnsafeMutablePointer<Float>, _ stride: Int
  ) {
    left.finish(bias, bounds, output, stride)
    right.finish(bias, bounds, output + Left.count * stride, stride)
  }
}

typealias TwoPixels<Stride: DepthwiseStride> = PixelPair<OnePixel<Stride>, OnePixel<Stride>>
typealias ThreePixels<Stride: DepthwiseStride> = PixelPair<TwoPixels<Stride>, OnePixel<Stride>>
typealias FourPixels<Stride: DepthwiseStride> = PixelPair<TwoPixels<Stride>, TwoPixels<Stride>>
typealias SixPixels<Stride: DepthwiseStride> = PixelPair<FourPixels<Stride>, TwoPixels<Stride>>
typealias SevenPixels<Stride: DepthwiseStride> = PixelPair<FourPixels<Stride>, ThreePixels<Stride>>
typealias EightPixels<Stride: DepthwiseStride> = PixelPair<FourPixels<Stride>, FourPixels<Stride>>
