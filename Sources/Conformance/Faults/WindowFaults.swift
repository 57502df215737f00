import MobileNet

extension Faults {
  /// Mistakes in which input positions a kernel reads.
  static let windowFaults: [any Fault] = [
    SymmetricPadding(), LeadingPadding(), TrailingPadding(), ReplicatedBorder(),
    MirroredBorder(), PaddingBeforePreprocessing(), StrideOffset(), StrideOffsetWidth(),
    DroppedCornerTap(), SwappedAxes(), MissingHalo(),
  ]
}

/// Zeros on both sides of a stride-2 layer, as PyTorch's `padding=1` has it.
struct SymmetricPadding: Fault {
  let name = "symmetric-padding"
  let summary = "symmetric padding at stride 2"

  func applies(to layer: Layer) -> Bool { layer.isStrided }

  func apply(to script: inout LayerScript) { script.window.alignment = .symmetric }
}

/// All zeros before the data, as a causal convolution has them.
struct LeadingPadding: Fault {
  let name = "leading-padding"
  let summary = "all padding before the data"

  func applies(to layer: Layer) -> Bool { layer.isSpatial }

  func apply(to script: inout LayerScript) { script.window.alignment = .leading }
}

/// Windows start at the first position, whatever the size.
struct TrailingPadding: Fault {
  let name = "trailing-padding"
  let summary = "all padding after the data"

  func applies(to layer: Layer) -> Bool { layer.isSpatial }

  func apply(to script: inout LayerScript) { script.window.alignment = .trailing }
}

/// The border is repeated outwards.
struct ReplicatedBorder: Fault {
  let name = "replicated-border"
  let summary = "the border repeated in place of zeros"

  func applies(to layer: Layer) -> Bool { layer.isSpatial }

  func apply(to script: inout LayerScript) { script.window.border = .nearest }
}

/// The input is mirrored at the border.
struct MirroredBorder: Fault {
  let name = "mirrored-border"
  let summary = "the border mirrored in place of zeros"

  func applies(to layer: Layer) -> Bool { layer.isSpatial }

  func apply(to script: inout LayerScript) { script.window.border = .mirrored }
}

/// The image is padded with black before 2x - 1 instead of with 0 after it.
struct PaddingBeforePreprocessing: Fault {
  let name = "padding-before-preprocessing"
  let summary = "padding before 2x - 1, so that it reads as -1"

  func applies(to layer: Layer) -> Bool { layer.readsImages }

  func apply(to script: inout LayerScript) { script.window.border = .constant(-1) }
}

/// The other one of every two positions along both axes.
struct StrideOffset: Fault {
  let name = "stride-offset"
  let summary = "windows start one position late along both axes"

  func applies(to layer: Layer) -> Bool { layer.isStrided }

  func apply(to script: inout LayerScript) {
    script.window.alignment = .shifted(height: 1, width: 1)
  }
}

/// The same along one axis only.
struct StrideOffsetWidth: Fault {
  let name = "stride-offset-width"
  let summary = "windows start one position late along the width"

  func applies(to layer: Layer) -> Bool { layer.isStrided }

  func apply(to script: inout LayerScript) {
    script.window.alignment = .shifted(height: 0, width: 1)
  }
}

/// A wrong loop limit at one corner.
struct DroppedCornerTap: Fault {
  let name = "dropped-corner-tap"
  let summary = "the last tap left out at the first position"

  func applies(to layer: Layer) -> Bool { layer.isSpatial }

  func apply(to script: inout LayerScript) { script.window.dropsCornerTap = true }
}

/// Wide rows in blocks of 64 columns that do not know their neighbours.
struct MissingHalo: Fault {
  let name = "missing-halo-64"
  let summary = "columns in blocks of 64, without their neighbours"

  func applies(to layer: Layer) -> Bool { layer.isSpatial }

  func apply(to script: inout LayerScript) { script.window.block = 64 }
}

/// Height taken for width, which squares forgive.
struct SwappedAxes: Fault {
  let name = "swapped-axes"
  let summary = "height and width swapped"

  func applies(to layer: Layer) -> Bool { layer.isSpatial }

  func apply(to script: inout LayerScript) { script.layout = .swappedAxes }
}
