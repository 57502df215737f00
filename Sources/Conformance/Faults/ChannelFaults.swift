import MobileNet

extension Faults {
  /// Mistakes in the order of channels.
  static let channelFaults: [any Fault] = [
    SwappedColours(), ChannelsFirst(), SwappedChannels(), ShiftedLogits(),
  ]
}

/// OpenCV's order of colours: the kernel meets the channels in reverse.
struct SwappedColours: Fault {
  let name = "bgr"
  let summary = "blue, green, red for red, green, blue"

  func applies(to layer: Layer) -> Bool { layer.readsImages }

  func apply(to script: inout LayerScript) {
    let (taps, each) = script.kernel
    let weights = script.weights
    let outputs = weights.shape[3]
    for tap in 0..<taps {
      for k in 0..<each {
        let (c, o) = (k / outputs, k % outputs)
        script.weights[flat: tap * each + k] = weights[flat: tap * each + (2 - c) * outputs + o]
      }
    }
  }
}

/// NHWC memory read as NCHW.
struct ChannelsFirst: Fault {
  let name = "channels-first"
  let summary = "input read as channels first"

  func applies(to layer: Layer) -> Bool { layer.convolution != nil }

  func apply(to script: inout LayerScript) { script.layout = .channelsFirst }
}

/// Two neighbours change places.
struct SwappedChannels: Fault {
  let name = "swapped-channels"
  let summary = "two output channels swapped"

  func applies(to layer: Layer) -> Bool { layer.hasWeights }

  func apply(to script: inout LayerScript) {
    let middle = script.outputChannels / 2
    script.edits.append(.swapChannels(middle - 1, middle))
  }
}

/// 1000 classes where there are 1001: every class has the number of the one before.
struct ShiftedLogits: Fault {
  let name = "shifted-logits"
  let summary = "logits shifted by the background class"

  func applies(to layer: Layer) -> Bool { layer.isLogits }

  func apply(to script: inout LayerScript) { script.edits.append(.shiftChannels) }
}
