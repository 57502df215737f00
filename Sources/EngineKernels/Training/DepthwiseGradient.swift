import KernelInterface

/// The gradient of a depthwise convolution's weights: for every tap the sum over the output pixels of
/// what it read times the gradient there, row by row, in nine chains.
@inline(never)
package func depthwiseWeightGradient(_ arguments: UnsafePointer<DepthwiseGradientArguments>) {
  let job = arguments.pointee
  if job.stride == 1 {
    depthwiseWeightGradient(job, StrideOne.self)
  } else {
    depthwiseWeightGradient(job, StrideTwo.self)
  }
}

@inline(__always)
private func depthwiseWeightGradient<Stride: DepthwiseStride>(
  _ job: DepthwiseGradientArguments, _: Stride.Type
) {
  var output = job.output
  var channel = 0
  while channel < job.channels {
    var taps = NineTaps()
    for y in job.rows {
      taps.addRow(job, y, channel, Stride.self)
    }
    taps.store(output)
    output += 9 * Vector.width
    channel += Vector.width
  }
}

/// The sums of nine taps, for one vector of channels.
private struct NineTaps {
  private var top = ThreeTaps()
  private var middle = ThreeTaps()
  private var bottom = ThreeTaps()

  @inline(__always)
  init() {}

  /// Adds one row of the gradient.
  @inline(__always)
  mutating func addRow<Stride: DepthwiseStride>(
    _ job: DepthwiseGradientArguments, _ y: Int, _ channel: Int, _: Stride.Type
  ) {
    let row = y * Stride.step - job.paddingTop
    var rows = ThreeRowsOfInput(
      upper: Self.row(job, row, channel), center: Self.row(job, row + 1, channel),
      lower: Self.row(job, row + 2, channel))
    let pitch = job.channels
    var gradient = job.gradient + y * job.outputWidth * pitch + channel
    rows.advance(-job.paddingLeft * pitch)
    // There is one pixel at most on either side that reads padding.
    var x = 0
    if job.paddingLeft > 0 {
      addEdge(rows, pitch, .load(gradient), hasLeft: false, hasRight: job.inputWidth > 1)
      rows.advance(Stride.step * pitch)
      gradient += pitch
      x = 1
    }
    let whole = (job.inputWidth - 3 + job.paddingLeft + Stride.step) / Stride.step
    var count = min(whole, job.outputWidth) - x
    x += max(count, 0)
    while count > 0 {
      let value = Vector.load(gradient)
      top.add(DepthwiseColumns(rows.upper, pitch), value)
      middle.add(DepthwiseColumns(rows.center, pitch), value)
      bottom.add(DepthwiseColumns(rows.lower, pitch), value)
      rows.advance(Stride.step * pitch)
      gradient += pitch
      count -= 1
    }
    if x < job.outputWidth {
      addEdge(rows, pitch, .load(gradient), hasLeft: true, hasRight: false)
    }
  }

  /// Adds a pixel at the edge of the image: taps on padding are left out.
  @inline(__always)
  private mutating func addEdge(
    _ rows: ThreeRowsOfInput, _ pitch: Int, _ value: Vector, hasLeft: Bool, hasRight: Bool
  ) {
    top.add(rows.upper, pitch, value, hasLeft, hasRight)
    middle.add(rows.center, pitch, value, hasLeft, hasRight)
    bottom.add(rows.lower, pitch, value, hasLeft, hasRight)
  }

  /// A row of the input; zeros if it is padding.
  @inline(__always)
  private static func row(
    _ job: DepthwiseGradientArguments, _ y: Int, _ channel: Int
  ) -> UnsafePointer<Float> {
    let isPadding = y < 0 || y >= job.inputHeight
    return (isPadding ? job.zeros : job.input + y * job.inputWidth * job.channels) + channel
  }

  @inline(__always)
  func store(_ output: UnsafeMutablePointer<Float>) {
    top.store(output)
    middle.store(output + 3 * Vector.width)
    bottom.store(output + 6 * Vector.width)
  }
}

/// Where the taps of one output pixel begin, by kernel row.
private struct ThreeRowsOfInput {
  var upper: UnsafePointer<Float>
  var center: UnsafePointer<Float>
  var lower: UnsafePointer<Float>

  @inline(__always)
  mutating func advance(_ floats: Int) {
    upper += floats
    center += floats
    lower += floats
  }
}

/// The sums of one kernel row's taps.
private struct ThreeTaps {
  private var left = Vector.zero
  private var middle = Vector.zero
  private var right = Vector.zero

  @inline(__always)
  init() {}

  @inline(__always)
  mutating func add(_ columns: DepthwiseColumns, _ gradient: Vector) {
    left.accumulate(columns[0], gradient)
    middle.accumulate(columns[1], gradient)
    right.accumulate(columns[2], gradient)
  }

  /// The same at the edge of the image: taps on padding are left out.
  @inline(__always)
  mutating func add(
    _ input: UnsafePointer<Float>, _ pitch: Int, _ gradient: Vector, _ hasLeft: Bool,
    _ hasRight: Bool
  ) {
    if hasLeft { left.accumulate(.load(input), gradient) }
    middle.accumulate(.load(input + pitch), gradient)
    if hasRight { right.accumulate(.load(input + 2 * pitch), gradient) }
  }

  @inline(__always)
  func store(_ output: UnsafeMutablePointer<Float>) {
    left.store(output)
    middle.store(output + Vector.width)
    right.store(output + 2 * Vector.width)
  }
}

/// The gradient of a depthwise convolution's input at stride 2: every input pixel collects from the
/// one, two or four output pixels that read it. At stride 1 this is a convolution with the kernel
/// turned around, which ``depthwise`` does.
@inline(never)
package func depthwiseInputGradient(_ arguments: UnsafePointer<DepthwiseGradientArguments>) {
  let job = arguments.pointee
  for y in job.rows {
    let rows = Readers(y + job.paddingTop, job.stride, job.outputHeight)
    for x in 0..<job.inputWidth {
      let columns = Readers(x + job.paddingLeft, job.stride, job.outputWidth)
      let output = job.output + (y * job.inputWidth + x) * job.channels
      collect(job, rows, columns, output)
    }
  }
}

/// The output positions along one axis that read an input position, each by one tap: at stride 2
/// there are two at most.
private struct Readers {
  var count = 0
  private var first = (tap: 0, position: 0)
  private var second = (tap: 0, position: 0)

  /// - Parameter place: The input position, counted from the first padding.
  @inline(__always)
  init(_ place: Int, _ stride: Int, _ size: Int) {
    for tap in 0..<3 {
      let distance = place - tap
      guard distance >= 0, distance % stride == 0, distance / stride < size else { continue }
      if count == 0 {
        first = (tap, distance / stride)
      } else {
        second = (tap, distance / stride)
      }
      count += 1
    }
  }

  @inline(__always)
  subscript(index: Int) -> (tap: Int, position: Int) { index == 0 ? first : second }
}

/// One input pixel, all channels.
@inline(__always)
private func collect(
  _ job: DepthwiseGradientArguments, _ rows: Readers, _ columns: Readers,
  _ output: UnsafeMutablePointer<Float>
) {
  var isFirst = true
  for row in 0..<rows.count {
    for column in 0..<columns.count {
      let pixel = rows[row].position * job.outputWidth + columns[column].position
      let gradient = job.gradient + pixel * job.channels
      var weights = job.weights + (rows[row].tap * 3 + columns[column].tap) * Vector.width
      var channel = 0
      while channel < job.channels {
        var sum = isFirst ? Vector.zero : Vector.load(output + channel)
        sum.accumulate(.load(gradient + channel), .load(weights))
        sum.store(output + channel)
        weights += 9 * Vector.width
        channel += Vector.width
      }
      isFirst = false
    }
  }
  if isFirst {
    for channel in 0..<job.channels { output[channel] = 0 }
  }
}
