import Foundation
import MobileNet

extension Faults {
  /// Trained values that are not quite right.
  static let weightFaults: [any Fault] = [
    WeightOff(), MissingWeight(), BetaOff(),
  ]
}

/// A mistake that comes in sizes, to find the smallest that is seen.
protocol ScalableFault: Fault {
  /// What is changed, in a few words; the size is relative to it.
  static var measure: String { get }

  init(by size: Double)
}

/// The layer's largest weight, a little larger.
struct WeightOff: ScalableFault {
  static let measure = "one weight, relatively"

  let size: Double
  let name: String
  let summary: String

  init() { self.init(by: 1e-3) }

  init(by size: Double) {
    self.size = size
    name = "weight-\(short(size))"
    summary = "one weight off by \(short(size)) of its value"
  }

  func applies(to layer: Layer) -> Bool { layer.hasWeights }

  func apply(to script: inout LayerScript) {
    guard let place = script.largestWeight else { return }
    script.weights[flat: place] *= Float(1 + size)
  }
}

/// The layer's largest weight lost.
struct MissingWeight: Fault {
  let name = "missing-weight"
  let summary = "one weight of zero"

  func applies(to layer: Layer) -> Bool { layer.hasWeights }

  func apply(to script: inout LayerScript) {
    guard let place = script.largestWeight else { return }
    script.weights[flat: place] = 0
  }
}

/// Every offset a little larger.
struct BetaOff: ScalableFault {
  static let measure = "all betas, relatively"

  let size: Double
  let name: String
  let summary: String

  init() { self.init(by: 1e-3) }

  init(by size: Double) {
    self.size = size
    name = "beta-\(short(size))"
    summary = "betas off by \(short(size)) of their value"
  }

  func applies(to layer: Layer) -> Bool { layer.convolution != nil }

  func apply(to script: inout LayerScript) {
    for c in script.beta.indices { script.beta[c] *= Float(1 + size) }
  }
}

/// A ceiling a little below 6; one of the sizes of ``LowClamp``.
struct ClampOff: ScalableFault {
  static let measure = "clamp, absolutely"

  let size: Double
  var name: String { "clamp-off-\(short(size))" }
  var summary: String { "clamp at 6 - \(short(size))" }

  init(by size: Double) { self.size = size }

  func applies(to layer: Layer) -> Bool { layer.convolution != nil }

  func apply(to script: inout LayerScript) {
    script.activation = .clamp(Architecture.reluCeiling - size)
  }
}

/// An epsilon a little too large; one of the sizes of ``SmallEpsilon``.
struct EpsilonOff: ScalableFault {
  static let measure = "epsilon, relatively"

  let size: Double
  var name: String { "epsilon-off-\(short(size))" }
  var summary: String { "epsilon off by \(short(size)) of its value" }

  init(by size: Double) { self.size = size }

  func applies(to layer: Layer) -> Bool { layer.convolution != nil }

  func apply(to script: inout LayerScript) { script.epsilon *= 1 + size }
}

extension LayerScript {
  /// Flat position of the weight of the largest magnitude.
  fileprivate var largestWeight: Int? {
    var result: Int?
    var largest: Float = -1
    for (index, weight) in weights.scalars.enumerated() where weight.magnitude > largest {
      (result, largest) = (index, weight.magnitude)
    }
    return result
  }
}

/// `1e-3`, as people write it.
private func short(_ size: Double) -> String {
  String(format: "%.0e", size).replacing("e-0", with: "e-")
}
