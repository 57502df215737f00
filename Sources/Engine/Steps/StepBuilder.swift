import KernelInterface
import MobileNet

/// Separable blocks that are one step with the stem.
struct RollingBlocks {
  /// Of these, a few rows at a time.
  let rolled: Int
  /// Behind them, of these all rows of an image; with any, a unit is a whole image.
  let whole: Int

  var count: Int { rolled + whole }
}

/// Makes steps with their places in memory; the one place that decides how work is cut.
///
/// None of its choices changes a result: an output element is always computed whole, in one order.
final class StepBuilder {
  /// Floats of depthwise output that a unit keeps between the two halves of a separable block:
  /// 96 KB, which leaves the rest of a 512 KB second-level cache to weights and output.
  private static let blockFloats = 24_576
  /// Pixels beyond which a longer block does not use a panel of weights any better.
  private static let maximumBlock = 256
  /// Floats that stay in a second-level cache beside weights and output: 256 KB.
  private static let nearFloats = 65_536
  /// Tiles per thread below which threads share channels.
  private static let channelSharing = 8
  /// Blocks, from the first on, of which each call holds a few rows at a time.
  private static let rollingBlocks = 2
  /// Blocks after them whose weights are few beside the activations: 184 KB.
  private static let wholeBlocks = 3
  /// Rows of the last of the rolling layers that are computed in one go.
  private static let rollingRows = 4

  private let network: PackedNetwork
  private let threads: Int
  private let arena = Arena()
  /// Where what is between the halves of a separable block goes, if it is stored whole.
  private var between: Arena.Piece?
  private var kernels: KernelTable { network.kernels }

  init(_ network: PackedNetwork, threads: Int) {
    self.network = network
    self.threads = threads
  }

  /// Sets aside one place that is large enough for each of `shapes`.
  func reserve(_ shapes: [[Int]]) -> Arena.Piece {
    arena.reserve(shapes.map { activationCount($0) }.max() ?? 0)
  }

  /// Sets aside the place for what is between the halves of separable blocks; `shapes` are theirs.
  func reserveBetween(_ shapes: [[Int]]) {
    between = reserve(shapes.filter { sharesChannels(pixels: $0.dropLast().reduce(1, *)) })
  }

  /// Fixes all places; from here on nothing can be reserved.
  func allocate() { arena.allocate() }

  func activation(_ shape: [Int], at place: Arena.Piece) -> Activation {
    Activation(shape, kernels, memory: arena[place])
  }

  func program(_ steps: [any PlanStep], pool: ThreadPool) -> Program {
    Program(
      steps: steps, layers: network.architecture.layers.count, activations: arena,
      kernels: kernels, pool: pool)
  }

  func stem(images: [Int], output: Activation) -> StemStep {
    StemStep(
      layer: 0, packed: network.layer(0), convolution: convolution(0), imageHeight: images[1],
      imageWidth: images[2], output: output)
  }

  /// The stem and the first separable blocks, a few rows at a time.
  ///
  /// - Parameters:
  ///   - blocks: What ``rollingBlocks(batch:)`` says for these images.
  ///   - shapes: Of the end points, in order of the layers.
  ///   - output: Of the last of these blocks.
  func rolling(images: [Int], blocks: RollingBlocks, shapes: [[Int]], output: Activation)
    -> RollingStep
  {
    func activation(_ layer: Int) -> Activation {
      Activation(shapes[layer], kernels, memory: output.memory)
    }
    let separable = (0..<blocks.count).map { block in
      let layer = 2 * block + 1
      return SeparableStep(
        depthwise: depthwise(layer, input: activation(layer - 1), output: activation(layer)),
        pointwise: pointwise(layer + 1, input: activation(layer), output: activation(layer + 1)))
    }
    let stem = stem(images: images, output: activation(0))
    let stages =
      [RollingSchedule.Stage(stem.convolution, inputHeight: images[1])]
      + separable.map {
        RollingSchedule.Stage($0.depthwise.convolution, inputHeight: $0.depthwise.input.height)
      }
    let schedules = schedules(stages, blocks, batch: images[0], height: output.height)
    return RollingStep(stem: stem, blocks: separable, schedules: schedules)
  }

  /// Separable blocks that are computed together with the stem: the two with the largest end points,
  /// and three more if each thread has whole images.
  func rollingBlocks(batch: Int) -> RollingBlocks {
    let hasWholeImages = batch > 1 && (batch % threads == 0 || batch >= 4 * threads)
    return RollingBlocks(rolled: Self.rollingBlocks, whole: hasWholeImages ? Self.wholeBlocks : 0)
  }

  /// By segment of an image.
  private func schedules(
    _ stages: [RollingSchedule.Stage], _ blocks: RollingBlocks, batch: Int, height: Int
  ) -> [RollingSchedule] {
    if blocks.whole > 0 {
      let rolled = blocks.rolled + 1
      return [
        RollingSchedule(
          stages: Array(stages[..<rolled]), step: Self.rollingRows, then: Array(stages[rolled...]))
      ]
    }
    // The fewest segments with which every thread has as many units as the others.
    let wanted = (1...threads).first { batch * $0 % threads == 0 } ?? threads
    let segments = min(wanted, height)
    return (0..<segments).map { segment in
      RollingSchedule(
        stages: stages,
        segment: segment * height / segments..<(segment + 1) * height / segments,
        step: Self.rollingRows)
    }
  }

  /// The depthwise layer `layer` and the pointwise one behind it: one step, or two if the threads
  /// share the pointwise layer's channels, all of which need all that the depthwise layer yields.
  func separable(_ layer: Int, input: Activation, output: Activation) -> [any PlanStep] {
    let pixels = output.pixels
    let memory = sharesChannels(pixels: pixels) ? between.map { arena[$0] } : nil
    let between = Activation(
      [output.batch, output.height, output.width, input.channels], kernels,
      memory: memory ?? input.memory)
    let depthwise = depthwise(layer, input: input, output: between)
    let pointwise = pointwise(layer + 1, input: between, output: output)
    if memory != nil { return [depthwise, pointwise] }
    let share = input.pixels * input.paddedChannels / threads
    return [
      SeparableStep(
        depthwise: depthwise, pointwise: pointwise, isFarInput: share > Self.nearFloats)
    ]
  }

  /// Any layer but the first and the softmax, by itself.
  func single(_ layer: Int, input: Activation, output: Activation) -> any PlanStep {
    switch network.architecture.layers[layer].operation {
    case .convolution(let convolution) where convolution.kind == .depthwise:
      depthwise(layer, input: input, output: output)
    case .globalPool:
      AverageStep(layer: layer, input: input, output: output)
    default:
      pointwise(layer, input: input, output: output)
    }
  }

  func depthwise(_ layer: Int, input: Activation, output: Activation) -> DepthwiseStep {
    DepthwiseStep(
      layer: layer, packed: network.layer(layer), convolution: convolution(layer),
      input: input, output: output, cut: cut(output))
  }

  func pointwise(_ layer: Int, input: Activation, output: Activation) -> PointwiseStep {
    let packed = network.layer(layer)
    let isShared = sharesChannels(pixels: output.pixels)
    let panels = (packed.vectors + kernels.panelVectors - 1) / kernels.panelVectors
    return PointwiseStep(
      layer: layer, packed: packed, input: input, output: output,
      cut: isShared ? PixelCut(whole: output.pixels) : cut(input),
      vectors: (isShared ? share(panels) : panels) * kernels.panelVectors)
  }

  /// Panels per unit where threads share channels: at least three units for each thread, so that who
  /// comes late does less, and the same number of panels for all if possible.
  private func share(_ panels: Int) -> Int {
    let most = panels / (3 * threads)
    return (1...max(most, 1)).last { panels % ($0 * threads) == 0 } ?? 1
  }

  /// Whether the threads share a pointwise layer's channels instead of its pixels. With few pixels
  /// each weight is used so little that reading it in every thread would take longer, and tiles are
  /// too few to be shared evenly.
  private func sharesChannels(pixels: Int) -> Bool {
    threads > 1 && pixels < Self.channelSharing * threads * kernels.tileRows
  }

  private func convolution(_ layer: Int) -> Convolution {
    guard let convolution = network.architecture.layers[layer].convolution else {
      preconditionFailure("layer \(layer) is no convolution")
    }
    return convolution
  }

  /// Units few enough to use a panel of weights well, and small enough to stay in the cache.
  private func cut(_ activation: Activation) -> PixelCut {
    PixelCut(
      pixels: activation.pixels, row: activation.width, tile: kernels.tileRows,
      limit: min(Self.blockFloats / activation.paddedChannels, Self.maximumBlock),
      threads: threads)
  }

  private func activationCount(_ shape: [Int]) -> Int {
    shape.dropLast().reduce(kernels.paddedChannels(shape[shape.count - 1]), *)
  }
}
