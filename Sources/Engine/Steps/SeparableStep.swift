/// A depthwise convolution and the pointwise one behind it, block by block: what the first yields
/// stays in the thread's scratch memory, hence in a near cache, until the second has used it.
struct SeparableStep: PlanStep {
  let depthwise: DepthwiseStep
  let pointwise: PointwiseStep
  /// Whether the input outgrows the near caches, so that what the next unit reads is worth fetching.
  var isFarInput = false

  var units: Int { depthwise.units }
  var scratch: Int { depthwise.cut.capacity * depthwise.output.paddedChannels }

  func run(unit: Int, _ context: StepContext) {
    let pixels = depthwise.cut[unit: unit]
    depthwise.run(pixels, to: context.scratch, context)
    pointwise.run(
      pixels, from: context.scratch, 0..<pointwise.packed.vectors, context,
      ahead: ahead(of: unit, context))
  }

  /// What the next unit reads and this one did not.
  private func ahead(of unit: Int, _ context: StepContext) -> Range<UnsafeMutablePointer<Float>>? {
    guard isFarInput, let next = context.next else { return nil }
    let read = depthwise.inputPixels(depthwise.cut[unit: unit])
    let needed = depthwise.inputPixels(depthwise.cut[unit: next])
    let first = next > unit ? max(needed.lowerBound, read.upperBound) : needed.lowerBound
    let end = next > unit ? needed.upperBound : min(needed.upperBound, read.lowerBound)
    return first < end ? depthwise.input.memory(of: first..<end) : nil
  }

  func touches(unit: Int) -> Touches? {
    let pixels = depthwise.cut[unit: unit]
    return Touches(
      reads: depthwise.input.memory(of: depthwise.inputPixels(pixels)),
      writes: pointwise.output.memory(of: pixels))
  }
}
