import MobileNet
import RealModule
import Reference

/// Which input positions a kernel reads.
struct Window: Sendable {
  var alignment = Alignment.same
  var border = Border.zero
  /// Whether the last tap is left out at the first position of every image.
  var dropsCornerTap = false
  /// Columns that are taken at a time, if those beyond are read as zeros.
  var block: Int?

  /// Where the zeros go.
  enum Alignment: Sendable {
    /// TensorFlow's `SAME`: the surplus zero after the data.
    case same
    /// As many zeros before as after, whatever the size: PyTorch's `padding=1`.
    case symmetric
    /// All zeros before the data.
    case leading
    /// All zeros after the data.
    case trailing
    /// `SAME`, but every window starts this many positions later.
    case shifted(height: Int, width: Int)
  }

  /// What is read outside the input.
  enum Border: Sendable {
    case zero
    /// The nearest position inside.
    case nearest
    /// The position mirrored at the edge.
    case mirrored
    /// A number.
    case constant(Double)
  }

  /// Positions before the data at which the first window starts.
  func before(_ padding: SamePadding, kernel: Int, isHeight: Bool) -> Int {
    switch alignment {
    case .same: padding.before
    case .symmetric: kernel / 2
    case .leading: padding.before + padding.after
    case .trailing: 0
    case .shifted(let height, let width): padding.before - (isHeight ? height : width)
    }
  }

  /// The input position that is read for position `v`, or `nil` where the border has a number.
  @inline(__always)
  func source(_ v: Int, _ size: Int) -> Int? {
    if v >= 0 && v < size { return v }
    switch border {
    case .zero, .constant: return nil
    case .nearest: return min(max(v, 0), size - 1)
    case .mirrored: return min(max(v < 0 ? -v : 2 * (size - 1) - v, 0), size - 1)
    }
  }

  /// What is read where ``source(_:_:)`` is `nil`.
  var outside: Double {
    if case .constant(let value) = border { value } else { 0 }
  }
}

/// The loops of a convolution whose window is open to change.
struct WindowLoops<Terms: Accumulator> {
  let convolution: Convolution
  let window: Window
  /// Where the loop over input channels, or for depthwise ones over taps, starts; it goes around.
  let start: Int

  /// - Parameters:
  ///   - input: NHWC.
  ///   - weights: HWIO.
  @specialized(where Terms == Sum<Float>)
  @specialized(where Terms == Moments)
  @specialized(where Terms == HalfSum)
  @specialized(where Terms == BFloat16Sum)
  @specialized(where Terms == TruncatedSum)
  @specialized(where Terms == FlushedSum)
  func run(_ input: Tensor<Terms.Scalar>, weights: Tensor<Float>) -> Tensor<Terms> {
    let isDepthwise = convolution.kind == .depthwise
    let kernel = convolution.kernelSize
    let (height, width, depth) = (input.shape[1], input.shape[2], input.shape[3])
    let rows = convolution.padding(inputSize: height)
    let columns = convolution.padding(inputSize: width)
    let top = window.before(rows, kernel: kernel, isHeight: true)
    let left = window.before(columns, kernel: kernel, isHeight: false)
    let outputs = convolution.outputChannels
    let shape = [input.shape[0], rows.outputSize, columns.outputSize, outputs]
    let taps = arranged(weights)
    var result = [Terms](repeating: Terms(), count: shape.reduce(1, *))
    result.withUnsafeMutableBufferPointer { result in
      input.scalars.withUnsafeBufferPointer { input in
        taps.withUnsafeBufferPointer { taps in
          for n in 0..<shape[0] {
            for y in 0..<rows.outputSize {
              for x in 0..<columns.outputSize {
                let position = (n * rows.outputSize + y) * columns.outputSize + x
                for step in 0..<(kernel * kernel) {
                  let tap = isDepthwise ? (step + start) % (kernel * kernel) : step
                  if window.dropsCornerTap, y == 0, x == 0, tap == kernel * kernel - 1 { continue }
                  if let block = window.block,
                    (x * convolution.stride + tap % kernel - left) / block
                      != x * convolution.stride / block
                  {
                    continue
                  }
                  let v = window.source(y * convolution.stride + tap / kernel - top, height)
                  let u = window.source(x * convolution.stride + tap % kernel - left, width)
                  var pixel: Int?
                  if let v, let u { pixel = ((n * height + v) * width + u) * depth }
                  if pixel == nil, window.outside == 0 { continue }
                  for o in 0..<outputs {
                    add(
                      to: &result[position * outputs + o], input, at: pixel, taps, output: o,
                      tap: tap, depth: depth)
                  }
                }
              }
            }
          }
        }
      }
    }
    return Tensor(shape: shape, scalars: result)
  }

  /// One tap's products for one output channel.
  @inline(__always)
  private func add(
    to terms: inout Terms, _ input: UnsafeBufferPointer<Terms.Scalar>, at pixel: Int?,
    _ taps: UnsafeBufferPointer<Terms.Scalar>, output o: Int, tap: Int, depth: Int
  ) {
    let outside = Terms.Scalar(window.outside)
    if convolution.kind == .depthwise {
      terms.add(
        pixel.map { input[$0 + o] } ?? outside, times: taps[tap * depth + o])
      return
    }
    let row = (o * convolution.kernelSize * convolution.kernelSize + tap) * depth
    let first = start % depth
    var sum = terms
    if let pixel {
      for c in first..<depth { sum.add(input[pixel + c], times: taps[row + c]) }
      for c in 0..<first { sum.add(input[pixel + c], times: taps[row + c]) }
    } else {
      for c in 0..<depth { sum.add(outside, times: taps[row + c]) }
    }
    terms = sum
  }

  /// Depthwise weights as they are; others with the output channel first, so that a dot product
  /// reads them in order.
  private func arranged(_ weights: Tensor<Float>) -> [Terms.Scalar] {
    let scalars = weights.scalars
    guard convolution.kind != .depthwise else { return scalars.map { Terms.Scalar($0) } }
    let outputs = convolution.outputChannels
    let taps = scalars.count / outputs
    var result = [Terms.Scalar](repeating: 0, count: scalars.count)
    for o in 0..<outputs {
      for tap in 0..<taps { result[o * taps + tap] = Terms.Scalar(scalars[tap * outputs + o]) }
    }
    return result
  }
}
