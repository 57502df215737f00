import KernelInterface

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
    multiply(pixels.count, from: source, to: output[pixel: pixels.lowerBound], vectors, context)
    if let tap = context.taps[layer] {
      copy(pixels, vectors, to: tap, context.kernels.vectorWidth)
    }
  }

  /// Computes some neighbouring pixels.
  func multiply(
    _ count: Int, from source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>,
    _ vectors: Range<Int>, _ context: StepContext
  ) {
    var job = MatrixArguments(
      a: source, rowStride: input.paddedChannels, depth: input.channels, segments: 1,
      segmentStride: 0, weights: packed.weights, bias: packed.bias,
      output: target, outputStride: output.paddedChannels,
      rows: count, vectors: vectors, bounds: packed.bounds)
    context.timed(layer) { context.kernels.multiply(&job) }
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
