import KernelInterface
import MobileNet

/// One layer's weights with the batch norm folded in, in the order the kernels read them. The memory is
/// the network's and never changes.
struct PackedLayer: @unchecked Sendable {
  let weights: UnsafePointer<Float>
  /// One float per padded channel, never a negative zero.
  let bias: UnsafePointer<Float>
  /// A vector of lower bounds, then one of upper bounds.
  let bounds: UnsafePointer<Float>
  /// Output channels in whole vectors.
  let vectors: Int
}

/// All weights of a network, packed once for one build of the kernels; shared by all plans.
final class PackedNetwork: Sendable {
  let architecture: Architecture
  let kernels: KernelTable
  /// By layer; `nil` for those without weights.
  let layers: [PackedLayer?]
  private let arena: Arena

  init(_ parameters: Parameters, _ kernels: KernelTable) {
    architecture = parameters.architecture
    self.kernels = kernels
    let arena = Arena()
    let folded = architecture.layers.indices.map { FoldedLayer(parameters, at: $0) }
    let pieces = folded.map { layer in
      layer.map { layer in
        let channels = kernels.paddedChannels(layer.channels)
        return (
          weights: arena.reserve(layer.depth * channels), bias: arena.reserve(channels),
          bounds: arena.reserve(2 * kernels.vectorWidth)
        )
      }
    }
    arena.allocate()
    layers = zip(folded, pieces).map { layer, pieces in
      guard let layer, let pieces else { return nil }
      let weights = arena[pieces.weights]
      let bias = arena[pieces.bias]
      let bounds = arena[pieces.bounds]
      layer.pack(into: weights, kernels)
      bias.update(from: layer.bias, count: layer.channels)
      bounds.update(repeating: layer.bounds.lowerBound, count: kernels.vectorWidth)
      (bounds + kernels.vectorWidth).update(
        repeating: layer.bounds.upperBound, count: kernels.vectorWidth)
      return PackedLayer(
        weights: UnsafePointer(weights), bias: UnsafePointer(bias),
        bounds: UnsafePointer(bounds),
        vectors: kernels.paddedChannels(layer.channels) / kernels.vectorWidth)
    }
    self.arena = arena
  }

  /// All packed weights in a row.
  struct Memory: @unchecked Sendable {
    let start: UnsafePointer<Float>
    /// Floats.
    let count: Int
  }

  /// The weights' memory, valid as long as the network.
  var memory: Memory { Memory(start: arena.start, count: arena.floatCount) }

  /// Bytes of packed weights.
  var byteCount: Int { arena.byteCount }

  /// - Precondition: The layer has weights.
  func layer(_ index: Int) -> PackedLayer {
    guard let layer = layers[index] else { preconditionFailure("layer \(index) has no weights") }
    return layer
  }
}

extension KernelTable {
  /// `channels`, rounded up to whole vectors: the distance of pixels in memory.
  func paddedChannels(_ channels: Int) -> Int {
    (channels + vectorWidth - 1) / vectorWidth * vectorWidth
  }
}

/// A layer as `x · weights + bias`, with the batch norm in both.
///
/// `weights' = weights * s` and `bias = beta - mean * s` with `s = gamma / sqrt(variance + epsilon)`
/// are computed in float64 and rounded once each, so that folding adds one rounding to a product and
/// one to the offset, even where s is 50 and the channel is dead. The bias comes after the sum, not
/// before it: otherwise every partial sum would carry its rounding.
struct FoldedLayer {
  /// `[depth, channels]` as they were trained; depth is 9 for a depthwise layer.
  private let weights: [Float]
  /// What the batch norm makes of a channel's weights: they are multiplied when they are packed.
  private let scales: [Double]
  let bias: [Float]
  let depth: Int
  let channels: Int
  let isDepthwise: Bool
  /// Limits of the result.
  let bounds: ClosedRange<Float>

  /// `nil` for a layer without weights.
  init?(_ parameters: Parameters, at index: Int) {
    switch parameters.architecture.layers[index].operation {
    case .convolution(let convolution):
      self.init(convolution, parameters.convolution(at: index))
    case .logits(let inputChannels, let classes):
      self.init(parameters.logits, depth: inputChannels, channels: classes)
    case .globalPool, .softmax:
      return nil
    }
  }

  private init(_ parameters: LogitsParameters, depth: Int, channels: Int) {
    weights = parameters.weights.scalars
    scales = [Double](repeating: 1, count: channels)
    bias = parameters.biases.map { $0 + 0 }
    self.depth = depth
    self.channels = channels
    isDepthwise = false
    bounds = -.infinity ... .infinity
  }

  private init(_ convolution: Convolution, _ parameters: ConvolutionParameters) {
    let channels = convolution.outputChannels
    var scales = [Double](repeating: 0, count: channels)
    var bias = [Float](repeating: 0, count: channels)
    for channel in 0..<channels {
      let variance = Double(parameters.movingVariance[channel]) + Architecture.batchNormEpsilon
      let scale = Double(parameters.gamma[channel]) / variance.squareRoot()
      let offset =
        Double(parameters.beta[channel]) - Double(parameters.movingMean[channel]) * scale
      scales[channel] = scale
      // Adding zero turns a negative zero into a positive one.
      bias[channel] = Self.finite(offset) + 0
    }
    weights = parameters.weights.scalars
    self.scales = scales
    self.bias = bias
    depth = convolution.dotProductLength
    self.channels = channels
    isDepthwise = convolution.kind == .depthwise
    bounds = 0...Float(Architecture.reluCeiling)
  }

  /// The nearest finite float, so that an absurd scale cannot turn a zero input into a NaN.
  private static func finite(_ value: Double) -> Float {
    let limit = Double(Float.greatestFiniteMagnitude)
    return Float(value > limit ? limit : value < -limit ? -limit : value)
  }

  /// Writes the folded weights in the kernels' order; `target` is zero where no channel is.
  func pack(into target: UnsafeMutablePointer<Float>, _ kernels: KernelTable) {
    let width = kernels.vectorWidth
    // A depthwise layer is packed like a matrix whose panels are one vector wide.
    let panelWidth = isDepthwise ? width : width * kernels.panelVectors
    let padded = kernels.paddedChannels(channels)
    weights.withUnsafeBufferPointer { weights in
      scales.withUnsafeBufferPointer { scales in
        guard let weights = weights.baseAddress, let scales = scales.baseAddress else { return }
        var output = target
        for column in stride(from: 0, to: padded, by: panelWidth) {
          let columns = min(panelWidth, padded - column)
          let real = min(columns, channels - column)
          for k in 0..<depth {
            Self.fold(weights + (k * channels + column), scales + column, real, into: output)
            output += columns
          }
        }
      }
    }
  }

  /// Plain pointers and nothing else, so that the compiler makes vectors of it.
  @inline(__always)
  private static func fold(
    _ weights: UnsafePointer<Float>, _ scales: UnsafePointer<Double>, _ count: Int,
    into output: UnsafeMutablePointer<Float>
  ) {
    for index in 0..<count { output[index] = finite(Double(weights[index]) * scales[index]) }
  }
}
