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
    let window = DepthwiseRow<Stride>(job, image: image, y: row - image * job.outputHeight)
    pixel += end - x
    while end - x >= 4 {
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

/// The three input rows that one output row reads.
private struct DepthwiseRow<Stride: DepthwiseStride> {
  let job: DepthwiseArguments
  /// Starts of the three rows; `nil` where a row is padding.
  let rows: (UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafePointer<Float>?)

  @inline(__always)
  init(_ job: DepthwiseArguments, image: Int, y: Int) {
    self.job = job
    let first = y * Stride.step - job.paddingTop
    let start = job.input + image * job.inputHeight * job.inputWidth * job.channels
    func row(_ y: Int) -> UnsafePointer<Float>? {
      y >= 0 && y < job.inputHeight ? start + y * job.inputWidth * job.channels : nil
    }
    rows = (row(first), row(first + 1), row(first + 2))
  }

  /// Output pixels from column `x` on, all channels.
  @inline(__always)
  func tile<Pixels: DepthwisePixels>(
    _ x: Int, _ output: UnsafeMutablePointer<Float>, _: Pixels.Type
  ) {
    let top = DepthwiseColumns(job, rows.0, x, Pixels.self)
    let middle = DepthwiseColumns(job, rows.1, x, Pixels.self)
    let bottom = DepthwiseColumns(job, rows.2, x, Pixels.self)
    let bounds = Bounds(job.bounds)
    var weights = job.weights
    var channel = 0
    while channel < job.channels {
      var sums = Pixels()
      sums.accumulate(top, channel, 0, DepthwiseTaps(weights))
      sums.accumulate(middle, channel, 0, DepthwiseTaps(weights + 3 * Vector.width))
      sums.accumulate(bottom, channel, 0, DepthwiseTaps(weights + 6 * Vector.width))
      sums.finish(.load(job.bias + channel), bounds, output + channel, job.channels)
      weights += 9 * Vector.width
      channel += Vector.width
    }
  }
}

/// The columns of one input row that a tile reads. Only the outermost two can be padding.
struct DepthwiseColumns {
  let first: UnsafePointer<Float>
  let inner: UnsafePointer<Float>
  let last: UnsafePointer<Float>
  let pitch: Int

  @inline(__always)
  init<Pixels: DepthwisePixels>(
    _ job: DepthwiseArguments, _ row: UnsafePointer<Float>?, _ x: Int, _: Pixels.Type
  ) {
    pitch = job.channels
    let left = x * Pixels.step - job.paddingLeft
    let right = left + Pixels.columns - 1
    guard let row else {
      first = job.zeros
      inner = job.zeros
      last = job.zeros
      return
    }
    first = left >= 0 ? row + left * pitch : job.zeros
    inner = row + (left + 1) * pitch
    last = right < job.inputWidth ? row + right * pitch : job.zeros
  }

  /// Column `index` of `columns`; both are constants after inlining.
  @inline(__always)
  func load(_ index: Int, of columns: Int, _ channel: Int) -> Vector {
    if index == 0 { return .load(first + channel) }
    if index == columns - 1 { return .load(last + channel) }
    return .load(inner + (channel + (index - 1) * pitch))
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
  /// Adds one kernel row; this group's pixels start at pixel `pixel` of a tile of `tile` pixels.
  mutating func accumulate(
    _ row: DepthwiseColumns, _ channel: Int, _ pixel: Int, of tile: Int, _ taps: DepthwiseTaps)
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
  mutating func accumulate(
    _ row: DepthwiseColumns, _ channel: Int, _ pixel: Int, _ taps: DepthwiseTaps
  ) {
    accumulate(row, channel, pixel, of: Self.count, taps)
  }
}

struct OnePixel<Stride: DepthwiseStride>: DepthwisePixels {
  var sum = Vector.zero

  @inline(__always) static var count: Int { 1 }
  @inline(__always) static var step: Int { Stride.step }

  @inline(__always)
  init() {}

  @inline(__always)
  mutating func accumulate(
    _ row: DepthwiseColumns, _ channel: Int, _ pixel: Int, of tile: Int, _ taps: DepthwiseTaps
  ) {
    let columns = Self.columns(tile)
    let start = pixel * Stride.step
    sum.accumulate(row.load(start, of: columns, channel), taps.left)
    sum.accumulate(row.load(start + 1, of: columns, channel), taps.middle)
    sum.accumulate(row.load(start + 2, of: columns, channel), taps.right)
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
  mutating func accumulate(
    _ row: DepthwiseColumns, _ channel: Int, _ pixel: Int, of tile: Int, _ taps: DepthwiseTaps
  ) {
    left.accumulate(row, channel, pixel, of: tile, taps)
    right.accumulate(row, channel, pixel + Left.count, of: tile, taps)
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
typealias FourPixels<Stride: DepthwiseStride> = PixelPair<TwoPixels<Stride>, TwoPixels<Stride>>
