import MobileNet
import RealModule
import Reference

/// One layer, step by step, with every step open to change.
///
/// Unchanged it computes what ``ReferenceNetwork`` does, with loops of its own. A ``Fault`` changes a
/// step; run in float32 the script then is a subject that errs, run in float64 it shows what such a
/// subject yields apart from rounding.
public struct LayerScript: Sendable {
  let layer: Layer

  // What the layer reads.
  var image = ImageCoding.standard
  var layout = Layout.channelsLast
  /// Factors on the input's channels, if they are not all 1.
  var channelFactors: [Float]?

  // What it computes with; empty where the layer has no such values.
  var weights: Tensor<Float>
  var biases: [Float] = []
  var gamma: [Float] = []
  var beta: [Float] = []
  var mean: [Float] = []
  var variance: [Float] = []
  var epsilon = Architecture.batchNormEpsilon

  // How it computes.
  var window = Window()
  var deviation = Deviation.rootOfSum
  var statistics = Statistics.moving
  var activation = Activation.relu6
  var pool = Pool.mean
  var softmax = Softmax.standard
  var arithmetic = Arithmetic()

  // What becomes of the result.
  var edits: [OutputEdit] = []

  /// The layer at `index` of the network, without a mistake.
  init(parameters: Parameters, layer index: Int) {
    layer = parameters.architecture.layers[index]
    switch layer.operation {
    case .convolution(let convolution):
      let values = parameters.convolution(at: index)
      weights = values.weights
      gamma = values.gamma
      beta = values.beta
      mean = values.movingMean
      variance = values.movingVariance
      image = convolution.kind == .standard ? .standard : .none
    case .logits:
      weights = parameters.logits.weights
      biases = parameters.logits.biases
    case .globalPool, .softmax:
      weights = Tensor(shape: [0], scalars: [])
    }
  }
}

extension LayerScript {
  /// What the first layer makes of the image's values, which it is given in [0, 1].
  enum ImageCoding: Sendable {
    /// No image: every layer but the first.
    case none
    /// 2x - 1.
    case standard
    /// Left in [0, 1].
    case unchanged
    /// Left in bytes, 0…255.
    case bytes
    /// 2x - 1 twice over.
    case twice
    /// ImageNet's channel means and deviations.
    case meanAndDeviation
    /// Rounded to bytes b, then b / 127.5 - 1.
    case roundedBytes
    /// (b - 128) / 128.
    case around128
  }

  /// What order of axes the input's memory is taken to have.
  enum Layout: Sendable {
    case channelsLast
    case channelsFirst
    /// Height for width.
    case swappedAxes
  }

  /// What the centred dot product is divided by.
  enum Deviation: Sendable {
    /// √(v + ε).
    case rootOfSum
    /// √v + ε.
    case sumWithRoot
    /// v + ε.
    case sum
    /// √(v + ε) by a reciprocal root of 12 bits.
    case approximateRoot
  }

  /// Whose mean and variance batch norm subtracts and divides by.
  enum Statistics: Sendable {
    case moving
    /// Those of the very batch.
    case batch
  }

  /// What follows batch norm.
  enum Activation: Sendable {
    case relu6
    /// Clamp to [0, ceiling].
    case clamp(Double)
    /// ReLU6 with a slope below zero.
    case leaky(Double)
    case none
    /// ReLU6 in front of batch norm, nothing behind it.
    case beforeNorm

    /// What becomes of errors.
    var clamp: Conformance.Clamp {
      switch self {
      case .relu6: .relu6
      case .clamp(let ceiling): Clamp(slopeBelow: 0, ceiling: ceiling)
      case .leaky(let slope): Clamp(slopeBelow: slope, ceiling: Architecture.reluCeiling)
      case .none, .beforeNorm: .none
      }
    }
  }

  /// What becomes of height and width.
  enum Pool: Sendable {
    case mean
    /// Mean of the first positions only, up to this many along each axis.
    case window(Int)
    /// The sum divided by a count that does not depend on the size.
    case dividedBy(Int)
    case sum
    case max
    /// The sum times a reciprocal that was cut off after 12 bits.
    case coarseReciprocal
  }

  /// How logits become probabilities.
  enum Softmax: Sendable {
    case standard
    /// exp(z) without subtracting the largest logit.
    case unshifted
    /// Every class by itself.
    case sigmoid
    /// Normalised over the batch instead of the classes.
    case overBatch
    /// 2^z for e^z.
    case powersOfTwo
    /// The logits as they are.
    case missing
    /// z - ln Σ exp(z).
    case logarithm
    /// Softmax of the softmax.
    case twice
    /// exp(z - m) without the division.
    case notNormalised
    /// exp(z).
    case exponentials
    /// A hundred times the probability.
    case percent
    /// The first class left out of the sum, with a probability of 0.
    case withoutBackground
  }

  /// How numbers are rounded, apart from plain float32.
  struct Arithmetic: Sendable {
    /// What the input is rounded to before it is multiplied.
    var input: NumberFormat?
    var sums = Sums.native
    /// What the result is rounded to when it is stored.
    var output: NumberFormat?
    /// Whether the results of one run depend on the runs before.
    var isRepeatable = true

    enum Sums: Sendable {
      case native
      case half
      case bfloat16
      /// Every product and sum is cut off instead of rounded.
      case truncated
      /// Subnormal operands and results become 0.
      case flushed
    }
  }
}

extension Layer {
  /// Whether this is a convolution with a kernel that has neighbours.
  var isSpatial: Bool { convolution.map { $0.kernelSize > 1 } ?? false }

  /// Whether this is a convolution that skips positions.
  var isStrided: Bool { convolution.map { $0.stride > 1 } ?? false }

  /// Whether this layer reads images.
  var readsImages: Bool { convolution?.kind == .standard }

  var isLogits: Bool { endPoint == .logits }

  var isSoftmax: Bool { endPoint == .predictions }

  var isPool: Bool { endPoint == .globalPool }

  /// Whether this layer multiplies by trained weights.
  var hasWeights: Bool { convolution != nil || isLogits }
}
