import KernelInterface
import MobileNet

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
    let first = (unit - image * blocks) * Self.rows
    let rows = first..<min(first + Self.rows, output.height)
    run(image: image, rows, to: output[image: image, row: first], context)
    if let tap = context.taps[layer] {
      output.copy(output.pixels(image: image, rows), to: tap)
    }
  }

  /// Computes a range of one image's output rows into memory of the caller's.
  func run(
    image: Int, _ rows: Range<Int>, to target: UnsafeMutablePointer<Float>,
    _ context: StepContext
  ) {
    context.timed(layer) {
      for first in stride(from: rows.lowerBound, to: rows.upperBound, by: Self.rows) {
        let count = min(Self.rows, rows.upperBound - first)
        prepare(image, first, count, context)
        multiply(
          image, first, count, target + (first - rows.lowerBound) * output.rowPitch, context)
      }
    }
  }

  /// Multiplies some prepared rows, and fetches the image rows that the next ones read: all of them
  /// at once would arrive no faster than memory hands them out, while nothing is computed.
  private func multiply(
    _ image: Int, _ first: Int, _ rows: Int, _ target: UnsafeMutablePointer<Float>,
    _ context: StepContext
  ) {
    let step = convolution.stride
    // Where the rows behind those that are prepared begin.
    let next = (first + Self.rows - 1) * step + convolution.kernelSize - vertical.before
    let ahead = context.images + (image * imageHeight + next) * imagePitch
    for row in 0..<rows {
      var job = MatrixArguments(
        a: context.scratch + row * step * pitch, rowStride: step * convolution.inputChannels,
        depth: convolution.kernelSize * convolution.inputChannels,
        segments: convolution.kernelSize, segmentStride: pitch,
        weights: packed.weights, bias: packed.bias, output: target + row * output.rowPitch,
        outputStride: output.paddedChannels, rows: output.width, vectors: 0..<packed.vectors,
        columns: output.channels, bounds: packed.bounds, ahead: ahead + row * step * imagePitch,
        aheadPace: step * step * convolution.inputChannels / convolution.kernelSize)
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
