import MobileNet

extension Faults {
  /// Mistakes in how a kernel is laid out.
  static let kernelFaults: [any Fault] = [
    DroppedTap(), TransposedKernel(), FlippedKernel(), TransposedChannels(),
    DroppedInputChannel(), ShiftedKernels(),
  ]
}

/// Eight of nine taps.
struct DroppedTap: Fault {
  let name = "dropped-tap"
  let summary = "the last tap left out"

  func applies(to layer: Layer) -> Bool { layer.isSpatial }

  func apply(to script: inout LayerScript) {
    let (taps, each) = script.kernel
    for k in 0..<each { script.weights[flat: (taps - 1) * each + k] = 0 }
  }
}

/// HW for WH.
struct TransposedKernel: Fault {
  let name = "transposed-kernel"
  let summary = "kernel transposed, height for width"

  func applies(to layer: Layer) -> Bool { layer.isSpatial }

  func apply(to script: inout LayerScript) {
    let size = script.weights.shape[0]
    script.rearrangeTaps { ($0 % size) * size + $0 / size }
  }
}

/// Convolution as mathematics has it, instead of correlation.
struct FlippedKernel: Fault {
  let name = "flipped-kernel"
  let summary = "kernel rotated by 180 degrees"

  func applies(to layer: Layer) -> Bool { layer.isSpatial }

  func apply(to script: inout LayerScript) {
    let last = script.kernel.taps - 1
    script.rearrangeTaps { last - $0 }
  }
}

/// IO for OI, which only square layers forgive.
struct TransposedChannels: Fault {
  let name = "transposed-channels"
  let summary = "kernel transposed, input for output channels"

  func applies(to layer: Layer) -> Bool {
    layer.convolution.map { $0.kind == .pointwise && $0.inputChannels == $0.outputChannels }
      ?? false
  }

  func apply(to script: inout LayerScript) {
    let weights = script.weights
    let size = weights.shape[2]
    for i in 0..<size {
      for o in 0..<size { script.weights[flat: i * size + o] = weights[flat: o * size + i] }
    }
  }
}

/// A loop that stops one short.
struct DroppedInputChannel: Fault {
  let name = "last-input-channel-dropped"
  let summary = "the last input channel left out"

  func applies(to layer: Layer) -> Bool {
    layer.hasWeights && layer.convolution?.kind != .depthwise
  }

  func apply(to script: inout LayerScript) {
    let (taps, each) = script.kernel
    let outputs = script.weights.shape[3]
    for tap in 0..<taps {
      for o in 0..<outputs { script.weights[flat: (tap + 1) * each - outputs + o] = 0 }
    }
  }
}

/// An index off by one.
struct ShiftedKernels: Fault {
  let name = "shifted-kernels"
  let summary = "kernels of the next channel"

  func applies(to layer: Layer) -> Bool { layer.convolution?.kind == .depthwise }

  func apply(to script: inout LayerScript) {
    let weights = script.weights
    let channels = weights.shape[2]
    for index in 0..<weights.count {
      let (tap, c) = (index / channels, index % channels)
      script.weights[flat: index] = weights[flat: tap * channels + (c + 1) % channels]
    }
  }
}

extension LayerScript {
  /// How many taps the kernel has, and how many weights each.
  var kernel: (taps: Int, each: Int) {
    let shape = weights.shape
    return (shape[0] * shape[1], shape[2] * shape[3])
  }

  /// Puts another tap's weights in every tap's place.
  mutating func rearrangeTaps(_ source: (Int) -> Int) {
    let original = weights
    let (taps, each) = kernel
    for tap in 0..<taps {
      for k in 0..<each {
        weights[flat: tap * each + k] = original[flat: source(tap) * each + k]
      }
    }
  }
}
