import KernelInterface
import MobileNet

/// The first convolution, with its batch's moments.
struct StemTrainingStep: PlanStep {
  let context: TrainingContext
  let stem: StemStep
  let layer: TrainingLayer
  let blocks: Blocks
  /// By block: three rows, see `MomentsArguments`.
  let moments: UnsafeMutablePointer<Float>

  var units: Int { blocks.count }
  var scratch: Int { stem.scratch }

  func run(unit: Int, _ step: StepContext) {
    let (image, rows) = blocks.rows(unit)
    stem.run(
      image: image, rows, to: layer.output[image: image, row: rows.lowerBound], step)
    step.timed(layer.index) {
      context.moments(
        layer, blocks.pixels(unit), 0..<layer.paddedChannels / context.width, block: unit,
        into: moments)
    }
  }
}

/// A depthwise convolution of activations that are made on the spot, with its batch's moments.
struct DepthwiseTrainingStep: PlanStep {
  let context: TrainingContext
  let input: TrainingLayer
  let layer: TrainingLayer
  let blocks: Blocks
  let moments: UnsafeMutablePointer<Float>

  private var geometry: DepthwiseGeometry { DepthwiseGeometry(input, layer) }

  var units: Int { blocks.count }
  var scratch: Int { geometry.inputRowsLimit(blocks.size) * input.output.rowPitch }

  func run(unit: Int, _ step: StepContext) {
    step.timed(layer.index) {
      let (image, rows) = blocks.rows(unit)
      let geometry = geometry
      let inputRows = geometry.inputRows(of: rows)
      context.normalize(input, input.output.pixels(image: image, inputRows), into: step.scratch)
      let pixels = blocks.pixels(unit)
      // The kernel counts rows from the first image's; only this block's are there.
      let firstRow = image * input.output.height + inputRows.lowerBound
      var job = DepthwiseArguments(
        input: step.scratch - firstRow * input.output.rowPitch, weights: layer.weights.value,
        bias: context.zeros, output: layer.output[pixel: pixels.lowerBound],
        inputHeight: input.output.height, inputWidth: input.output.width,
        outputHeight: layer.output.height, outputWidth: layer.output.width,
        channels: layer.paddedChannels, stride: layer.convolution.stride,
        paddingTop: geometry.top, paddingLeft: geometry.left, pixels: pixels,
        bounds: context.noBounds)
      context.kernels.depthwise(&job)
      context.moments(
        layer, pixels, 0..<layer.paddedChannels / context.width, block: unit, into: moments)
    }
  }
}

/// Which rows a depthwise convolution's blocks read.
struct DepthwiseGeometry {
  let input: Activation
  let output: Activation
  let stride: Int
  let top: Int
  let left: Int

  init(_ input: TrainingLayer, _ layer: TrainingLayer) {
    self.input = input.output
    output = layer.output
    stride = layer.convolution.stride
    top = layer.convolution.padding(inputSize: input.output.height).before
    left = layer.convolution.padding(inputSize: input.output.width).before
  }

  /// Rows that so many output rows read at most.
  func inputRowsLimit(_ rows: Int) -> Int { min((rows - 1) * stride + 3, input.height) }

  /// Rows that these output rows read, without padding.
  func inputRows(of rows: Range<Int>) -> Range<Int> {
    let first = rows.lowerBound * stride - top
    let end = (rows.upperBound - 1) * stride - top + 3
    return max(first, 0)..<min(end, input.height)
  }
}

/// A pointwise convolution of activations that are made on the spot, with its batch's moments.
struct PointwiseTrainingStep: PlanStep {
  let context: TrainingContext
  let input: TrainingLayer
  let layer: TrainingLayer
  let blocks: Blocks
  /// Parts of the output channels; each makes the activations anew.
  let parts: Int
  let moments: UnsafeMutablePointer<Float>

  var units: Int { blocks.count * parts }
  var scratch: Int { blocks.size * blocks.width * input.paddedChannels }

  func run(unit: Int, _ step: StepContext) {
    step.timed(layer.index) {
      let block = unit / parts
      let pixels = blocks.pixels(block)
      let vectors = context.vectors(
        unit - block * parts, of: parts, channels: layer.paddedChannels)
      context.normalize(input, pixels, into: step.scratch)
      var job = MatrixArguments(
        a: step.scratch, rowStride: input.paddedChannels,
        depth: layer.convolution.inputChannels, segments: 1, segmentStride: 0,
        weights: layer.weights.value, bias: context.zeros,
        output: layer.output[pixel: pixels.lowerBound], outputStride: layer.paddedChannels,
        rows: pixels.count, vectors: vectors, bounds: context.noBounds)
      context.kernels.multiply(&job)
      context.moments(layer, pixels, vectors, block: block, into: moments)
    }
  }
}

/// Makes a batch norm's table from its blocks' moments, and moves the averages.
struct NormStep: PlanStep {
  /// Channels per unit.
  private static let channels = 16

  let context: TrainingContext
  let layer: TrainingLayer
  let blocks: Blocks
  let moments: UnsafePointer<Float>

  var units: Int { (layer.convolution.outputChannels + Self.channels - 1) / Self.channels }
  var scratch: Int { 0 }

  func run(unit: Int, _ step: StepContext) {
    step.timed(layer.index) {
      let first = unit * Self.channels
      finish(first..<min(first + Self.channels, layer.convolution.outputChannels))
    }
  }

  /// Mean and variance of all blocks together, in float64. With a block's center `c`, `r = Σ (x - c)` and
  /// `q = Σ (x - c)²`, `Σ x = Σ_b [n c + r]` and
  /// `Σ (x - mean)² = Σ_b [q + 2 (c - mean) r + n (c - mean)²]`, where `r` is what rounding left.
  private func finish(_ channels: Range<Int>) {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * Self.channels) { memory in
      guard let means = memory.baseAddress else { return }
      let squares = means + Self.channels
      memory.update(repeating: 0)
      forEachBlock(channels) { size, index, block in
        means[index] += size * block.center + block.rest
      }
      for index in 0..<channels.count { means[index] /= Double(layer.count) }
      forEachBlock(channels) { size, index, block in
        let distance = block.center - means[index]
        squares[index] += block.squares + (2 * block.rest + size * distance) * distance
      }
      for (index, channel) in channels.enumerated() {
        set(
          channel, mean: means[index], variance: max(squares[index], 0) / Double(layer.count))
      }
    }
  }

  /// Hands over a block's pixels, a channel's place in the range and its moments.
  @inline(__always)
  private func forEachBlock(
    _ channels: Range<Int>,
    _ body: (Double, Int, (center: Double, rest: Double, squares: Double)) -> Void
  ) {
    let pitch = layer.paddedChannels
    for block in 0..<blocks.count {
      let size = Double(blocks.pixels(block).count)
      let place = moments + block * layer.momentsCount + channels.lowerBound
      for index in 0..<channels.count {
        body(
          size, index,
          (
            Double(place[index]), Double(place[pitch + index]), Double(place[2 * pitch + index])
          ))
      }
    }
  }

  private func set(_ channel: Int, mean: Double, variance: Double) {
    let inverse = 1 / (variance + Architecture.batchNormEpsilon).squareRoot()
    layer[norm: NormTable.mean][channel] = Float(mean)
    layer[norm: NormTable.variance][channel] = Float(variance)
    layer[norm: NormTable.inverseDeviation][channel] = Float(inverse)
    layer[norm: NormTable.scale][channel] = Float(Double(layer.gamma.value[channel]) * inverse)
    layer[norm: NormTable.offset][channel] = layer.beta.value[channel]

    let settings = context.call.pointee.settings
    let count = Double(layer.count)
    let isUnbiased = settings.movingVariance == .unbiased && layer.count > 1
    let factor = isUnbiased ? count / (count - 1) : 1
    let share = 1 - settings.batchNormMomentum
    Self.move(&layer.movingMean[channel], to: mean, share)
    Self.move(&layer.movingVariance[channel], to: variance * factor, share)
  }

  private static func move(_ average: inout Float, to value: Double, _ share: Double) {
    average = Float(Double(average) - (Double(average) - value) * share)
  }
}
