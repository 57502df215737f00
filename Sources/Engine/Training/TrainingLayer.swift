import KernelInterface
import MobileNet

/// One convolution with its batch norm, as training sees it: variables, gradients, and what the forward
/// pass leaves for the backward pass.
///
/// What is kept is what the batch norm read. Activations are made from it where they are needed, which
/// costs less than storing and fetching them.
struct TrainingLayer {
  let index: Int
  let convolution: Convolution
  /// What the batch norm reads.
  let output: Activation
  /// A ``NormTable``.
  let norm: UnsafeMutablePointer<Float>
  let weights: Weights
  let gamma: Trainable
  let beta: Trainable
  let movingMean: UnsafeMutablePointer<Float>
  let movingVariance: UnsafeMutablePointer<Float>

  var paddedChannels: Int { output.paddedChannels }
  /// Values behind the statistics of one channel.
  var count: Int { output.pixels }
  /// Floats of a block's moments.
  var momentsCount: Int { 3 * paddedChannels }

  subscript(norm row: Int) -> UnsafeMutablePointer<Float> { norm + row * paddedChannels }

  /// How this layer's rows follow from those of `input`.
  func stage(_ input: TrainingLayer) -> RollingSchedule.Stage {
    RollingSchedule.Stage(convolution, inputHeight: input.output.height)
  }

  /// Columns of zeros in front of those of `input`.
  func paddingLeft(_ input: TrainingLayer) -> Int {
    convolution.padding(inputSize: input.output.width).before
  }
}

/// A variable and its gradient.
struct Trainable {
  let value: UnsafeMutablePointer<Float>
  let gradient: UnsafeMutablePointer<Float>
}

/// A matrix or the taps of a depthwise convolution, packed, with gradient and transpose.
struct Weights {
  let layout: PanelLayout
  let value: UnsafeMutablePointer<Float>
  let gradient: UnsafeMutablePointer<Float>
  /// What the gradient of the input is computed with: the transpose, packed, or the taps turned around.
  let transposed: UnsafeMutablePointer<Float>
  let decays: Bool

  /// Floats of a part of the columns that starts a panel.
  func range(_ vectors: Range<Int>, _ width: Int) -> Range<Int> {
    vectors.lowerBound * width * layout.depth..<vectors.upperBound * width * layout.depth
  }
}

/// What all steps of a training plan share.
struct TrainingContext: @unchecked Sendable {
  let kernels: KernelTable
  let training: TrainingKernels
  let call: UnsafeMutablePointer<TrainingCall>
  /// Zeros, as many as the widest layer has channels and the widest row of a layer floats.
  let zeros: UnsafePointer<Float>
  /// A vector of minus infinity, then one of infinity.
  let noBounds: UnsafePointer<Float>
  /// A vector of zeros, then one of sixes.
  let bounds: UnsafePointer<Float>

  var width: Int { kernels.vectorWidth }

  /// Columns of part `part` of `parts`, in vectors, whole panels.
  func vectors(_ part: Int, of parts: Int, channels: Int) -> Range<Int> {
    let vectors = channels / width
    let panels = (vectors + kernels.panelVectors - 1) / kernels.panelVectors
    func start(_ part: Int) -> Int { min(part * panels / parts * kernels.panelVectors, vectors) }
    return start(part)..<start(part + 1)
  }

  func panels(channels: Int) -> Int {
    (channels / width + kernels.panelVectors - 1) / kernels.panelVectors
  }

  func packed(_ weights: Weights, bias: UnsafePointer<Float>? = nil) -> PackedLayer {
    PackedLayer(
      weights: UnsafePointer(weights.value), bias: bias ?? zeros, bounds: noBounds,
      vectors: weights.layout.paddedChannels / width)
  }

  /// Activations of a layer from what its batch norm read.
  func normalize(
    _ layer: TrainingLayer, _ pixels: Range<Int>, into target: UnsafeMutablePointer<Float>
  ) {
    var job = NormalizeArguments(
      input: layer.output[pixel: pixels.lowerBound], norm: layer.norm, bounds: bounds,
      output: target, pixels: pixels.count, channels: layer.paddedChannels)
    training.normalize(&job)
  }

  /// Moments of block `block` of a layer's pixels, some of its channels.
  func moments(
    _ layer: TrainingLayer, _ pixels: Range<Int>, _ vectors: Range<Int>, block: Int,
    into target: UnsafeMutablePointer<Float>
  ) {
    let channel = vectors.lowerBound * width
    var job = MomentsArguments(
      input: layer.output[pixel: pixels.lowerBound] + channel, stride: layer.paddedChannels,
      pixels: pixels.count, vectors: vectors.count,
      output: target + block * layer.momentsCount + channel, outputStride: layer.paddedChannels)
    training.moments(&job)
  }

  /// The sums over a block that the batch norm's backward pass needs.
  func normGradientSums(
    _ layer: TrainingLayer, _ gradient: UnsafePointer<Float>, _ pixels: Range<Int>,
    _ vectors: Range<Int>, into target: UnsafeMutablePointer<Float>
  ) {
    var job = NormGradientArguments(
      gradient: gradient + pixels.lowerBound * layer.paddedChannels,
      input: layer.output[pixel: pixels.lowerBound], norm: layer.norm, bounds: bounds,
      output: target, pixels: pixels.count, channels: layer.paddedChannels, vectors: vectors)
    training.normGradientSums(&job)
  }

  /// The gradient of what the batch norm read, for a block, from that of the activation.
  func normGradient(
    _ layer: TrainingLayer, _ gradient: UnsafePointer<Float>, _ pixels: Range<Int>,
    into target: UnsafeMutablePointer<Float>
  ) {
    var job = NormGradientArguments(
      gradient: gradient + pixels.lowerBound * layer.paddedChannels,
      input: layer.output[pixel: pixels.lowerBound], norm: layer.norm, bounds: bounds,
      output: target, pixels: pixels.count, channels: layer.paddedChannels,
      vectors: 0..<layer.paddedChannels / width)
    training.normGradient(&job)
  }
}
