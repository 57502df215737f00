import KernelInterface
import MobileNet

/// A tensor in the engine's memory: `[batch, height, width, channels]` with the channels padded to
/// whole vectors. What is in the padding is never used.
struct Activation {
  var memory: UnsafeMutablePointer<Float>
  let batch: Int
  let height: Int
  let width: Int
  let channels: Int
  let paddedChannels: Int

  /// Pixels of the whole batch.
  var pixels: Int { batch * height * width }

  subscript(pixel pixel: Int) -> UnsafeMutablePointer<Float> {
    memory + pixel * paddedChannels
  }

  /// Copies a dense tensor of the same shape into this one.
  func fill(from source: UnsafePointer<Float>) {
    for pixel in 0..<pixels {
      self[pixel: pixel].update(from: source + pixel * channels, count: channels)
    }
  }

  /// Copies a range of pixels to a dense tensor of the same shape.
  func copy(_ pixels: Range<Int>, to target: UnsafeMutablePointer<Float>) {
    copy(pixels, from: self[pixel: pixels.lowerBound], to: target)
  }

  /// The same for pixels that have been computed elsewhere.
  func copy(
    _ pixels: Range<Int>, from source: UnsafePointer<Float>,
    to target: UnsafeMutablePointer<Float>
  ) {
    let target = target + pixels.lowerBound * channels
    if channels == paddedChannels {
      target.update(from: source, count: pixels.count * channels)
    } else {
      for pixel in 0..<pixels.count {
        (target + pixel * channels).update(
          from: source + pixel * paddedChannels, count: channels)
      }
    }
  }
}

/// What a step needs from the call it runs in.
struct StepContext {
  let kernels: KernelTable
  /// The images of this call, dense.
  var images: UnsafePointer<Float>
  /// This thread's own memory.
  var scratch: UnsafeMutablePointer<Float>
  /// Where to copy end points, by layer; `nil` where nobody asks.
  let taps: UnsafeMutablePointer<UnsafeMutablePointer<Float>?>
  /// This thread's nanoseconds by layer; `nil` unless somebody measures.
  var times: UnsafeMutablePointer<UInt64>?

  /// Does a part of a layer's work, under the clock if somebody measures.
  @inline(__always)
  func timed(_ layer: Int, _ body: () -> Void) {
    guard let times else { return body() }
    let start = Clock.nanoseconds()
    body()
    times[layer] += Clock.nanoseconds() - start
  }
}

/// One stage of a plan, cut into units that can run on any thread in any order: each computes its own
/// output elements completely, so that the cut changes no bit.
protocol PlanStep {
  /// Number of units.
  var units: Int { get }
  /// Floats of scratch memory that a unit needs.
  var scratch: Int { get }
  func run(unit: Int, _ context: StepContext)
}

/// The first convolution, with `2 x - 1` inside: prepares the image rows it needs, then treats every
/// output row as a matrix product of three segments.
struct StemStep: PlanStep {
  /// Output rows per unit.
  static let rows = 4

  let layer: Int
  let packed: PackedLayer
  let convolution: Convolution
  let imageHeight: Int
  let imageWidth: Int
  let output: Activation

  private var horizontal: SamePadding { convolution.padding(inputSize: imageWidth) }
  private var vertical: SamePadding { convolution.padding(inputSize: imageHeight) }
  private var blocks: Int { (output.height + Self.rows - 1) / Self.rows }
  private var imagePitch: Int { imageWidth * convolution.inputChannels }
  /// Floats of a prepared row, zeros included.
  private var pitch: Int {
    (horizontal.before + imageWidth + horizontal.after) * convolution.inputChannels
  }

  var units: Int { output.batch * blocks }
  var scratch: Int { preparedRows(Self.rows) * pitch }

  /// Prepared rows behind so many output rows.
  private func preparedRows(_ rows: Int) -> Int {
    (rows - 1) * convolution.stride + convolution.kernelSize
  }

  func run(unit: Int, _ context: StepContext) {
    let image = unit / blocks
    let firstRow = (unit - image * blocks) * Self.rows
    let rows = min(Self.rows, output.height - firstRow)
    context.timed(layer) {
      prepare(image, firstRow, rows, context)
      multiply(image, firstRow, rows, context)
    }
    if let tap = context.taps[layer] {
      let pixel = (image * output.height + firstRow) * output.width
      output.copy(pixel..<pixel + rows * output.width, to: tap)
    }
  }

  private func multiply(_ image: Int, _ firstRow: Int, _ rows: Int, _ context: StepContext) {
    for row in 0..<rows {
      let pixel = (image * output.height + firstRow + row) * output.width
      var job = MatrixArguments(
        a: context.scratch + row * convolution.stride * pitch,
        rowStride: convolution.stride * convolution.inputChannels,
        depth: convolution.kernelSize * convolution.inputChannels,
        segments: convolution.kernelSize, segmentStride: pitch,
        weights: packed.weights, bias: packed.bias, output: output[pixel: pixel],
        outputStride: output.paddedChannels, rows: output.width, vectors: 0..<packed.vectors,
        bounds: packed.bounds)
      context.kernels.multiply(&job)
    }
  }

  private func prepare(_ image: Int, _ firstRow: Int, _ rows: Int, _ context: StepContext) {
    let top = firstRow * convolution.stride - vertical.before
    for row in 0..<preparedRows(rows) {
      let y = top + row
      let target = context.scratch + row * pitch
      guard (0..<imageHeight).contains(y) else {
        target.update(repeating: 0, count: pitch)
        continue
      }
      var job = PrepareRowArguments(
        input: context.images + (image * imageHeight + y) * imagePitch, output: target,
        count: imagePitch, before: horizontal.before * convolution.inputChannels,
        after: horizontal.after * convolution.inputChannels)
      context.kernels.prepareRow(&job)
    }
  }
}

/// A depthwise convolution by itself.
struct DepthwiseStep: PlanStep {
  let layer: Int
  let packed: PackedLayer
  let convolution: Convolution
  let input: Activation
  let output: Activation
  /// Output pixels of each unit.
  let cut: PixelCut

  var units: Int { cut.units }
  var scratch: Int { 0 }

  func run(unit: Int, _ context: StepContext) {
    let pixels = cut[unit: unit]
    run(pixels, to: output[pixel: pixels.lowerBound], context)
  }

  /// Computes a range of pixels into memory of the caller's.
  func run(_ pixels: Range<Int>, to target: UnsafeMutablePointer<Float>, _ context: StepContext) {
    var job = DepthwiseArguments(
      input: input.memory, weights: packed.weights, bias: packed.bias,
      output: target, inputHeight: input.height, inputWidth: input.width,
      outputHeight: output.height, outputWidth: output.width, channels: output.paddedChannels,
      stride: convolution.stride,
      paddingTop: convolution.padding(inputSize: input.height).before,
      paddingLeft: convolution.padding(inputSize: input.width).before, pixels: pixels,
      bounds: packed.bounds)
    context.timed(layer) { context.kernels.depthwise(&job) }
    if let tap = context.taps[layer] {
      output.copy(pixels, from: target, to: tap)
    }
  }
}

/// A pointwise convolution or the logits: a matrix product, cut along pixels and along channels.
struct PointwiseStep: PlanStep {
  let layer: Int
  let packed: PackedLayer
  let input: Activation
  let output: Activation
  /// Output pixels of each unit.
  let cut: PixelCut
  /// Vectors of output channels per unit, whole panels.
  let vectors: Int

  private var columns: Int { (packed.vectors + vectors - 1) / vectors }

  var units: Int { cut.units * columns }
  var scratch: Int { 0 }

  func run(unit: Int, _ context: StepContext) {
    let row = unit / columns
    let first = (unit - row * columns) * vectors
    let pixels = cut[unit: row]
    run(
      pixels, from: input[pixel: pixels.lowerBound],
      first..<min(first + vectors, packed.vectors), context)
  }

  /// Computes a range of pixels whose input is in memory of the caller's.
  func run(
    _ pixels: Range<Int>, from source: UnsafePointer<Float>, _ vectors: Range<Int>,
    _ context: StepContext
  ) {
    var job = MatrixArguments(
      a: source, rowStride: input.paddedChannels, depth: input.channels, segments: 1,
      segmentStride: 0, weights: packed.weights, bias: packed.bias,
      output: output[pixel: pixels.lowerBound], outputStride: output.paddedChannels,
      rows: pixels.count, vectors: vectors, bounds: packed.bounds)
    context.timed(layer) { context.kernels.multiply(&job) }
    if let tap = context.taps[layer] {
      copy(pixels, vectors, to: tap, context.kernels.vectorWidth)
    }
  }

  /// Copies the channels of `vectors` of a range of pixels to a dense tensor.
  private func copy(
    _ pixels: Range<Int>, _ vectors: Range<Int>, to tap: UnsafeMutablePointer<Float>, _ width: Int
  ) {
    let first = vectors.lowerBound * width
    let count = min(vectors.upperBound * width, output.channels) - first
    for pixel in pixels {
      (tap + pixel * output.channels + first).update(
        from: output[pixel: pixel] + first, count: count)
    }
  }
}

/// A depthwise convolution and the pointwise one behind it, block by block: what the first yields
/// stays in the thread's scratch memory, hence in a near cache, until the second has used it.
struct SeparableStep: PlanStep {
  let depthwise: DepthwiseStep
  let pointwise: PointwiseStep

  var units: Int { depthwise.units }
  var scratch: Int { depthwise.cut.longest * depthwise.output.paddedChannels }

  func run(unit: Int, _ context: StepContext) {
    let pixels = depthwise.cut[unit: unit]
    depthwise.run(pixels, to: context.scratch, context)
    pointwise.run(pixels, from: context.scratch, 0..<pointwise.packed.vectors, context)
  }
}

/// The mean over height and width, image by image.
struct AverageStep: PlanStep {
  let layer: Int
  let input: Activation
  let output: Activation

  var units: Int { output.batch }
  var scratch: Int { 0 }

  func run(unit: Int, _ context: StepContext) {
    var job = AverageArguments(
      input: input[pixel: unit * input.height * input.width], output: output[pixel: unit],
      pixels: input.height * input.width, channels: input.paddedChannels)
    context.timed(layer) { context.kernels.average(&job) }
    if let tap = context.taps[layer] {
      output.copy(unit..<unit + 1, to: tap)
    }
  }
}
