import KernelInterface
import MobileNet

/// The steps of one training step in order, with all memory they need.
final class TrainingPlan {
  let network: TrainingNetwork
  let program: Program
  /// The first steps of ``program``, up to loss and predictions.
  private(set) lazy var forward = makeProgram(forwardSteps)
  /// The others, from the gradient of the logits on.
  private(set) lazy var backward = makeProgram(backwardSteps)
  /// The same from the gradient of the features, after dropout, on.
  private(set) lazy var backwardFromFeatures = makeProgram(Array(backwardSteps.dropFirst()))
  private let forwardSteps: [any PlanStep]
  private let backwardSteps: [any PlanStep]
  private let makeProgram: (_ steps: [any PlanStep]) -> Program
  /// Dense, like the images.
  let imageGradient: UnsafeMutablePointer<Float>
  private let squares: UnsafeMutablePointer<Double>
  private let squareCount: Int

  init(_ store: VariableStore, _ training: TrainingKernels, images: [Int], pool: ThreadPool) {
    let network = TrainingNetwork(store, training, images: images)
    let builder = TrainingStepBuilder(network, images: images)
    squareCount = WeightPreparationStep.count(
      network.layers, network.head.weights, store.kernels)
    squares = .allocate(capacity: squareCount)
    squares.initialize(repeating: 0, count: squareCount)
    let prepare = WeightPreparationStep(
      network.context, network.layers, network.head.weights, squares: squares)
    forwardSteps = [prepare] + builder.forward()
    backwardSteps = builder.backward()
    let (layers, kernels, work) = (store.architecture.layers.count, store.kernels, builder.arena)
    // Some of the steps or all, in the memory of all.
    makeProgram = {
      Program(steps: $0, layers: layers, activations: work, kernels: kernels, pool: pool)
    }
    program = makeProgram(forwardSteps + backwardSteps)
    self.network = network
    imageGradient = builder.imageGradient
  }

  deinit {
    squares.deallocate()
  }

  var byteCount: Int { network.byteCount + program.byteCount }

  /// Of the last step.
  func loss() -> TrainingLoss {
    let call = network.context.call.pointee
    let batch = network.head.logits.batch
    var crossEntropy = 0.0
    for image in 0..<batch { crossEntropy += call.losses[image] }
    var sum = 0.0
    for index in 0..<squareCount { sum += squares[index] }
    return TrainingLoss(
      crossEntropy: crossEntropy / Double(batch),
      regularization: call.settings.weightDecay * sum / 2)
  }
}

/// Makes the steps; the one place that decides how work is cut.
///
/// A cut that a sum depends on is made from the shape alone.
private final class TrainingStepBuilder {
  let arena: Arena
  let imageGradient: UnsafeMutablePointer<Float>
  private let layers: [TrainingLayer]
  private let head: TrainingHead
  private let context: TrainingContext
  private let images: [Int]
  /// By layer: the cut of its forward pass.
  private let blocks: [Blocks]
  /// Sums of blocks, between the step that makes them and the next.
  private let sums: UnsafeMutablePointer<Float>
  /// Gradients with respect to activations, or to what batch norms read: of the layers with even
  /// index, of those with odd index.
  private let gradients: [UnsafeMutablePointer<Float>]
  private let activations: UnsafeMutablePointer<Float>
  /// Parts of weight gradients: of the layers with even index, of those with odd index.
  private let partials: [UnsafeMutablePointer<Float>]

  init(_ network: TrainingNetwork, images: [Int]) {
    layers = network.layers
    head = network.head
    context = network.context
    self.images = images
    let arena = Arena()
    self.arena = arena
    let blocks = network.layers.map { Self.blocks($0, network.layers) }
    self.blocks = blocks
    let even = network.layers.filter { $0.index % 2 == 0 }
    let odd = network.layers.filter { $0.index % 2 == 1 }
    func largest(_ layers: [TrainingLayer], _ size: (TrainingLayer) -> Int) -> Arena.Piece {
      arena.reserve(layers.map(size).max() ?? 0)
    }
    let gradients = [even, odd].map { layers in
      largest(layers) { $0.output.pixels * $0.paddedChannels }
    }
    let activations = largest(odd) { $0.output.pixels * $0.paddedChannels }
    let sums = largest(network.layers) {
      $0.momentsCount * Self.sums($0, network.layers, blocks)
    }
    let partials = [even, odd].map { layers in
      largest(layers) { Self.partials($0, blocks[$0.index]) * $0.weights.layout.count }
    }
    let image = arena.reserve(images.reduce(1, *))
    arena.allocate()
    self.gradients = gradients.map { arena[$0] }
    self.activations = arena[activations]
    self.sums = arena[sums]
    self.partials = partials.map { arena[$0] }
    imageGradient = arena[image]
  }

  /// The cut of a layer's forward pass; that of a depthwise layer's backward pass too.
  private static func blocks(_ layer: TrainingLayer, _ layers: [TrainingLayer]) -> Blocks {
    switch layer.convolution.kind {
    case .standard:
      Blocks(
        images: layer.output.batch, height: layer.output.height, width: layer.output.width,
        limit: StemStep.rows)
    case .depthwise: Blocks(rowsOf: layer.output)
    case .pointwise:
      Blocks(pixelsOf: layer.output, depth: layers[layer.index - 1].paddedChannels)
    }
  }

  /// Blocks of a layer's sums, forward or backward, whichever has more.
  private static func sums(
    _ layer: TrainingLayer, _ layers: [TrainingLayer], _ blocks: [Blocks]
  ) -> Int {
    let isLast = layer.index + 1 == layers.count
    let backward =
      if isLast {
        layer.output.batch
      } else if layer.convolution.kind == .depthwise {
        gradientBlocks(layers[layer.index + 1], layers).count
      } else {
        blocks[layer.index + 1].count
      }
    return max(blocks[layer.index].count, backward)
  }

  /// The cut of a pointwise layer's backward pass.
  private static func gradientBlocks(
    _ layer: TrainingLayer, _ layers: [TrainingLayer]
  ) -> Blocks {
    Blocks(
      pixelsOf: layer.output,
      depth: max(layers[layer.index - 1].paddedChannels, layer.paddedChannels))
  }

  /// Parts of the gradient of a layer's weights.
  private static func partials(_ layer: TrainingLayer, _ blocks: Blocks) -> Int {
    layer.convolution.kind == .pointwise
      ? Chunks(total: layer.output.pixels).count : blocks.count
  }

  // MARK: Forward

  func forward() -> [any PlanStep] {
    layers.flatMap { [convolution($0), norm($0)] } + [
      PoolTrainingStep(context: context, head: head), logits(),
      LossStep(head: head, call: context.call),
    ]
  }

  private func convolution(_ layer: TrainingLayer) -> any PlanStep {
    let blocks = blocks[layer.index]
    switch layer.convolution.kind {
    case .standard:
      return StemTrainingStep(
        context: context,
        stem: StemStep(
          layer: layer.index, packed: context.packed(layer.weights),
          convolution: layer.convolution, imageHeight: images[1], imageWidth: images[2],
          output: layer.output),
        layer: layer, blocks: blocks, moments: sums)
    case .depthwise:
      return DepthwiseTrainingStep(
        context: context, input: layers[layer.index - 1], layer: layer, blocks: blocks,
        moments: sums)
    case .pointwise:
      return PointwiseTrainingStep(
        context: context, input: layers[layer.index - 1], layer: layer, blocks: blocks,
        parts: blocks.parts(panels: context.panels(channels: layer.paddedChannels)),
        moments: sums)
    }
  }

  private func norm(_ layer: TrainingLayer) -> any PlanStep {
    NormStep(context: context, layer: layer, blocks: blocks[layer.index], moments: sums)
  }

  private func logits() -> any PlanStep {
    let panels = context.panels(channels: head.logits.paddedChannels)
    let parts = LogitsGradientStep.parts
    return PointwiseStep(
      layer: head.layer + 1,
      packed: context.packed(head.weights, bias: UnsafePointer(head.biases.value)),
      input: head.dropped, output: head.logits, cut: PixelCut(whole: head.logits.pixels),
      vectors: (panels + parts - 1) / parts * context.kernels.panelVectors)
  }

  // MARK: Backward

  func backward() -> [any PlanStep] {
    var steps: [any PlanStep] = [
      LogitsGradientStep(context: context, head: head),
      PoolGradientStep(
        context: context, head: head, gradient: gradients[0], sums: sums),
    ]
    var pending: [any PlanStep] = []
    var sumBlocks = images[0]
    for index in stride(from: layers.count - 1, to: 0, by: -2) {
      let pointwise = layers[index]
      let depthwise = layers[index - 1]
      steps.append(
        JointStep(steps: [normGradient(pointwise, sumBlocks), tap(pointwise)] + pending))
      let step = pointwiseGradient(pointwise)
      if step.parts > 1 { steps.append(PointwisePreparationStep(step: step)) }
      steps.append(step)
      steps.append(
        JointStep(steps: [
          normGradient(depthwise, step.blocks.count), tap(depthwise), weightGradient(pointwise),
        ]))
      steps.append(depthwiseGradient(depthwise))
      pending = reductions(depthwise) + reductions(pointwise)
      sumBlocks = blocks[depthwise.index].count
    }
    steps.append(JointStep(steps: [normGradient(layers[0], sumBlocks), tap(layers[0])] + pending))
    return steps + stem()
  }

  private func tap(_ layer: TrainingLayer) -> any PlanStep {
    GradientTapStep(layer: layer, gradient: gradients[layer.index % 2])
  }

  private func normGradient(_ layer: TrainingLayer, _ blocks: Int) -> any PlanStep {
    NormGradientStep(context: context, layer: layer, sums: sums, blocks: blocks)
  }

  private func pointwiseGradient(_ layer: TrainingLayer) -> PointwiseGradientStep {
    let input = layers[layer.index - 1]
    let blocks = Self.gradientBlocks(layer, layers)
    return PointwiseGradientStep(
      context: context, input: input, layer: layer, gradient: gradients[0],
      inputGradient: gradients[1], activations: activations, blocks: blocks,
      parts: blocks.parts(panels: context.panels(channels: input.paddedChannels)), sums: sums)
  }

  private func weightGradient(_ layer: TrainingLayer) -> any PlanStep {
    PointwiseWeightStep(
      context: context, input: layers[layer.index - 1], layer: layer, activations: activations,
      gradient: gradients[0], chunks: Chunks(total: layer.output.pixels), partials: partials[0])
  }

  private func depthwiseGradient(_ layer: TrainingLayer) -> any PlanStep {
    DepthwiseGradientStep(
      context: context, input: layers[layer.index - 1], layer: layer, gradient: gradients[1],
      inputGradient: gradients[0], blocks: blocks[layer.index], sums: sums,
      partials: partials[1])
  }

  /// What is left to do for a layer's weights, if they have been treated in parts.
  private func reductions(_ layer: TrainingLayer) -> [any PlanStep] {
    let count = Self.partials(layer, blocks[layer.index])
    if layer.convolution.kind == .pointwise && count == 1 { return [] }
    return [
      ReductionStep(
        context: context, layer: layer, partials: partials[layer.index % 2], count: count)
    ]
  }

  private func stem() -> [any PlanStep] {
    let rows = StemRows(
      convolution: layers[0].convolution, height: images[1], width: images[2])
    return [
      StemGradientStep(
        context: context, stem: rows, layer: layers[0], gradient: gradients[0],
        blocks: blocks[0], partials: partials[0]),
      JointStep(
        steps: reductions(layers[0]) + [
          ImageGradientStep(
            context: context, stem: rows, layer: layers[0], gradient: gradients[0],
            output: imageGradient)
        ]),
    ]
  }
}
