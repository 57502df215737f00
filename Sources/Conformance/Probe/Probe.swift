import MobileNet

/// An input for one layer that shows what no image may show.
///
/// Activations of a few images leave much of a layer in the dark: channels that are always 0, taps
/// that only read padding where a map is 2 x 2, images alone in their batch. A probe has two images
/// of even height and odd width, every channel alive, and positions with all channels, a quarter of
/// them or only a few, so that single weights stand out of the sum. The numbers are seeded; the
/// reference evaluates them as it goes, so no golden is needed.
enum Probe {
  /// Name of the case in records.
  static let caseName = "probe"

  static let description = "seeded inputs for single layers, every channel alive"

  /// Name of the case with wide inputs.
  static let wideCaseName = "probe_wide"

  static let wideDescription = "seeded inputs of more than 64 columns for layers with neighbours"

  /// An input for `layer`, which is the one at `index`, whose rows are longer than 64 both before and
  /// after it: blocks of columns and their halos show. `nil` for layers that see one position at a time.
  static func wideInput(for layer: Layer, at index: Int) -> Tensor<Float>? {
    var generator = generator(index, 0xF1DE)
    guard let convolution = layer.convolution, layer.isSpatial else { return nil }
    let width = convolution.stride * 66 - 1
    return Tensor(shape: [1, 3, width, convolution.inputChannels], by: &generator) { _ in
      convolution.kind == .standard ? 0...1 : 0...6
    }
  }

  /// Far apart, so that no layer's numbers are another's.
  private static func generator(_ index: Int, _ salt: UInt64) -> SplitMix64 {
    SplitMix64(seed: UInt64(index) &* 0x9E37_79B9_7F4A_7C15 &+ salt)
  }

  /// An input for `layer`, which is the one at `index`.
  static func input(for layer: Layer, at index: Int) -> Tensor<Float> {
    var generator = generator(index, 0x5EED)
    switch layer.operation {
    case .convolution(let convolution):
      switch convolution.kind {
      case .standard:
        return Tensor(shape: [2, 8, 7, convolution.inputChannels], by: &generator) { _ in 0...1 }
      case .depthwise:
        return Tensor(shape: [2, 8, 7, convolution.inputChannels], by: &generator) { _ in 0...6 }
      case .pointwise:
        return sparse([2, 6, 5, convolution.inputChannels], by: &generator)
      }
    // More than 7 positions along each axis, where 224 x 224 images have 7.
    case .globalPool(let channels):
      return Tensor(shape: [2, 9, 8, channels], by: &generator) { _ in 0...6 }
    case .logits(let inputChannels, _):
      return sparse([6, 1, 1, inputChannels], by: &generator)
    case .softmax(let classes):
      // Common logits; such that their exponentials exceed float32; nearly even; all negative.
      let ranges: [ClosedRange<Float>] = [-10...10, 0...100, -0.01...0.01, -100...0]
      return Tensor(shape: [ranges.count, classes], by: &generator) { ranges[$0 / classes] }
    }
  }

  /// Activations in [0, 6]: position by position all channels, a quarter of them, about eight.
  private static func sparse(
    _ shape: [Int], by generator: inout SplitMix64
  ) -> Tensor<Float> {
    let channels = shape[3]
    let shares = [1, 0.25, min(8 / Float(channels), 1)]
    var result = Tensor(shape: shape, by: &generator) { _ in 0...6 }
    for index in 0..<result.count
    where Float.random(in: 0..<1, using: &generator) >= shares[(index / channels) % shares.count] {
      result[flat: index] = 0
    }
    return result
  }
}

extension Tensor where Scalar == Float {
  /// Uniform numbers, each in a range of its own.
  fileprivate init(
    shape: [Int], by generator: inout SplitMix64, in range: (Int) -> ClosedRange<Float>
  ) {
    self.init(
      shape: shape,
      scalars: (0..<shape.reduce(1, *)).map { Float.random(in: range($0), using: &generator) })
  }
}
