import KernelInterface
import MobileNet

/// The network's layers as training keeps them in memory, for images of one shape.
final class TrainingNetwork {
  let layers: [TrainingLayer]
  let head: TrainingHead
  let context: TrainingContext
  private let arena: Arena
  private let call: UnsafeMutablePointer<TrainingCall>
  private let labels: UnsafeMutablePointer<Int>
  private let losses: UnsafeMutablePointer<Double>

  /// Where a layer's parts are.
  private struct Place {
    let output: Arena.Piece
    let norm: Arena.Piece
    let transposed: Arena.Piece
  }

  init(_ store: VariableStore, _ training: TrainingKernels, images: [Int]) {
    let kernels = store.kernels
    let arena = Arena()
    let shapes = store.architecture.shapes(images: images)
    let convolutions = store.architecture.layers.filter { $0.convolution != nil }
    let places = zip(convolutions, shapes).map { layer, shape in
      Self.reserve(layer, shape, store, arena)
    }
    let head = HeadPlaces(store, batch: images[0], arena)
    let widest = zip(convolutions, shapes).map { $1[2] * kernels.paddedChannels($1[3]) }.max() ?? 0
    let zeros = arena.reserve(
      max(widest, kernels.paddedChannels(store.architecture.numClasses)))
    let noBounds = arena.reserve(2 * kernels.vectorWidth)
    let bounds = arena.reserve(2 * kernels.vectorWidth)
    arena.allocate()

    func fill(_ piece: Arena.Piece, _ range: ClosedRange<Float>) -> UnsafePointer<Float> {
      let start = arena[piece]
      start.update(repeating: range.lowerBound, count: kernels.vectorWidth)
      (start + kernels.vectorWidth).update(
        repeating: range.upperBound, count: kernels.vectorWidth)
      return UnsafePointer(start)
    }
    labels = .allocate(capacity: images[0])
    labels.initialize(repeating: 0, count: images[0])
    losses = .allocate(capacity: images[0])
    losses.initialize(repeating: 0, count: images[0])
    call = .allocate(capacity: 1)
    call.initialize(
      to: TrainingCall(labels: labels, dropout: arena[head.dropout], losses: losses))
    context = TrainingContext(
      kernels: kernels, training: training, call: call, zeros: UnsafePointer(arena[zeros]),
      noBounds: fill(noBounds, -.infinity ... .infinity),
      bounds: fill(bounds, 0...Float(Architecture.reluCeiling)))
    let layers = convolutions.indices.map { index in
      Self.layer(index, shapes[index], places[index], store, arena)
    }
    self.layers = layers
    self.head = head.head(store, layers[layers.count - 1], arena)
    self.arena = arena
  }

  deinit {
    call.deallocate()
    labels.deallocate()
    losses.deallocate()
  }

  var byteCount: Int { arena.byteCount }

  private static func reserve(
    _ layer: Layer, _ shape: [Int], _ store: VariableStore, _ arena: Arena
  ) -> Place {
    let channels = store.kernels.paddedChannels(shape[3])
    return Place(
      output: arena.reserve(shape.dropLast().reduce(channels, *)),
      norm: arena.reserve(NormTable.rows * channels),
      transposed: arena.reserve(
        transposedCount(store.entry(layer.variables[0].name).layout, store.kernels)))
  }

  /// Floats of packed weights' transpose; more than enough for depthwise taps.
  static func transposedCount(_ layout: PanelLayout, _ kernels: KernelTable) -> Int {
    max(layout.channels * kernels.paddedChannels(layout.depth), layout.count)
  }

  private static func layer(
    _ index: Int, _ shape: [Int], _ place: Place, _ store: VariableStore, _ arena: Arena
  ) -> TrainingLayer {
    guard let convolution = store.architecture.layers[index].convolution else {
      preconditionFailure("layer \(index) is no convolution")
    }
    // In the order of `Layer.variables`: weights, gamma, beta and the two moving averages.
    let entries = store.architecture.layers[index].variables.map { store.entry($0.name) }
    return TrainingLayer(
      index: index, convolution: convolution,
      output: Activation(shape, store.kernels, memory: arena[place.output]),
      norm: arena[place.norm],
      weights: Weights(
        layout: entries[0].layout, value: store.value(entries[0]),
        gradient: store.gradient(entries[0]), transposed: arena[place.transposed],
        decays: entries[0].decays),
      gamma: store.trainable(entries[1]), beta: store.trainable(entries[2]),
      movingMean: store.value(entries[3]), movingVariance: store.value(entries[4]))
  }
}

extension VariableStore {
  func trainable(_ entry: Entry) -> Trainable {
    Trainable(value: value(entry), gradient: gradient(entry))
  }
}

/// Places of what lies behind the last convolution.
private struct HeadPlaces {
  let dropout: Arena.Piece
  private let vectors: [Arena.Piece]
  private let transposed: Arena.Piece
  private let batch: Int
  private let features: Int
  private let classes: Int

  init(_ store: VariableStore, batch: Int, _ arena: Arena) {
    self.batch = batch
    features = store.architecture.featureChannels
    classes = store.architecture.numClasses
    let channels = batch * store.kernels.paddedChannels(features)
    let logits = batch * store.kernels.paddedChannels(classes)
    dropout = arena.reserve(channels)
    vectors = [channels, channels, channels, logits, logits, logits].map { arena.reserve($0) }
    transposed = arena.reserve(
      TrainingNetwork.transposedCount(store.logits[0].layout, store.kernels))
  }

  func head(_ store: VariableStore, _ input: TrainingLayer, _ arena: Arena) -> TrainingHead {
    func activation(_ index: Int, _ channels: Int) -> Activation {
      Activation([batch, channels], store.kernels, memory: arena[vectors[index]])
    }
    let entries = store.logits
    return TrainingHead(
      layer: input.index + 1, input: input, features: activation(0, features),
      dropped: activation(1, features), logits: activation(3, classes),
      predictions: activation(4, classes), logitsGradient: activation(5, classes),
      droppedGradient: activation(2, features),
      weights: Weights(
        layout: entries[0].layout, value: store.value(entries[0]),
        gradient: store.gradient(entries[0]), transposed: arena[transposed], decays: true),
      biases: store.trainable(entries[1]))
  }
}

extension VariableStore {
  /// The last layer's weights and biases.
  fileprivate var logits: [Entry] {
    guard let layer = architecture.layer(.logits) else {
      preconditionFailure("every architecture has logits")
    }
    return layer.layer.variables.map { entry($0.name) }
  }
}
