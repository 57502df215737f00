import MobileNet

extension Faults {
  /// Mistakes in pooling, logits and softmax.
  static let headFaults: [any Fault] = [
    PoolWindow(), PoolOf49(), PoolSum(), PoolMaximum(), MissingBias(), Dropout(),
    SoftmaxUnshifted(), Sigmoid(), SoftmaxOverBatch(), SoftmaxOfTwo(),
  ]
}

/// The pool of 224 x 224 images at every size.
struct PoolWindow: Fault {
  let name = "pool-7x7"
  let summary = "mean of the first 7 x 7 positions"

  func applies(to layer: Layer) -> Bool { layer.isPool }

  func apply(to script: inout LayerScript) { script.pool = .window(7) }
}

/// The count of 224 x 224 images at every size.
struct PoolOf49: Fault {
  let name = "pool-by-49"
  let summary = "sum over all positions divided by 49"

  func applies(to layer: Layer) -> Bool { layer.isPool }

  func apply(to script: inout LayerScript) { script.pool = .dividedBy(49) }
}

/// The division forgotten.
struct PoolSum: Fault {
  let name = "pool-sum"
  let summary = "sum in place of mean"

  func applies(to layer: Layer) -> Bool { layer.isPool }

  func apply(to script: inout LayerScript) { script.pool = .sum }
}

/// The other global pool.
struct PoolMaximum: Fault {
  let name = "pool-max"
  let summary = "maximum in place of mean"

  func applies(to layer: Layer) -> Bool { layer.isPool }

  func apply(to script: inout LayerScript) { script.pool = .max }
}

/// `use_bias=False`.
struct MissingBias: Fault {
  let name = "missing-bias"
  let summary = "logits without bias"

  func applies(to layer: Layer) -> Bool { layer.isLogits }

  func apply(to script: inout LayerScript) {
    for k in script.biases.indices { script.biases[k] = 0 }
  }
}

/// Training mode left on in front of the logits.
struct Dropout: Fault {
  let name = "dropout"
  let summary = "dropout left on, keeping 0.999"

  func applies(to layer: Layer) -> Bool { layer.isLogits }

  func apply(to script: inout LayerScript) {
    // One run's mask: the network drops one feature of a thousand and enlarges the others.
    let features = script.weights.shape[2]
    script.channelFactors = (0..<features).map { $0 == features / 2 ? 0 : Float(1 / 0.999) }
  }
}

/// The textbook formula, which overflows beyond 88.
struct SoftmaxUnshifted: Fault {
  let name = "softmax-unshifted"
  let summary = "softmax without subtracting the largest logit"
  let nature = FaultNature.rounding

  func applies(to layer: Layer) -> Bool { layer.isSoftmax }

  func apply(to script: inout LayerScript) { script.softmax = .unshifted }
}

/// Every class by itself.
struct Sigmoid: Fault {
  let name = "sigmoid"
  let summary = "sigmoid in place of softmax"

  func applies(to layer: Layer) -> Bool { layer.isSoftmax }

  func apply(to script: inout LayerScript) { script.softmax = .sigmoid }
}

/// The wrong axis.
struct SoftmaxOverBatch: Fault {
  let name = "softmax-over-batch"
  let summary = "softmax over the batch"

  func applies(to layer: Layer) -> Bool { layer.isSoftmax }

  func apply(to script: inout LayerScript) { script.softmax = .overBatch }
}

/// exp2 for exp.
struct SoftmaxOfTwo: Fault {
  let name = "softmax-base-2"
  let summary = "softmax with powers of 2"

  func applies(to layer: Layer) -> Bool { layer.isSoftmax }

  func apply(to script: inout LayerScript) { script.softmax = .powersOfTwo }
}
