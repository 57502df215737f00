import KernelInterface
import MobileNet

/// The network's variables as training changes them, with their gradients and the optimizer's
/// velocities: three blocks of memory of one layout, packed as the kernels read weights.
///
/// A gradient step is thus one pass over memory, and nothing is packed anew for the forward pass.
final class VariableStore {
  /// A trainable variable or a moving average.
  struct Entry {
    let variable: Variable
    let layout: PanelLayout
    fileprivate let piece: Arena.Piece
    /// Whether the weight decay reaches it.
    let decays: Bool
  }

  let architecture: Architecture
  let kernels: KernelTable
  private let values = Arena()
  private let gradients = Arena()
  private let velocities = Arena()
  private let averages = Arena()
  private var entries: [String: Entry] = [:]

  init(_ parameters: Parameters, _ kernels: KernelTable) {
    architecture = parameters.architecture
    self.kernels = kernels
    for layer in architecture.layers {
      for variable in layer.variables {
        entries[variable.name] = reserve(variable, of: layer)
      }
    }
    for arena in [values, gradients, velocities, averages] { arena.allocate() }
    load(parameters)
  }

  private func reserve(_ variable: Variable, of layer: Layer) -> Entry {
    let shape = variable.shape
    let isDepthwise = layer.convolution?.kind == .depthwise && shape.count == 4
    let channels = isDepthwise ? shape[2] : shape[shape.count - 1]
    let layout = PanelLayout(
      depth: variable.count / channels, channels: channels, isDepthwise: isDepthwise, kernels)
    var piece: Arena.Piece
    if variable.isTrainable {
      piece = values.reserve(layout.count)
      _ = gradients.reserve(layout.count)
      _ = velocities.reserve(layout.count)
    } else {
      piece = averages.reserve(layout.count)
    }
    return Entry(
      variable: variable, layout: layout, piece: piece,
      decays: shape.count == 4 && !isDepthwise)
  }

  /// Bytes in all.
  var byteCount: Int {
    [values, gradients, velocities, averages].map(\.byteCount).reduce(0, +)
  }

  /// Floats of the trainable variables, padding included; whole cache lines.
  var trainableCount: Int { values.floatCount }
  var allValues: UnsafeMutablePointer<Float> { UnsafeMutablePointer(mutating: values.start) }
  var allGradients: UnsafePointer<Float> { gradients.start }
  var allVelocities: UnsafeMutablePointer<Float> {
    UnsafeMutablePointer(mutating: velocities.start)
  }

  /// - Precondition: The network has a variable of this name.
  func entry(_ name: String) -> Entry {
    guard let entry = entries[name] else { preconditionFailure("there is no variable \(name)") }
    return entry
  }

  func isKnown(_ name: String) -> Bool { entries[name] != nil }

  func value(_ entry: Entry) -> UnsafeMutablePointer<Float> {
    entry.variable.isTrainable ? values[entry.piece] : averages[entry.piece]
  }

  /// - Precondition: The variable is trainable.
  func gradient(_ entry: Entry) -> UnsafeMutablePointer<Float> {
    precondition(entry.variable.isTrainable, "\(entry.variable.name) has no gradient")
    return gradients[entry.piece]
  }

  /// Sets all variables and forgets the velocities.
  func load(_ parameters: Parameters) {
    for entry in entries.values {
      guard let tensor = parameters.tensors[entry.variable.name] else {
        preconditionFailure("\(entry.variable.name) is missing")
      }
      entry.layout.pack(tensor.scalars, into: value(entry))
    }
    allVelocities.update(repeating: 0, count: trainableCount)
  }

  /// A variable's present values.
  func tensor(_ entry: Entry) -> Tensor<Float> {
    Tensor(shape: entry.variable.shape, scalars: entry.layout.unpack(value(entry)))
  }

  func gradientTensor(_ entry: Entry) -> Tensor<Float> {
    Tensor(shape: entry.variable.shape, scalars: entry.layout.unpack(gradient(entry)))
  }
}
