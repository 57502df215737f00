import MobileNet

extension Faults {
  /// Mistakes in what the network makes of an image.
  static let imageFaults: [any Fault] = [
    BytesAsTheyAre(), ImageAsItIs(), ScaledTwice(), MeanAndDeviation(), RoundedToBytes(),
    Around128(),
  ]
}

/// No scaling at all.
struct BytesAsTheyAre: Fault {
  let name = "input-bytes"
  let summary = "input in [0, 255]"

  func applies(to layer: Layer) -> Bool { layer.readsImages }

  func apply(to script: inout LayerScript) { script.image = .bytes }
}

/// The range that the module takes, passed straight to the network.
struct ImageAsItIs: Fault {
  let name = "input-unscaled"
  let summary = "input in [0, 1], without 2x - 1"

  func applies(to layer: Layer) -> Bool { layer.readsImages }

  func apply(to script: inout LayerScript) { script.image = .unchanged }
}

/// Preprocessing outside and inside.
struct ScaledTwice: Fault {
  let name = "input-scaled-twice"
  let summary = "input in [-1, 1] scaled by 2x - 1 once more"

  func applies(to layer: Layer) -> Bool { layer.readsImages }

  func apply(to script: inout LayerScript) { script.image = .twice }
}

/// The convention of torchvision.
struct MeanAndDeviation: Fault {
  let name = "input-mean-std"
  let summary = "input normalised by ImageNet mean and deviation"

  func applies(to layer: Layer) -> Bool { layer.readsImages }

  func apply(to script: inout LayerScript) { script.image = .meanAndDeviation }
}

/// Bytes where the module takes real numbers: nothing is lost of photos, of everything else much.
struct RoundedToBytes: Fault {
  let name = "input-rounded"
  let summary = "input rounded to bytes, then x / 127.5 - 1"

  func applies(to layer: Layer) -> Bool { layer.readsImages }

  func apply(to script: inout LayerScript) { script.image = .roundedBytes }
}

/// The convention of fixed-point hardware.
struct Around128: Fault {
  let name = "input-around-128"
  let summary = "input as (byte - 128) / 128"

  func applies(to layer: Layer) -> Bool { layer.readsImages }

  func apply(to script: inout LayerScript) { script.image = .around128 }
}
