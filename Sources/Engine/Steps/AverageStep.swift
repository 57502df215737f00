import KernelInterface

/// The mean over height and width, image by image.
struct AverageStep: PlanStep {
  let layer: Int
  let input: Activation
  let output: Activation

  var units: Int { output.batch }
  var scratch: Int { 0 }

  func run(unit: Int, _ context: StepContext) {
    var job = AverageArguments(
      input: input[pixel: unit * input.height * input.width], output: output[pixel: unit],
      pixels: input.height * input.width, channels: input.paddedChannels)
    context.timed(layer) { context.kernels.average(&job) }
    if let tap = context.taps[layer] {
      output.copy(unit..<unit + 1, to: tap)
    }
  }
}
