import MobileNet

extension Faults {
  /// Mistakes in pooling, logits and softmax.
  static let headFaults: [any Fault] = [
    PoolWindow(), PoolOf49(), PoolSum(), PoolMaximum(), MissingBias(), Dropout(),
    SoftmaxUnshifted(), Sigmoid(), SoftmaxOverBatch(), SoftmaxOfTwo(), SoftmaxMissing(),
    LogSoftmax(), SoftmaxTwice(), SoftmaxNotNormalised(), Exponentials(), Percent(),
    SoftmaxOverFewer(), CoarseReciprocal(),
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

/// A model exported without its last layer.
struct SoftmaxMissing: Fault {
  let name = "softmax-missing"
  let summary = "logits in place of probabilities"

  func applies(to layer: Layer) -> Bool { layer.isSoftmax }

  func apply(to script: inout LayerScript) { script.softmax = .missing }
}

/// What training frameworks return.
struct LogSoftmax: Fault {
  let name = "log-softmax"
  let summary = "logarithms of the probabilities"

  func applies(to layer: Layer) -> Bool { layer.isSoftmax }

  func apply(to script: inout LayerScript) { script.softmax = .logarithm }
}

/// A softmax in the model and one behind it.
struct SoftmaxTwice: Fault {
  let name = "softmax-twice"
  let summary = "softmax of the probabilities"

  func applies(to layer: Layer) -> Bool { layer.isSoftmax }

  func apply(to script: inout LayerScript) { script.softmax = .twice }
}

/// The division forgotten.
struct SoftmaxNotNormalised: Fault {
  let name = "softmax-not-normalised"
  let summary = "exponentials that are not divided by their sum"

  func applies(to layer: Layer) -> Bool { layer.isSoftmax }

  func apply(to script: inout LayerScript) { script.softmax = .notNormalised }
}

/// Neither the shift nor the division.
struct Exponentials: Fault {
  let name = "softmax-exponentials"
  let summary = "exponentials of the logits, not divided by their sum"

  func applies(to layer: Layer) -> Bool { layer.isSoftmax }

  func apply(to script: inout LayerScript) { script.softmax = .exponentials }
}

/// For people.
struct Percent: Fault {
  let name = "softmax-percent"
  let summary = "probabilities in percent"

  func applies(to layer: Layer) -> Bool { layer.isSoftmax }

  func apply(to script: inout LayerScript) { script.softmax = .percent }
}

/// The background class forgotten, whose probability is next to nothing on most images.
struct SoftmaxOverFewer: Fault {
  let name = "softmax-1000"
  let summary = "softmax over all classes but the background"

  func applies(to layer: Layer) -> Bool { layer.isSoftmax }

  func apply(to script: inout LayerScript) { script.softmax = .withoutBackground }
}

/// A table or an approximation in place of a division, which no power of two shows.
struct CoarseReciprocal: Fault {
  let name = "pool-reciprocal-12bit"
  let summary = "mean by a reciprocal of 12 bits"

  func applies(to layer: Layer) -> Bool { layer.isPool }

  func apply(to script: inout LayerScript) { script.pool = .coarseReciprocal }
}

/// exp2 for exp.
struct SoftmaxOfTwo: Fault {
  let name = "softmax-base-2"
  let summary = "softmax with powers of 2"

  func applies(to layer: Layer) -> Bool { layer.isSoftmax }

  func apply(to script: inout LayerScript) { script.softmax = .powersOfTwo }
}
