import MobileNet

/// What goes wrong with a finished result in memory.
enum OutputEdit: Sendable {
  /// Two channels change places.
  case swapChannels(Int, Int)
  /// Every channel holds what belongs to the one after it.
  case shiftChannels
  /// The last image's result is that of the first.
  case repeatFirstImage
  /// The last channels of the last column of the last image are never written and stay 0.
  case unwrittenEdge(channels: Int)
  /// The last row of the last image still holds what the buffer held before: the layer's input.
  case staleRow

  /// Moves elements as the mistake does.
  ///
  /// - Parameters:
  ///   - blank: What memory holds that was never written.
  ///   - stale: What memory held before at a flat position.
  func apply<Element>(to tensor: inout Tensor<Element>, blank: Element, stale: (Int) -> Element) {
    let channels = tensor.shape.last ?? 1
    let image = tensor.count / max(tensor.shape.first ?? 1, 1)
    let original = tensor
    switch self {
    case .swapChannels(let a, let b):
      for start in stride(from: 0, to: tensor.count, by: channels) {
        tensor[flat: start + a] = original[flat: start + b]
        tensor[flat: start + b] = original[flat: start + a]
      }
    case .shiftChannels:
      for start in stride(from: 0, to: tensor.count, by: channels) {
        for c in 0..<channels {
          tensor[flat: start + c] = original[flat: start + (c + 1) % channels]
        }
      }
    case .repeatFirstImage:
      for index in 0..<image { tensor[flat: tensor.count - image + index] = original[flat: index] }
    case .unwrittenEdge(let count):
      let rows = tensor.shape.count == 4 ? tensor.shape[1] : 1
      for row in 1...max(rows, 1) {
        let end = tensor.count - image + row * image / max(rows, 1)
        for index in (end - min(count, channels))..<end { tensor[flat: index] = blank }
      }
    case .staleRow:
      let row = image / max(tensor.shape.count == 4 ? tensor.shape[1] : 1, 1)
      for index in (tensor.count - row)..<tensor.count { tensor[flat: index] = stale(index) }
    }
  }
}
