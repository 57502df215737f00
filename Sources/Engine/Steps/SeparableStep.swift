/// A depthwise convolution and the pointwise one behind it, block by block: what the first yields
/// stays in the thread's scratch memory, hence in a near cache, until the second has used it.
struct SeparableStep: PlanStep {
  let depthwise: DepthwiseStep
  let pointwise: PointwiseStep

  var units: Int { depthwise.units }
  var scratch: Int { depthwise.cut.capacity * depthwise.output.paddedChannels }

  func run(unit: Int, _ context: StepContext) {
    let pixels = depthwise.cut[unit: unit]
    depthwise.run(pixels, to: context.scratch, context)
    pointwise.run(pixels, from: context.scratch, 0..<pointwise.packed.vectors, context)
  }

  func touches(unit: Int) -> Touches? {
    let pixels = depthwise.cut[unit: unit]
    return Touches(
      reads: depthwise.input.memory(of: depthwise.inputPixels(pixels)),
      writes: pointwise.output.memory(of: pixels))
  }
}
