import MobileNet

extension Faults {
  /// Losses of precision.
  static let precisionFaults: [any Fault] = [
    BFloat16Weights(), HalfWeights(), TensorFloat32(), BFloat16Operands(),
    IntegerWeightsByChannel(), IntegerWeights(), ApproximateRoot(), HalfSums(), BFloat16Sums(),
    HalfResults(), TruncatedSums(), FlushedSubnormals(),
  ]
}

/// 8 significant bits.
struct BFloat16Weights: Fault {
  let name = "weights-bf16"
  let summary = "weights in bfloat16"

  func applies(to layer: Layer) -> Bool { layer.hasWeights }

  func apply(to script: inout LayerScript) { script.roundWeights(.bfloat16) }
}

/// 11 significant bits and a short range.
struct HalfWeights: Fault {
  let name = "weights-fp16"
  let summary = "weights in binary16"

  func applies(to layer: Layer) -> Bool { layer.hasWeights }

  func apply(to script: inout LayerScript) { script.roundWeights(.half) }
}

/// What tensor cores make of float32 unless told otherwise.
struct TensorFloat32: Fault {
  let name = "operands-tf32"
  let summary = "weights and inputs in TF32"

  func applies(to layer: Layer) -> Bool { layer.hasWeights }

  func apply(to script: inout LayerScript) {
    script.roundWeights(.tensorFloat32)
    script.arithmetic.input = .tensorFloat32
  }
}

/// What `oneDNN` makes of float32 where bfloat16 is allowed.
struct BFloat16Operands: Fault {
  let name = "operands-bf16"
  let summary = "weights and inputs in bfloat16"

  func applies(to layer: Layer) -> Bool { layer.hasWeights }

  func apply(to script: inout LayerScript) {
    script.roundWeights(.bfloat16)
    script.arithmetic.input = .bfloat16
  }
}

/// The usual quantisation.
struct IntegerWeightsByChannel: Fault {
  let name = "weights-int8-channel"
  let summary = "weights in 8-bit integers, scaled by channel"

  func applies(to layer: Layer) -> Bool { layer.hasWeights }

  func apply(to script: inout LayerScript) { script.quantizeWeights(groups: script.outputChannels) }
}

/// The cheap quantisation.
struct IntegerWeights: Fault {
  let name = "weights-int8-tensor"
  let summary = "weights in 8-bit integers, one scale"

  func applies(to layer: Layer) -> Bool { layer.hasWeights }

  func apply(to script: inout LayerScript) { script.quantizeWeights(groups: 1) }
}

/// `rsqrtps` without a Newton step.
struct ApproximateRoot: Fault {
  let name = "rsqrt-12-bit"
  let summary = "reciprocal root of 12 bits in batch norm"

  func applies(to layer: Layer) -> Bool { layer.convolution != nil }

  func apply(to script: inout LayerScript) { script.deviation = .approximateRoot }
}

/// Accumulation as narrow as the operands.
struct HalfSums: Fault {
  let name = "sums-fp16"
  let summary = "sums in binary16"
  let nature = FaultNature.rounding

  func applies(to layer: Layer) -> Bool { layer.hasWeights }

  func apply(to script: inout LayerScript) { script.arithmetic.sums = .half }
}

/// The same with 8 significant bits.
struct BFloat16Sums: Fault {
  let name = "sums-bf16"
  let summary = "sums in bfloat16"
  let nature = FaultNature.rounding

  func applies(to layer: Layer) -> Bool { layer.hasWeights }

  func apply(to script: inout LayerScript) { script.arithmetic.sums = .bfloat16 }
}

/// Activations kept small in memory.
struct HalfResults: Fault {
  let name = "results-fp16"
  let summary = "results stored in binary16"
  let nature = FaultNature.rounding

  func applies(to layer: Layer) -> Bool { true }

  func apply(to script: inout LayerScript) { script.arithmetic.output = .half }
}

/// Rounding towards zero, which is biased.
struct TruncatedSums: Fault {
  let name = "sums-truncated"
  let summary = "products and sums cut off instead of rounded"
  let nature = FaultNature.rounding

  func applies(to layer: Layer) -> Bool { layer.hasWeights }

  func apply(to script: inout LayerScript) { script.arithmetic.sums = .truncated }
}

/// Flush-to-zero, which the bounds allow.
struct FlushedSubnormals: Fault {
  let name = "flushed-subnormals"
  let summary = "subnormal numbers replaced by zero"
  let nature = FaultNature.rounding

  func applies(to layer: Layer) -> Bool { layer.hasWeights }

  func apply(to script: inout LayerScript) { script.arithmetic.sums = .flushed }
}

extension LayerScript {
  /// Output channels of the kernel.
  var outputChannels: Int { weights.shape[3] == 1 ? weights.shape[2] : weights.shape[3] }

  /// Rounds every weight to a narrower format.
  fileprivate mutating func roundWeights(_ format: NumberFormat) {
    weights = weights.map(format.rounded)
  }

  /// Rounds the weights to 255 levels, evenly spaced up to the largest of their group.
  fileprivate mutating func quantizeWeights(groups: Int) {
    var largest = [Float](repeating: 0, count: groups)
    for index in 0..<weights.count {
      largest[index % groups] = max(largest[index % groups], abs(weights[flat: index]))
    }
    for index in 0..<weights.count where largest[index % groups] > 0 {
      let step = largest[index % groups] / 127
      weights[flat: index] = (weights[flat: index] / step).rounded(.toNearestOrEven) * step
    }
  }
}
