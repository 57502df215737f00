import MobileNet

extension Faults {
  /// Mistakes in batch norm.
  static let normFaults: [any Fault] = [
    SmallEpsilon(), EpsilonOutsideRoot(), MissingRoot(), MissingGamma(), MissingBeta(),
    MissingMean(), NegatedMean(), BatchStatistics(),
  ]
}

/// The default epsilon of other frameworks.
struct SmallEpsilon: Fault {
  let name = "epsilon-1e-5"
  let summary = "batch norm with epsilon 1e-5 instead of 1e-3"

  func applies(to layer: Layer) -> Bool { layer.convolution != nil }

  func apply(to script: inout LayerScript) { script.epsilon = 1e-5 }
}

/// The epsilon of optimizers.
struct EpsilonOutsideRoot: Fault {
  let name = "epsilon-outside-root"
  let summary = "batch norm with sqrt(v) + epsilon"

  func applies(to layer: Layer) -> Bool { layer.convolution != nil }

  func apply(to script: inout LayerScript) { script.deviation = .sumWithRoot }
}

/// The root forgotten.
struct MissingRoot: Fault {
  let name = "missing-root"
  let summary = "batch norm divides by the variance"

  func applies(to layer: Layer) -> Bool { layer.convolution != nil }

  func apply(to script: inout LayerScript) { script.deviation = .sum }
}

/// `scale=False`.
struct MissingGamma: Fault {
  let name = "missing-gamma"
  let summary = "batch norm without gamma"

  func applies(to layer: Layer) -> Bool { layer.convolution != nil }

  func apply(to script: inout LayerScript) { for c in script.gamma.indices { script.gamma[c] = 1 } }
}

/// `center=False`.
struct MissingBeta: Fault {
  let name = "missing-beta"
  let summary = "batch norm without beta"

  func applies(to layer: Layer) -> Bool { layer.convolution != nil }

  func apply(to script: inout LayerScript) { for c in script.beta.indices { script.beta[c] = 0 } }
}

/// Weights folded, offset forgotten.
struct MissingMean: Fault {
  let name = "missing-mean"
  let summary = "batch norm without its mean"

  func applies(to layer: Layer) -> Bool { layer.convolution != nil }

  func apply(to script: inout LayerScript) { for c in script.mean.indices { script.mean[c] = 0 } }
}

/// A sign lost in folding.
struct NegatedMean: Fault {
  let name = "negated-mean"
  let summary = "batch norm adds its mean"

  func applies(to layer: Layer) -> Bool { layer.convolution != nil }

  func apply(to script: inout LayerScript) {
    for c in script.mean.indices { script.mean[c].negate() }
  }
}

/// Training mode left on.
struct BatchStatistics: Fault {
  let name = "batch-statistics"
  let summary = "batch norm with the statistics of the batch"

  func applies(to layer: Layer) -> Bool { layer.convolution != nil }

  func apply(to script: inout LayerScript) { script.statistics = .batch }
}
