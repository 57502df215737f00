import MobileNet
import Reference

/// Parameters and inputs on which float32 arithmetic is exact, for gate G5.
///
/// Operands are integers times a power of two. With n terms, |x| ≤ X and |w| ≤ W in such units every
/// sum of products, in any order, is an integer of at most n X W ≤ 2^23 units; the offset adds less
/// than 2^22. All are below 2^24, where float32 has every integer.
///
/// Batch norm multiplies by 1: mean 0, γ = 1, and a variance v with v + ε = 1. Its offset of 3 puts the
/// sums, which scatter around 0 by about 2, into the middle of what ReLU6 lets through.
struct IntegerData {
  /// Which operands have 12 significant bits, more than bf16, fp16 and tf32 keep. With long dot
  /// products only one of the two can: the other has the few bits that are left.
  enum Emphasis: String, CaseIterable {
    case inputs
    case weights
  }

  let emphasis: Emphasis
  let parameters: Parameters
  private let seed: UInt64

  /// - Throws: ``HarnessError`` if this machine's arithmetic does not make batch norm the identity.
  init(architecture: Architecture, emphasis: Emphasis, seed: UInt64 = 1) throws {
    self.emphasis = emphasis
    self.seed = seed
    let epsilon = Float(Architecture.batchNormEpsilon)
    let variance = 1 - epsilon
    guard variance + epsilon == 1, (variance + epsilon).squareRoot() == 1 else {
      throw HarnessError("v + epsilon is not 1 in float32, so G5 has no exact batch norm")
    }
    var tensors: [String: Tensor<Float>] = [:]
    for (index, layer) in architecture.layers.enumerated() {
      let scale = IntegerScale(layer, at: index, emphasis)
      var generator = SplitMix64(seed: seed &* 1000 &+ UInt64(index))
      for variable in layer.variables {
        let scalars: [Float] =
          switch variable.name.split(separator: "/").last {
          case "gamma": Array(repeating: 1, count: variable.count)
          case "beta": Array(repeating: 3, count: variable.count)
          case "moving_mean": Array(repeating: 0, count: variable.count)
          case "moving_variance": Array(repeating: variance, count: variable.count)
          case "biases": (0..<variable.count).map { _ in scale.bias(&generator) }
          default: (0..<variable.count).map { _ in scale.weight(&generator) }
          }
        tensors[variable.name] = Tensor(shape: variable.shape, scalars: scalars)
      }
    }
    parameters = try Parameters(architecture: architecture, tensors: tensors)
  }

  /// An input for one layer: what the end point before it could hold, or an image in [0, 1].
  func input(layer index: Int) -> Tensor<Float> {
    let layer = parameters.architecture.layers[index]
    let shape = Self.inputShape(layer)
    let scale = IntegerScale(layer, at: index, emphasis)
    var generator = SplitMix64(seed: seed &* 2000 &+ UInt64(index))
    return Tensor(
      shape: shape, scalars: (0..<shape.reduce(1, *)).map { _ in scale.input(&generator) })
  }

  /// The exact result of a layer; `nil` for the softmax, which has none.
  func exact(layer index: Int, input: Tensor<Float>) -> Tensor<Double>? {
    let wide = Tensor<Double>(input)
    switch parameters.architecture.layers[index].operation {
    case .convolution(let convolution):
      // Float64 has more than enough bits; not so for √(v + ε), which is therefore left out.
      let sums = Operations.products(
        convolution, index == 0 ? Operations.preprocess(wide) : wide,
        weights: Tensor(parameters.convolution(at: index).weights),
        accumulating: Sum<Double>.self)
      return Operations.relu6(sums.map { $0.value + 3 })
    case .globalPool, .logits:
      return ReferenceNetwork<Double>(parameters: parameters).output(layer: index, input: wide)
    case .softmax:
      return nil
    }
  }

  /// Two images, with extents that meet both parities of stride 2 and leave a rest in every tile.
  private static func inputShape(_ layer: Layer) -> [Int] {
    switch layer.operation {
    case .convolution(let convolution):
      convolution.kind == .pointwise
        ? [2, 5, 7, convolution.inputChannels] : [2, 9, 12, convolution.inputChannels]
    // A mean is exact over a power of two.
    case .globalPool(let channels): [2, 4, 4, channels]
    case .logits(let inputChannels, _): [2, 1, 1, inputChannels]
    case .softmax(let classes): [2, classes]
    }
  }
}

/// The sizes of one layer's integers.
private struct IntegerScale {
  /// Largest magnitudes X and W.
  private let largestInput: Int
  private let largestWeight: Int
  private let inputUnit: Float
  private let weightUnit: Float
  private let isImage: Bool

  /// One in the last place of every sum.
  var unit: Float { inputUnit * weightUnit }

  init(_ layer: Layer, at index: Int, _ emphasis: IntegerData.Emphasis) {
    let terms =
      switch layer.operation {
      case .convolution(let convolution): convolution.dotProductLength
      case .logits(let inputChannels, _): inputChannels
      case .globalPool, .softmax: 1
      }
    isImage = index == 0
    // An image in [0, 1] becomes an integer from -X to X with X a power of two.
    let wide = isImage && emphasis == .inputs ? 2048 : 4095
    let rest = (1 << 23) / (terms * wide)
    let narrow = isImage ? Self.powerOfTwo(below: rest) : rest
    (largestInput, largestWeight) = emphasis == .inputs ? (wide, rest) : (narrow, wide)
    inputUnit =
      isImage ? 1 / Float(largestInput) : 4 / Float(Self.powerOfTwo(below: 2 * largestInput))
    // Sums of n products of uniform integers scatter by about √n X W / 3 units; that is to be 2.
    let scatter = (Double(terms).squareRoot() * Double(largestInput * largestWeight) / 6)
    weightUnit = 1 / (Float(scatter.binade) * inputUnit)
  }

  func input(_ generator: inout SplitMix64) -> Float {
    guard isImage else {
      return inputUnit * Float(Int.random(in: 0...largestInput, using: &generator))
    }
    // 2x - 1 is then an integer over X.
    let doubled = Int.random(in: 0...2 * largestInput, using: &generator)
    return Float(doubled) / Float(2 * largestInput)
  }

  func weight(_ generator: inout SplitMix64) -> Float {
    weightUnit * Float(Int.random(in: -largestWeight...largestWeight, using: &generator))
  }

  func bias(_ generator: inout SplitMix64) -> Float {
    unit * Float(Int.random(in: -999...999, using: &generator))
  }

  private static func powerOfTwo(below limit: Int) -> Int {
    1 << (Int.bitWidth - 1 - max(limit, 1).leadingZeroBitCount)
  }
}
