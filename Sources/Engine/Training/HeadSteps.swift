import KernelInterface
import MobileNet

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// What lies behind the last convolution.
struct TrainingHead {
  let layer: Int
  /// The last convolution.
  let input: TrainingLayer
  let features: Activation
  /// The features with dropout.
  let dropped: Activation
  let logits: Activation
  let predictions: Activation
  /// With respect to the logits.
  let logitsGradient: Activation
  /// With respect to the features, after dropout.
  let droppedGradient: Activation
  let weights: Weights
  let biases: Trainable

  var pixelsPerImage: Int { input.output.height * input.output.width }

  func pixels(_ image: Int) -> Range<Int> {
    input.output.pixels(image: image, 0..<input.output.height)
  }
}

/// The mean over height and width, then dropout, image by image.
struct PoolTrainingStep: PlanStep {
  let context: TrainingContext
  let head: TrainingHead

  var units: Int { head.features.batch }
  var scratch: Int { head.pixelsPerImage * head.features.paddedChannels }

  func run(unit: Int, _ step: StepContext) {
    step.timed(head.layer) {
      let channels = head.features.paddedChannels
      let features = head.features[pixel: unit]
      context.normalize(head.input, head.pixels(unit), into: step.scratch)
      var job = AverageArguments(
        input: step.scratch, output: features, pixels: head.pixelsPerImage, channels: channels)
      context.kernels.average(&job)
      let factors = context.call.pointee.dropout + unit * channels
      for channel in 0..<channels {
        head.dropped[pixel: unit][channel] = features[channel] * factors[channel]
      }
    }
  }
}

/// Softmax, cross-entropy and the gradient of its mean with respect to the logits, image by image.
struct LossStep: PlanStep {
  let head: TrainingHead
  let call: UnsafeMutablePointer<TrainingCall>

  var units: Int { head.logits.batch }
  var scratch: Int { 0 }

  func run(unit: Int, _ step: StepContext) {
    let logits = UnsafeBufferPointer(
      start: head.logits[pixel: unit], count: head.logits.channels)
    let predictions = head.predictions[pixel: unit]
    let gradient = head.logitsGradient[pixel: unit]
    let label = call.pointee.labels[unit]
    var highest = -Float.infinity
    for logit in logits where logit > highest { highest = logit }
    var sum = 0.0
    for logit in logits { sum += exp(Double(logit) - Double(highest)) }
    call.pointee.losses[unit] = log(sum) + Double(highest) - Double(logits[label])
    let batch = Double(head.logits.batch)
    for (index, logit) in logits.enumerated() {
      let probability = exp(Double(logit) - Double(highest)) / sum
      predictions[index] = Float(probability)
      gradient[index] = Float((index == label ? probability - 1 : probability) / batch)
    }
  }
}

/// The gradients of the logits layer: of its weights and biases, and of what it read.
///
/// Units cut the classes for the weights, then the features for the input.
struct LogitsGradientStep: PlanStep {
  static let parts = 8

  let context: TrainingContext
  let head: TrainingHead

  private var classParts: Int {
    min(Self.parts, context.panels(channels: head.logits.paddedChannels))
  }
  private var featureParts: Int {
    min(Self.parts, context.panels(channels: head.features.paddedChannels))
  }
  var units: Int { classParts + featureParts }
  var scratch: Int { context.training.transposedScratch }

  func run(unit: Int, _ step: StepContext) {
    step.timed(head.layer + 1) {
      if unit < classParts {
        let vectors = context.vectors(
          unit, of: classParts, channels: head.logits.paddedChannels)
        weights(vectors, step)
        biases(vectors)
      } else {
        features(
          context.vectors(
            unit - classParts, of: featureParts, channels: head.features.paddedChannels))
      }
    }
  }

  private func weights(_ vectors: Range<Int>, _ step: StepContext) {
    var job = TransposedArguments(
      a: head.dropped.memory, aStride: head.dropped.paddedChannels, rows: head.features.channels,
      b: head.logitsGradient.memory, bStride: head.logitsGradient.paddedChannels,
      vectors: vectors, depth: head.logits.batch, output: head.weights.gradient,
      outputRows: head.features.channels, firstRow: 0, accumulates: false,
      scratch: step.scratch)
    context.training.multiplyTransposed(&job)
    context.decay(head.weights, head.weights.range(vectors, context.width))
  }

  private func biases(_ vectors: Range<Int>) {
    for index in vectors.lowerBound * context.width..<vectors.upperBound * context.width {
      var sum: Float = 0
      for image in 0..<head.logits.batch { sum += head.logitsGradient[pixel: image][index] }
      head.biases.gradient[index] = sum
    }
  }

  private func features(_ vectors: Range<Int>) {
    var job = MatrixArguments(
      a: head.logitsGradient.memory, rowStride: head.logitsGradient.paddedChannels,
      depth: head.logits.channels, segments: 1, segmentStride: 0,
      weights: head.weights.transposed, bias: context.zeros,
      output: head.droppedGradient.memory, outputStride: head.features.paddedChannels,
      rows: head.logits.batch, vectors: vectors, bounds: context.noBounds)
    context.kernels.multiply(&job)
  }
}

/// The gradient's way through dropout and mean to the last convolution's activations, image by image,
/// with the sums of its batch norm.
struct PoolGradientStep: PlanStep {
  let context: TrainingContext
  let head: TrainingHead
  /// Where the gradient goes.
  let gradient: UnsafeMutablePointer<Float>
  let sums: UnsafeMutablePointer<Float>

  var units: Int { head.features.batch }
  var scratch: Int { head.features.paddedChannels }

  func run(unit: Int, _ step: StepContext) {
    step.timed(head.layer) {
      let channels = head.features.paddedChannels
      let factors = context.call.pointee.dropout + unit * channels
      let source = head.droppedGradient[pixel: unit]
      let count = Float(head.pixelsPerImage)
      for channel in 0..<channels {
        step.scratch[channel] = source[channel] * factors[channel] / count
      }
      let pixels = head.pixels(unit)
      for pixel in pixels {
        (gradient + pixel * channels).update(from: step.scratch, count: channels)
      }
      context.normGradientSums(
        head.input, gradient, pixels, 0..<channels / context.width,
        into: sums + 2 * unit * channels)
    }
  }
}

extension TrainingContext {
  /// Adds the weight decay's gradient to a run of a gradient.
  func decay(_ weights: Weights, _ range: Range<Int>) {
    guard weights.decays else { return }
    var job = RunArguments(
      target: weights.gradient + range.lowerBound, source: weights.value + range.lowerBound,
      factor: Float(call.pointee.settings.weightDecay), count: range.count)
    training.add(&job)
  }
}
