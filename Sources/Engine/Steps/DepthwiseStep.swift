import KernelInterface
import MobileNet

/// A depthwise convolution by itself.
struct DepthwiseStep: PlanStep {
  let layer: Int
  let packed: PackedLayer
  let convolution: Convolution
  let input: Activation
  let output: Activation
  /// Output pixels of each unit.
  let cut: PixelCut

  var units: Int { cut.units }
  var scratch: Int { 0 }

  func run(unit: Int, _ context: StepContext) {
    let pixels = cut[unit: unit]
    run(pixels, to: output[pixel: pixels.lowerBound], context)
  }

  /// The pixels of whole input rows that a range of output pixels, not empty, reads.
  func inputPixels(_ pixels: Range<Int>) -> Range<Int> {
    let stage = RollingSchedule.Stage(convolution, inputHeight: input.height)
    func rows(_ pixel: Int) -> Range<Int> {
      let (image, row) = (pixel / output.width).quotientAndRemainder(dividingBy: output.height)
      return input.pixels(image: image, stage.inputRows(row..<row + 1))
    }
    return rows(pixels.lowerBound).lowerBound..<rows(pixels.upperBound - 1).upperBound
  }

  /// Computes a range of pixels into memory of the caller's, and records it.
  func run(_ pixels: Range<Int>, to target: UnsafeMutablePointer<Float>, _ context: StepContext) {
    convolve(pixels, from: input.memory, to: target, context)
    if let tap = context.taps[layer] {
      output.copy(pixels, from: target, to: tap)
    }
  }

  /// Computes a range of pixels.
  ///
  /// - Parameters:
  ///   - source: Where the input's first pixel is, or would be: only rows that the range reads have
  ///     to be there.
  ///   - target: Where the range's first pixel goes.
  func convolve(
    _ pixels: Range<Int>, from source: UnsafePointer<Float>,
    to target: UnsafeMutablePointer<Float>, _ context: StepContext
  ) {
    var job = DepthwiseArguments(
      input: source, weights: packed.weights, bias: packed.bias,
      output: target, inputHeight: input.height, inputWidth: input.width,
      outputHeight: output.height, outputWidth: output.width, channels: output.paddedChannels,
      stride: convolution.stride,
      paddingTop: convolution.padding(inputSize: input.height).before,
      paddingLeft: convolution.padding(inputSize: input.width).before, pixels: pixels,
      bounds: packed.bounds)
    context.timed(layer) { context.kernels.depthwise(&job) }
  }
}
