import KernelInterface
import MobileNet

/// Finishes the sums of a batch norm's backward pass: the gradients of gamma and beta, and what the
/// gradient of its input needs.
struct NormGradientStep: ChannelSumsStep {
  let context: TrainingContext
  let layer: TrainingLayer
  let sums: UnsafePointer<Float>
  /// Blocks that `sums` is of.
  let blocks: Int

  func finish(
    _ channels: Range<Int>, _ totals: UnsafeMutablePointer<Double>,
    _ products: UnsafeMutablePointer<Double>
  ) {
    for block in 0..<blocks {
      let place = sums + 2 * block * layer.paddedChannels + channels.lowerBound
      for index in 0..<channels.count {
        totals[index] += Double(place[index])
        products[index] += Double(place[layer.paddedChannels + index])
      }
    }
    for (index, channel) in channels.enumerated() {
      set(channel, sum: totals[index], product: products[index])
    }
  }

  private func set(_ channel: Int, sum: Double, product: Double) {
    let inverse = Double(layer[norm: NormTable.inverseDeviation][channel])
    let scale = Double(layer[norm: NormTable.scale][channel])
    let count = Double(layer.count)
    layer.beta.gradient[channel] = Float(sum)
    layer.gamma.gradient[channel] = Float(product * inverse)
    layer[norm: NormTable.constant][channel] = Float(-scale * sum / count)
    layer[norm: NormTable.slope][channel] = Float(-scale * product * inverse * inverse / count)
  }
}

/// The gradient's way back through a pointwise layer: through its batch norm, in place, then through
/// its weights, with the sums of the batch norm in front of it.
struct PointwiseGradientStep: PlanStep {
  let context: TrainingContext
  let input: TrainingLayer
  let layer: TrainingLayer
  /// With respect to the layer's activations; becomes that of what its batch norm read.
  let gradient: UnsafeMutablePointer<Float>
  /// With respect to the activations that the layer read.
  let inputGradient: UnsafeMutablePointer<Float>
  /// Where the activations that the layer read go.
  let activations: UnsafeMutablePointer<Float>
  let blocks: Blocks
  let parts: Int
  let sums: UnsafeMutablePointer<Float>

  var units: Int { blocks.count * parts }
  var scratch: Int { 0 }

  func run(unit: Int, _ step: StepContext) {
    step.timed(layer.index) {
      let block = unit / parts
      let pixels = blocks.pixels(block)
      if parts == 1 { prepare(pixels) }
      let vectors = context.vectors(
        unit - block * parts, of: parts, channels: input.paddedChannels)
      var job = MatrixArguments(
        a: gradient + pixels.lowerBound * layer.paddedChannels,
        rowStride: layer.paddedChannels, depth: layer.convolution.outputChannels, segments: 1,
        segmentStride: 0, weights: layer.weights.transposed, bias: context.zeros,
        output: inputGradient + pixels.lowerBound * input.paddedChannels,
        outputStride: input.paddedChannels, rows: pixels.count, vectors: vectors,
        bounds: context.noBounds)
      context.kernels.multiply(&job)
      context.normGradientSums(
        input, inputGradient, pixels, vectors, into: sums + 2 * block * input.paddedChannels)
    }
  }

  /// What all parts need.
  func prepare(_ pixels: Range<Int>) {
    context.normGradient(
      layer, gradient, pixels, into: gradient + pixels.lowerBound * layer.paddedChannels)
    context.normalize(
      input, pixels, into: activations + pixels.lowerBound * input.paddedChannels)
  }
}

/// What ``PointwiseGradientStep`` needs first where several units share a block of pixels.
struct PointwisePreparationStep: PlanStep {
  let step: PointwiseGradientStep

  var units: Int { step.parts == 1 ? 0 : step.blocks.count }
  var scratch: Int { 0 }

  func run(unit: Int, _ context: StepContext) {
    context.timed(step.layer.index) { step.prepare(step.blocks.pixels(unit)) }
  }
}

/// The gradient of a pointwise layer's weights, in parts of the pixels and of the channels.
struct PointwiseWeightStep: PlanStep {
  let context: TrainingContext
  let input: TrainingLayer
  let layer: TrainingLayer
  let activations: UnsafePointer<Float>
  /// With respect to what the layer's batch norm read.
  let gradient: UnsafePointer<Float>
  let chunks: Chunks
  /// By chunk: a gradient of the weights. Not used if there is one chunk.
  let partials: UnsafeMutablePointer<Float>

  private var parts: Int {
    chunks.parts(panels: context.panels(channels: layer.paddedChannels))
  }
  var units: Int { chunks.count * parts }
  var scratch: Int { context.training.transposedScratch }

  func run(unit: Int, _ step: StepContext) {
    step.timed(layer.index) {
      let chunk = unit / parts
      let pixels = chunks.pixels(chunk)
      let vectors = context.vectors(
        unit - chunk * parts, of: parts, channels: layer.paddedChannels)
      let isWhole = chunks.count == 1
      let rows = layer.convolution.inputChannels
      var job = TransposedArguments(
        a: activations + pixels.lowerBound * input.paddedChannels,
        aStride: input.paddedChannels, rows: rows,
        b: gradient + pixels.lowerBound * layer.paddedChannels, bStride: layer.paddedChannels,
        vectors: vectors, depth: pixels.count,
        output: isWhole
          ? layer.weights.gradient : partials + chunk * layer.weights.layout.count,
        outputRows: rows, firstRow: 0, accumulates: false, scratch: step.scratch)
      context.training.multiplyTransposed(&job)
      if isWhole { context.decay(layer.weights, layer.weights.range(vectors, context.width)) }
    }
  }
}

/// Pixels in equal parts, for sums too long for one unit.
struct Chunks {
  /// Pixels of a chunk at most.
  private static let pixels = 1024
  private static let minimum = 8

  let total: Int
  let count: Int

  init(total: Int) {
    self.total = total
    count = (total + Self.pixels - 1) / Self.pixels
  }

  func pixels(_ chunk: Int) -> Range<Int> {
    chunk * total / count..<(chunk + 1) * total / count
  }

  /// Parts to cut the channels into, so that there is work for some threads.
  func parts(panels: Int) -> Int {
    min(panels, max(1, (Self.minimum + count - 1) / count))
  }
}

/// Adds the parts of a weight gradient in order, and the weight decay's.
struct ReductionStep: PlanStep {
  /// Floats per unit, whole vectors.
  private static let floats = 2048

  let context: TrainingContext
  let layer: TrainingLayer
  let partials: UnsafePointer<Float>
  let count: Int

  private var size: Int { layer.weights.layout.count }
  var units: Int { (size + Self.floats - 1) / Self.floats }
  var scratch: Int { 0 }

  func run(unit: Int, _ step: StepContext) {
    step.timed(layer.index) {
      let range = unit * Self.floats..<min((unit + 1) * Self.floats, size)
      let target = layer.weights.gradient + range.lowerBound
      target.update(from: partials + range.lowerBound, count: range.count)
      for part in 1..<max(count, 1) {
        var job = RunArguments(
          target: target, source: partials + part * size + range.lowerBound, factor: 1,
          count: range.count)
        context.training.add(&job)
      }
      context.decay(layer.weights, range)
    }
  }
}

/// The gradient's way back through a depthwise layer, with the part of its weights' gradient and the
/// sums of the batch norm in front of it, for some rows of an image.
///
/// Rows that neighbours read too are made twice, which costs less than another pass over memory.
struct DepthwiseGradientStep: PlanStep {
  let context: TrainingContext
  let input: TrainingLayer
  let layer: TrainingLayer
  /// With respect to the layer's activations.
  let gradient: UnsafePointer<Float>
  /// With respect to the activations that the layer read.
  let inputGradient: UnsafeMutablePointer<Float>
  let blocks: Blocks
  let sums: UnsafeMutablePointer<Float>
  /// By block: a gradient of the weights.
  let partials: UnsafeMutablePointer<Float>

  private var stage: RollingSchedule.Stage { layer.stage(input) }
  private var gradientRowsLimit: Int { min(blocks.size + 2, layer.output.height) }

  var units: Int { blocks.count }
  var scratch: Int {
    gradientRowsLimit * layer.output.rowPitch
      + stage.inputRowsLimit(blocks.size) * input.output.rowPitch
  }

  func run(unit: Int, _ step: StepContext) {
    step.timed(layer.index) {
      let (image, rows) = blocks.rows(unit)
      let stage = stage
      let around = max(rows.lowerBound - 1, 0)..<min(rows.upperBound + 1, layer.output.height)
      let inputRows = stage.inputRows(rows)
      let gradients = step.scratch
      let activations = step.scratch + gradientRowsLimit * layer.output.rowPitch
      context.normGradient(
        layer, gradient, layer.output.pixels(image: image, around), into: gradients)
      context.normalize(input, input.output.pixels(image: image, inputRows), into: activations)
      var job = DepthwiseGradientArguments(
        input: activations - inputRows.lowerBound * input.output.rowPitch,
        gradient: gradients - around.lowerBound * layer.output.rowPitch,
        weights: layer.weights.transposed,
        output: partials + unit * layer.weights.layout.count, zeros: context.zeros,
        inputHeight: input.output.height, inputWidth: input.output.width,
        outputHeight: layer.output.height, outputWidth: layer.output.width,
        channels: layer.paddedChannels, stride: layer.convolution.stride,
        paddingTop: stage.padding.before, paddingLeft: layer.paddingLeft(input), rows: rows)
      context.training.depthwiseWeightGradient(&job)
      inputGradient(&job, image, rows)
      let pixels = input.output.pixels(image: image, job.rows)
      context.normGradientSums(
        input, inputGradient, pixels, 0..<input.paddedChannels / context.width,
        into: sums + 2 * unit * input.paddedChannels)
    }
  }

  /// The input rows that belong to the block; leaves them in the job.
  private func inputGradient(
    _ job: inout DepthwiseGradientArguments, _ image: Int, _ rows: Range<Int>
  ) {
    let firstRow = image * input.output.height
    if job.stride == 1 {
      // With the kernel turned around this is a convolution like any other.
      let pixels = input.output.pixels(image: image, rows)
      var convolution = DepthwiseArguments(
        input: job.gradient - firstRow * layer.output.rowPitch, weights: job.weights,
        bias: context.zeros,
        output: inputGradient + pixels.lowerBound * input.paddedChannels,
        inputHeight: job.inputHeight, inputWidth: job.inputWidth, outputHeight: job.outputHeight,
        outputWidth: job.outputWidth, channels: job.channels, stride: 1,
        paddingTop: 2 - job.paddingTop, paddingLeft: 2 - job.paddingLeft, pixels: pixels,
        bounds: context.noBounds)
      context.kernels.depthwise(&convolution)
    } else {
      job.rows = 2 * rows.lowerBound..<min(2 * rows.upperBound, job.inputHeight)
      job.output = inputGradient + firstRow * input.output.rowPitch
      context.training.depthwiseInputGradient(&job)
    }
  }
}

/// Copies the gradient with respect to a layer's activations for whoever has asked for it: the next
/// steps overwrite it.
struct GradientTapStep: PlanStep {
  let layer: TrainingLayer
  let gradient: UnsafePointer<Float>

  var units: Int { 1 }
  var scratch: Int { 0 }

  func run(unit: Int, _ context: StepContext) {
    guard let tap = context.taps[layer.index] else { return }
    layer.output.copy(0..<layer.output.pixels, from: gradient, to: tap)
  }
}

/// Several steps that do not need each other's results, as one.
struct JointStep: PlanStep {
  let steps: [any PlanStep]

  var units: Int { steps.reduce(0) { $0 + $1.units } }
  var scratch: Int { steps.map(\.scratch).max() ?? 0 }

  func run(unit: Int, _ context: StepContext) {
    var unit = unit
    for step in steps {
      let units = step.units
      if unit < units { return step.run(unit: unit, context) }
      unit -= units
    }
  }
}
