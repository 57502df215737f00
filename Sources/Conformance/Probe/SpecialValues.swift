import MobileNet
import Reference

/// What a layer made of numbers that are none, infinite, -0 or subnormal.
public struct SpecialValues: Hashable, Sendable, Codable {
  /// Elements of the layer's output.
  public var count: Int
  /// Those where only one of subject and reference is NaN, or which are not the same infinity.
  public var notMatched: Int
  /// Those that are -0, which is equal to 0.
  public var negativeZeros: Int

  /// - Parameter reference: The layer's output in float64.
  init(_ output: Tensor<Float>, reference: Tensor<Double>) {
    let statistics = ErrorStatistics(output, reference: reference)
    count = statistics.count + (statistics.matched ?? 0)
    notMatched = statistics.notMatched
    negativeZeros = statistics.negativeZeros
  }
}

extension Probe {
  /// Inputs for `layer` that hold what no image should lead to, image by image.
  ///
  /// | image | holds | the output is |
  /// |---|---|---|
  /// | 1 | NaN all over one channel; in one logit | NaN wherever the channel is read: with TensorFlow, no clamp and no maximum takes it away |
  /// | 2 | nothing special | finite: nothing leaks between images |
  /// | 3 | subnormal numbers only | finite |
  /// | 4 | -0 only (all but the pool) | finite |
  /// | 5, 6 | one ∞, one -∞ (the pool and the softmax) | that infinity in the mean; all NaN for ∞, and a probability of 0 for -∞ |
  ///
  /// A whole channel, because a transform such as Winograd's may spread a NaN over a tile. No infinity
  /// for weighted sums, because folding batch norm may round a tiny weight to zero, and 0 · ∞ is NaN.
  /// A -0 that comes out is counted, and judged where a profile limits them; none is fed to the pool,
  /// because a mean of -0 may be -0, and no ReLU6 yields one.
  static func specialInput(for layer: Layer, at index: Int) -> Tensor<Float> {
    let probe = input(for: layer, at: index)
    let image = Array(probe.scalars.prefix(probe.count / probe.shape[0]))
    let depth = probe.shape[probe.shape.count - 1]
    let zeros = image.map { _ in -Float.zero }
    let subnormals = image.map { _ in Float(0x1p-130) }
    let infinities = [Float.infinity, -.infinity].map { special in
      image.enumerated().map { $0 == depth / 2 ? special : $1 }
    }
    let isSummed =
      switch layer.operation {
      case .convolution, .logits: true
      case .globalPool, .softmax: false
      }
    let isPool = layer.endPoint == .globalPool
    let images =
      [image.enumerated().map { $0 % depth == depth / 3 ? .nan : $1 }, image, subnormals]
      + (isPool ? [] : [zeros]) + (isSummed ? [] : infinities)
    return Tensor(
      shape: [images.count] + probe.shape.dropFirst(), scalars: images.flatMap { $0 })
  }
}
