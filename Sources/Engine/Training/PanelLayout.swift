import KernelInterface

/// Where the elements of a matrix are once it is packed in panels, or of depthwise taps.
struct PanelLayout {
  let depth: Int
  let channels: Int
  let paddedChannels: Int
  private let panel: Int

  init(depth: Int, channels: Int, isDepthwise: Bool, _ kernels: KernelTable) {
    self.depth = depth
    self.channels = channels
    paddedChannels = kernels.paddedChannels(channels)
    panel = kernels.vectorWidth * (isDepthwise ? 1 : kernels.panelVectors)
  }

  /// Floats, padding included.
  var count: Int { depth * paddedChannels }

  /// Place of row `k`, column `channel`.
  private func offset(_ k: Int, _ channel: Int) -> Int {
    let column = channel / panel * panel
    return column * depth + k * min(panel, paddedChannels - column) + channel - column
  }

  func pack(_ dense: [Float], into target: UnsafeMutablePointer<Float>) {
    for k in 0..<depth {
      for channel in 0..<channels { target[offset(k, channel)] = dense[k * channels + channel] }
    }
  }

  func unpack(_ source: UnsafePointer<Float>) -> [Float] {
    var dense = [Float](repeating: 0, count: depth * channels)
    for k in 0..<depth {
      for channel in 0..<channels { dense[k * channels + channel] = source[offset(k, channel)] }
    }
    return dense
  }
}
