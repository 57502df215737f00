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

  private var stage: RollingSchedule.Stage { layer.stage(input) }

  var units: Int { blocks.count }
  var scratch: Int { stage.inputRowsLimit(blocks.size) * input.output.rowPitch }

  func run(unit: Int, _ step: StepContext) {
    step.timed(layer.index) {
      let (image, rows) = blocks.rows(unit)
      let stage = stage
      let inputRows = stage.inputRows(rows)
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
        paddingTop: stage.padding.before, paddingLeft: layer.paddingLeft(input), pixels: pixels,
        bounds: context.noBounds)
      context.kernels.depthwise(&job)
      context.moments(
        layer, pixels, 0..<layer.paddedChannels / context.width, block: unit, into: moments)
    }
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

/// A step that adds what blocks left for each channel of a layer, in order and in float64; a unit is
/// some of the channels.
protocol ChannelSumsStep: PlanStep {
  var layer: TrainingLayer { get }
  /// Does some channels, at most 16, with two sums for each of them, zero to begin with.
  func finish(
    _ channels: Range<Int>, _ first: UnsafeMutablePointer<Double>,
    _ second: UnsafeMutablePointer<Double>)
}

extension ChannelSumsStep {
  /// Channels per unit.
  private static var channels: Int { 16 }

  var units: Int { (layer.convolution.outputChannels + Self.channels - 1) / Self.channels }
  var scratch: Int { 0 }

  func run(unit: Int, _ step: StepContext) {
    step.timed(layer.index) {
      let start = unit * Self.channels
      let channels = start..<min(start + Self.channels, layer.convolution.outputChannels)
      withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * Self.channels) { memory in
        guard let first = memory.baseAddress else { return }
        memory.update(repeating: 0)
        finish(channels, first, first + Self.channels)
      }
    }
  }
}

/// Makes a batch norm's table from its blocks' moments, and moves the averages.
struct NormStep: ChannelSumsStep {
  let context: TrainingContext
  let layer: TrainingLayer
  let blocks: Blocks
  let moments: UnsafePointer<Float>

  /// Mean and variance of all blocks together, in float64. With a block's center `c`, `r = Σ (x - c)` and
  /// `q = Σ (x - c)²`, `Σ x = Σ_b [n c + r]` and
  /// `Σ (x - mean)² = Σ_b [q + 2 (c - mean) r + n (c - mean)²]`, where `r` is what rounding left.
  func finish(
    _ channels: Range<Int>, _ means: UnsafeMutablePointer<Double>,
    _ squares: UnsafeMutablePointer<Double>
  ) {
    forEachBlock(channels) { size, index, block in
      means[index] += size * block.center + block.rest
    }
    for index in 0..<channels.count { means[index] /= Double(layer.count) }
    forEachBlock(channels) { size, index, block in
      let distance = block.center - means[index]
      squares[index] += block.squares + (2 * block.rest + size * distance) * distance
    }
    for (index, channel) in channels.enumerated() {
      set(channel, mean: means[index], variance: max(squares[index], 0) / Double(layer.count))
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
