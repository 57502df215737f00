/// The first layers in one step: stem and some separable blocks, a few rows at a time.
///
/// Their end points are the largest of all and each is read once. Stored whole, at 128 x 128 they go
/// through 2 MB of memory, more than a second-level cache holds; here each has a buffer of a few
/// rows. A unit is a segment of one image's rows; the rows where segments meet are computed twice.
struct RollingStep: PlanStep {
  let stem: StemStep
  /// The last one's output is stored whole.
  let blocks: [SeparableStep]
  /// By segment of an image.
  let schedules: [RollingSchedule]
  /// Floats from the start of the scratch memory to each stage's buffer.
  private let buffers: [Int]
  let scratch: Int
  /// Floats of a row, by stage.
  private let rowPitches: [Int]

  init(stem: StemStep, blocks: [SeparableStep], schedules: [RollingSchedule]) {
    self.stem = stem
    self.blocks = blocks
    self.schedules = schedules
    rowPitches = [stem.output.rowPitch] + blocks.map(\.pointwise.output.rowPitch)
    let between = blocks.map { $0.depthwise.cut.capacity * $0.depthwise.output.paddedChannels }
    var end = max(stem.scratch, between.max() ?? 0)
    var buffers: [Int] = []
    for stage in 0..<blocks.count {
      buffers.append(end)
      end += (schedules.map { $0.capacities[stage] }.max() ?? 0) * rowPitches[stage]
    }
    self.buffers = buffers
    scratch = end
  }

  var units: Int { stem.output.batch * schedules.count }

  func run(unit: Int, _ context: StepContext) {
    let image = unit / schedules.count
    for turn in schedules[unit - image * schedules.count].turns {
      run(turn, image, context)
    }
  }

  /// A unit reads the images and writes its segment of the last end point.
  func touches(unit: Int) -> Touches? {
    guard let output = blocks.last?.pointwise.output else { return nil }
    let image = unit / schedules.count
    let rows = schedules[unit - image * schedules.count].rows
    return Touches(
      reads: output.memory..<output.memory,
      writes: output.memory(of: output.pixels(image: image, rows)))
  }

  private func run(_ turn: RollingSchedule.Turn, _ image: Int, _ context: StepContext) {
    let target = target(turn, image, context)
    if turn.rows.isEmpty { return }
    if turn.stage > 0 {
      run(blocks[turn.stage - 1], turn, image, to: target, context)
      return
    }
    stem.run(image: image, turn.rows, to: target, context)
    let width = stem.output.width
    let pixels = turn.rows.lowerBound * width..<turn.rows.upperBound * width
    record(stem.layer, stem.output, pixels, from: target, turn, image, context)
  }

  /// Where the turn's first row goes, once the rows in front of it are in their place.
  private func target(
    _ turn: RollingSchedule.Turn, _ image: Int, _ context: StepContext
  ) -> UnsafeMutablePointer<Float> {
    guard turn.stage < blocks.count else {
      return blocks[turn.stage - 1].pointwise.output[image: image, row: turn.rows.lowerBound]
    }
    let pitch = rowPitches[turn.stage]
    let buffer = context.scratch + buffers[turn.stage]
    if turn.keptFrom > 0 {
      buffer.update(from: buffer + turn.keptFrom * pitch, count: turn.kept * pitch)
    }
    return buffer + (turn.rows.lowerBound - turn.first) * pitch
  }

  private func run(
    _ block: SeparableStep, _ turn: RollingSchedule.Turn, _ image: Int,
    to target: UnsafeMutablePointer<Float>, _ context: StepContext
  ) {
    let (depthwise, pointwise) = (block.depthwise, block.pointwise)
    let width = depthwise.output.width
    // The place that the image's first row would have.
    let source =
      UnsafePointer(context.scratch) + buffers[turn.stage - 1]
      - turn.inputFirst * rowPitches[turn.stage - 1]
    let first = turn.rows.lowerBound * width
    let cut = depthwise.cut.cutting(turn.rows.count * width)
    for unit in 0..<cut.units {
      let part = cut[unit: unit]
      let pixels = first + part.lowerBound..<first + part.upperBound
      let output = target + part.lowerBound * pointwise.output.paddedChannels
      depthwise.convolve(pixels, from: source, to: context.scratch, context)
      pointwise.multiply(
        part.count, from: context.scratch, to: output, 0..<pointwise.packed.vectors, context)
      record(
        depthwise.layer, depthwise.output, pixels, from: context.scratch, turn, image, context)
      record(pointwise.layer, pointwise.output, pixels, from: output, turn, image, context)
    }
  }

  /// Copies some pixels of one image, the first of them at `source`, if somebody asks for them and
  /// they are this segment's.
  private func record(
    _ layer: Int, _ output: Activation, _ pixels: Range<Int>, from source: UnsafePointer<Float>,
    _ turn: RollingSchedule.Turn, _ image: Int, _ context: StepContext
  ) {
    guard let tap = context.taps[layer] else { return }
    let rows = turn.recorded
    let wanted = (rows.lowerBound * output.width..<rows.upperBound * output.width).clamped(
      to: pixels)
    if wanted.isEmpty { return }
    let before = image * output.height * output.width
    output.copy(
      before + wanted.lowerBound..<before + wanted.upperBound,
      from: source + (wanted.lowerBound - pixels.lowerBound) * output.paddedChannels, to: tap)
  }
}
