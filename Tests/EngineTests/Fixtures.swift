import Engine
import MobileNet

/// A small generator of repeatable numbers (SplitMix64).
struct Seeded: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: Int) { state = UInt64(truncatingIfNeeded: seed) }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// Parameters that keep activations alive through all layers and, like trained ones, have dead
/// channels: hardly any variance, tiny weights, a scale of up to 50.
func makeParameters(_ architecture: Architecture, seed: Int = 1) throws -> Parameters {
  var random = Seeded(seed)
  var tensors: [String: Tensor<Float>] = [:]
  for layer in architecture.layers {
    let fan = layer.convolution?.dotProductLength ?? architecture.featureChannels
    let reach = (6 / Float(fan)).squareRoot()
    for variable in layer.variables {
      let last = variable.shape[variable.shape.count - 1]
      let channels = variable.name.hasSuffix("depthwise_weights") ? variable.shape[2] : last
      let scalars = (0..<variable.count).map { index -> Float in
        // Every seventh channel of a convolution is dead.
        let isDead = layer.convolution != nil && index % channels % 7 == 3
        if variable.name.hasSuffix("weights") {
          return .random(in: -reach...reach, using: &random) * (isDead ? 1e-18 : 1)
        }
        if variable.name.hasSuffix("gamma") {
          return .random(in: 0.5...1.6, using: &random)
        }
        if variable.name.hasSuffix("moving_variance") {
          return isDead ? 4e-35 : .random(in: 0.3...2, using: &random)
        }
        if variable.name.hasSuffix("moving_mean") {
          return .random(in: -0.5...0.5, using: &random) * (isDead ? 1e-17 : 1)
        }
        return .random(in: -0.5...1.5, using: &random)
      }
      tensors[variable.name] = Tensor(shape: variable.shape, scalars: scalars)
    }
  }
  return try Parameters(architecture: architecture, tensors: tensors)
}

func makeImages(_ shape: [Int], seed: Int = 2) -> Tensor<Float> {
  var random = Seeded(seed)
  return Tensor(
    shape: shape,
    scalars: (0..<shape.reduce(1, *)).map { _ in .random(in: 0...1, using: &random) })
}

extension Tensor<Float> {
  /// The bits of all elements: unlike `==`, tells zeros apart and finds a NaN equal to itself.
  var bits: [UInt32] { scalars.map(\.bitPattern) }
}
