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

  /// Computes a range of pixels whose input is in memory of the caller's, and fetches `ahead`
  /// meanwhile.
  func run(
    _ pixels: Range<Int>, from source: UnsafePointer<Float>, _ vectors: Range<Int>,
    _ context: StepContext, ahead: Range<UnsafeMutablePointer<Float>>? = nil
  ) {
    multiply(
      pixels.count, from: source, to: output[pixel: pixels.lowerBound], vectors, context,
      ahead: ahead)
    if let tap = context.taps[layer] {
      copy(pixels, vectors, to: tap, context.kernels.vectorWidth)
    }
  }

  /// Computes some neighbouring pixels.
  func multiply(
    _ count: Int, from source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>,
    _ vectors: Range<Int>, _ context: StepContext,
    ahead: Range<UnsafeMutablePointer<Float>>? = nil
  ) {
    let panel = context.kernels.panelVectors
    // Every row fetches its part once per panel.
    let parts = count * ((vectors.count + panel - 1) / panel)
    var job = MatrixArguments(
      a: source, rowStride: input.paddedChannels, depth: input.channels, segments: 1,
      segmentStride: 0, weights: packed.weights, bias: packed.bias,
      output: target, outputStride: output.paddedChannels,
      rows: count, vectors: vectors, bounds: packed.bounds,
      ahead: ahead.map { UnsafePointer($0.lowerBound) },
      aheadPace: ahead.map { ($0.count + parts - 1) / parts } ?? 0)
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
