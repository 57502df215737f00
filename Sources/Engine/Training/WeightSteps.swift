import KernelInterface
import MobileNet

/// Makes from the weights what the backward pass needs, and sums their squares: a panel, or a
/// depthwise layer, at a time.
struct WeightPreparationStep: PlanStep {
  /// A part of one layer's weights.
  private struct Job {
    let weights: Weights
    /// Of the transpose.
    let vectors: Range<Int>
    let isTurned: Bool
    let isDepthwise: Bool
  }

  private let context: TrainingContext
  private let jobs: [Job]
  /// By job: the sum of the squares of its weights.
  let squares: UnsafeMutablePointer<Double>

  /// - Parameter squares: Room for ``count(_:_:)`` sums.
  init(
    _ context: TrainingContext, _ layers: [TrainingLayer], _ logits: Weights,
    squares: UnsafeMutablePointer<Double>
  ) {
    self.context = context
    self.squares = squares
    var jobs = layers.flatMap { layer in
      let isDepthwise = layer.convolution.kind == .depthwise
      return Self.ranges(layer.weights, isDepthwise, context.kernels).map {
        Job(
          weights: layer.weights, vectors: $0,
          isTurned: isDepthwise && layer.convolution.stride == 1, isDepthwise: isDepthwise)
      }
    }
    jobs += Self.ranges(logits, false, context.kernels).map {
      Job(weights: logits, vectors: $0, isTurned: false, isDepthwise: false)
    }
    self.jobs = jobs
  }

  /// Jobs for so many weights.
  static func count(_ layers: [TrainingLayer], _ logits: Weights, _ kernels: KernelTable) -> Int {
    layers.reduce(ranges(logits, false, kernels).count) {
      $0 + ranges($1.weights, $1.convolution.kind == .depthwise, kernels).count
    }
  }

  private static func ranges(
    _ weights: Weights, _ isDepthwise: Bool, _ kernels: KernelTable
  ) -> [Range<Int>] {
    let vectors = kernels.paddedChannels(weights.layout.depth) / kernels.vectorWidth
    if isDepthwise { return [0..<weights.layout.paddedChannels / kernels.vectorWidth] }
    return stride(from: 0, to: vectors, by: kernels.panelVectors).map {
      $0..<min($0 + kernels.panelVectors, vectors)
    }
  }

  var units: Int { jobs.count }
  var scratch: Int { 0 }

  func run(unit: Int, _ step: StepContext) {
    let job = jobs[unit]
    if job.isDepthwise {
      squares[unit] = 0
      copyTaps(job)
      return
    }
    let layout = job.weights.layout
    var transpose = TransposeArguments(
      weights: job.weights.value, rows: layout.depth, columns: layout.channels,
      output: job.weights.transposed, vectors: job.vectors)
    context.training.transpose(&transpose)
    // An equal share of the packed weights, whole rows of a panel or not: they are only summed.
    let all = context.kernels.paddedChannels(layout.depth) / context.width
    let vectors = layout.count / context.width
    let first = job.vectors.lowerBound * vectors / all * context.width
    let end = job.vectors.upperBound * vectors / all * context.width
    var sum = RunArguments(
      target: job.weights.value, source: job.weights.value + first, factor: 0,
      count: end - first)
    squares[unit] = context.training.sumOfSquares(&sum)
  }

  private func copyTaps(_ job: Job) {
    let width = context.width
    for vector in job.vectors {
      for tap in 0..<9 {
        let place = job.weights.value + (vector * 9 + tap) * width
        let target = job.isTurned ? 8 - tap : tap
        (job.weights.transposed + (vector * 9 + target) * width).update(from: place, count: width)
      }
    }
  }
}

/// A step of stochastic gradient descent over all variables.
struct DescentStep: PlanStep {
  /// Floats per unit, whole vectors.
  private static let floats = 16_384

  let training: TrainingKernels
  let store: VariableStore
  /// Learning rate, then momentum.
  let settings: UnsafePointer<Float>

  var units: Int { (store.trainableCount + Self.floats - 1) / Self.floats }
  var scratch: Int { 0 }

  func run(unit: Int, _ step: StepContext) {
    let first = unit * Self.floats
    var job = DescentArguments(
      weights: store.allValues + first, gradient: store.allGradients + first,
      velocity: store.allVelocities + first, rate: settings[0], momentum: settings[1],
      count: min(Self.floats, store.trainableCount - first))
    training.descend(&job)
  }
}
