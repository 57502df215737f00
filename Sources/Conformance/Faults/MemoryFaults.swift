import MobileNet

extension Faults {
  /// Mistakes in what is written where.
  static let memoryFaults: [any Fault] = [
    StaleImage(), StaleRow(), UnwrittenEdge(), Unrepeatable(),
  ]
}

/// A batch index left at 0.
struct StaleImage: Fault {
  let name = "stale-image"
  let summary = "the last image of a batch has the result of the first"

  func applies(to layer: Layer) -> Bool { true }

  func apply(to script: inout LayerScript) { script.edits.append(.repeatFirstImage) }
}

/// Rows shared out among threads, one left out.
struct StaleRow: Fault {
  let name = "stale-row"
  let summary = "the last row holds what was in the buffer before"

  func applies(to layer: Layer) -> Bool { layer.convolution != nil }

  func apply(to script: inout LayerScript) { script.edits.append(.staleRow) }
}

/// A tile that ends early.
struct UnwrittenEdge: Fault {
  let name = "unwritten-edge"
  let summary = "the last 8 channels of the last column never written"

  func applies(to layer: Layer) -> Bool { layer.hasWeights }

  func apply(to script: inout LayerScript) { script.edits.append(.unwrittenEdge(channels: 8)) }
}

/// Partial sums joined in the order in which threads finish.
struct Unrepeatable: Fault {
  let name = "unrepeatable-sum"
  let summary = "sums in an order that changes from run to run"
  let nature = FaultNature.rounding

  func applies(to layer: Layer) -> Bool { layer.hasWeights }

  func apply(to script: inout LayerScript) { script.arithmetic.isRepeatable = false }
}
