import MobileNet

extension Faults {
  /// Mistakes in the clamp.
  static let activationFaults: [any Fault] = [
    PlainReLU(), MissingActivation(), ActivationBeforeNorm(), LowClamp(), LeakyReLU(),
  ]
}

/// No upper end to the activation.
struct PlainReLU: Fault {
  let name = "relu"
  let summary = "ReLU instead of ReLU6"

  func applies(to layer: Layer) -> Bool { layer.convolution != nil }

  func apply(to script: inout LayerScript) { script.activation = .clamp(.infinity) }
}

/// Linear, as the bottlenecks of MobileNet V2 are.
struct MissingActivation: Fault {
  let name = "missing-activation"
  let summary = "no activation"

  func applies(to layer: Layer) -> Bool { layer.convolution != nil }

  func apply(to script: inout LayerScript) { script.activation = .none }
}

/// Activation and batch norm in the wrong order.
struct ActivationBeforeNorm: Fault {
  let name = "relu6-before-norm"
  let summary = "ReLU6 in front of batch norm"

  func applies(to layer: Layer) -> Bool { layer.convolution != nil }

  func apply(to script: inout LayerScript) { script.activation = .beforeNorm }
}

/// A ceiling that quantisation made inexact.
struct LowClamp: Fault {
  let name = "clamp-5.99"
  let summary = "clamp at 5.99"

  func applies(to layer: Layer) -> Bool { layer.convolution != nil }

  func apply(to script: inout LayerScript) { script.activation = .clamp(5.99) }
}

/// The activation of other networks.
struct LeakyReLU: Fault {
  let name = "leaky-relu6"
  let summary = "ReLU6 with slope 0.01 below zero"

  func applies(to layer: Layer) -> Bool { layer.convolution != nil }

  func apply(to script: inout LayerScript) { script.activation = .leaky(0.01) }
}
