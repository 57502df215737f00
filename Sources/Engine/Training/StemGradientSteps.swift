import KernelInterface
import MobileNet

/// The gradient of the first convolution's weights, some rows of an image at a time; the gradient comes
/// through the batch norm in place.
struct StemGradientStep: PlanStep {
  let context: TrainingContext
  let stem: StemRows
  let layer: TrainingLayer
  /// With respect to the layer's activations; becomes that of what its batch norm read.
  let gradient: UnsafeMutablePointer<Float>
  let blocks: Blocks
  /// By block: a gradient of the weights.
  let partials: UnsafeMutablePointer<Float>

  private var rowsMemory: Int { stem.count(blocks.size) * stem.pitch }
  var units: Int { blocks.count }
  var scratch: Int { (rowsMemory + 15) / 16 * 16 + context.training.transposedScratch }

  func run(unit: Int, _ step: StepContext) {
    step.timed(layer.index) {
      let (image, rows) = blocks.rows(unit)
      let pixels = blocks.pixels(unit)
      let start = gradient + pixels.lowerBound * layer.paddedChannels
      context.normGradient(layer, gradient, pixels, into: start)
      stem.prepare(image, rows, step.images, into: step.scratch, context.kernels)
      for row in 0..<rows.count {
        add(
          row, start + row * layer.output.width * layer.paddedChannels,
          to: partials + unit * layer.weights.layout.count, step)
      }
    }
  }

  /// Adds one row's contribution: a product for each kernel row.
  private func add(
    _ row: Int, _ gradient: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>,
    _ step: StepContext
  ) {
    let convolution = layer.convolution
    let taps = convolution.kernelSize * convolution.inputChannels
    for kernelRow in 0..<convolution.kernelSize {
      var job = TransposedArguments(
        a: step.scratch + (row * convolution.stride + kernelRow) * stem.pitch,
        aStride: convolution.stride * convolution.inputChannels, rows: taps, b: gradient,
        bStride: layer.paddedChannels, vectors: 0..<layer.paddedChannels / context.width,
        depth: layer.output.width, output: target, outputRows: layer.weights.layout.depth,
        firstRow: kernelRow * taps, accumulates: row > 0,
        scratch: step.scratch + (rowsMemory + 15) / 16 * 16)
      context.training.multiplyTransposed(&job)
    }
  }
}

/// Image rows as the first convolution reads them: `2 x - 1`, with the padding around.
struct StemRows {
  let convolution: Convolution
  let height: Int
  let width: Int

  private var horizontal: SamePadding { convolution.padding(inputSize: width) }
  var top: Int { convolution.padding(inputSize: height).before }
  var left: Int { horizontal.before }
  /// Floats of a row, padding included.
  var pitch: Int {
    (horizontal.before + width + horizontal.after) * convolution.inputChannels
  }

  /// Rows behind so many output rows.
  func count(_ outputRows: Int) -> Int {
    (outputRows - 1) * convolution.stride + convolution.kernelSize
  }

  func prepare(
    _ image: Int, _ outputRows: Range<Int>, _ images: UnsafePointer<Float>,
    into target: UnsafeMutablePointer<Float>, _ kernels: KernelTable
  ) {
    let channels = convolution.inputChannels
    let first = outputRows.lowerBound * convolution.stride - top
    for row in 0..<count(outputRows.count) {
      let place = target + row * pitch
      guard (0..<height).contains(first + row) else {
        place.update(repeating: 0, count: pitch)
        continue
      }
      var job = PrepareRowArguments(
        input: images + (image * height + first + row) * width * channels, output: place,
        count: width * channels, before: horizontal.before * channels,
        after: horizontal.after * channels)
      kernels.prepareRow(&job)
    }
  }
}

/// The gradient of the images, if it is wanted: image by image, what every output pixel hands back to
/// the 27 values it read, times the 2 of `2 x - 1`.
struct ImageGradientStep: PlanStep {
  let context: TrainingContext
  let stem: StemRows
  let layer: TrainingLayer
  /// With respect to what the layer's batch norm read.
  let gradient: UnsafePointer<Float>
  /// Dense, like the images.
  let output: UnsafeMutablePointer<Float>

  private var taps: Int { layer.weights.layout.depth }
  /// Floats that a pixel hands back, padded.
  private var columns: Int { context.kernels.paddedChannels(taps) }
  var units: Int { layer.output.batch }
  var scratch: Int { layer.output.width * columns }

  func run(unit: Int, _ step: StepContext) {
    guard context.call.pointee.settings.differentiatesImages else { return }
    step.timed(layer.index) {
      let channels = layer.convolution.inputChannels
      let image = output + unit * stem.height * stem.width * channels
      image.update(repeating: 0, count: stem.height * stem.width * channels)
      for row in 0..<layer.output.height {
        let pixel = (unit * layer.output.height + row) * layer.output.width
        var job = MatrixArguments(
          a: gradient + pixel * layer.paddedChannels, rowStride: layer.paddedChannels,
          depth: layer.convolution.outputChannels, segments: 1, segmentStride: 0,
          weights: layer.weights.transposed, bias: context.zeros, output: step.scratch,
          outputStride: columns, rows: layer.output.width, vectors: 0..<columns / context.width,
          bounds: context.noBounds)
        context.kernels.multiply(&job)
        for x in 0..<layer.output.width {
          scatter(step.scratch + x * columns, row, x, into: image)
        }
      }
    }
  }

  private func scatter(
    _ values: UnsafePointer<Float>, _ row: Int, _ column: Int,
    into image: UnsafeMutablePointer<Float>
  ) {
    let convolution = layer.convolution
    let size = convolution.kernelSize
    let channels = convolution.inputChannels
    for kernelRow in 0..<size {
      let y = row * convolution.stride + kernelRow - stem.top
      guard y >= 0, y < stem.height else { continue }
      for kernelColumn in 0..<size {
        let x = column * convolution.stride + kernelColumn - stem.left
        guard x >= 0, x < stem.width else { continue }
        let target = image + (y * stem.width + x) * channels
        let source = values + (kernelRow * size + kernelColumn) * channels
        for channel in 0..<channels { target[channel] += 2 * source[channel] }
      }
    }
  }
}
