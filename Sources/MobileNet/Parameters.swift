/// Trained values of one convolution and its batch norm.
public struct ConvolutionParameters: Hashable, Sendable {
  /// HWIO; `[3, 3, channels, 1]` for a depthwise convolution.
  public let weights: Tensor<Float>
  /// Scale, one per output channel, like the three that follow.
  public let gamma: [Float]
  /// Offset.
  public let beta: [Float]
  public let movingMean: [Float]
  /// Never negative.
  public let movingVariance: [Float]

  package init(
    weights: Tensor<Float>, gamma: [Float], beta: [Float], movingMean: [Float],
    movingVariance: [Float]
  ) {
    self.weights = weights
    self.gamma = gamma
    self.beta = beta
    self.movingMean = movingMean
    self.movingVariance = movingVariance
  }
}

/// Trained values of the last, fully connected layer.
public struct LogitsParameters: Hashable, Sendable {
  /// `[1, 1, channels, classes]`.
  public let weights: Tensor<Float>
  /// One per class.
  public let biases: [Float]
}

/// A complete, checked set of the network's variables in float32.
///
/// An instance always has every variable of its architecture, in the right shape, all finite, with
/// no negative variance.
public struct Parameters: Sendable {
  public let architecture: Architecture
  /// Every variable by its TensorFlow name.
  public let tensors: [String: Tensor<Float>]
  /// By layer, in order; `nil` where the layer is no convolution.
  private let convolutions: [ConvolutionParameters?]
  /// The last layer's weights and biases.
  public let logits: LogitsParameters

  /// Checks and wraps a set of variables.
  ///
  /// - Throws: ``ParameterError`` for the first variable that is missing, unknown, of the wrong
  ///   shape, not finite, or a negative variance.
  public init(
    architecture: Architecture, tensors: [String: Tensor<Float>]
  ) throws(ParameterError) {
    let variables = architecture.variables
    for variable in variables {
      guard let tensor = tensors[variable.name] else { throw .missing(variable.name) }
      try Self.check(tensor, variable)
    }
    let known = Set(variables.map(\.name))
    if let unknown = tensors.keys.filter({ !known.contains($0) }).min() {
      throw .unexpected(unknown)
    }
    func tensor(_ name: String) throws(ParameterError) -> Tensor<Float> {
      guard let tensor = tensors[name] else { throw .missing(name) }
      return tensor
    }
    var convolutions: [ConvolutionParameters?] = []
    var logits: LogitsParameters?
    for layer in architecture.layers {
      let names = layer.variableNames
      var convolution: ConvolutionParameters?
      switch layer.operation {
      case .convolution:
        convolution = ConvolutionParameters(
          weights: try tensor(names.weights), gamma: try tensor(names.gamma).scalars,
          beta: try tensor(names.beta).scalars, movingMean: try tensor(names.movingMean).scalars,
          movingVariance: try tensor(names.movingVariance).scalars)
      case .logits:
        logits = LogitsParameters(
          weights: try tensor(names.weights), biases: try tensor(names.biases).scalars)
      case .globalPool, .softmax:
        break
      }
      convolutions.append(convolution)
    }
    guard let logits else { preconditionFailure("every architecture has logits") }
    self.architecture = architecture
    self.tensors = tensors
    self.convolutions = convolutions
    self.logits = logits
  }

  /// The values of the convolution at `index` of the architecture's layers.
  ///
  /// - Precondition: That layer is a convolution.
  public func convolution(at index: Int) -> ConvolutionParameters {
    guard let parameters = convolutions[index] else {
      preconditionFailure("layer \(index) is no convolution")
    }
    return parameters
  }

  /// A copy with one variable replaced, checked like a new set.
  public func replacing(
    _ name: String, with tensor: Tensor<Float>
  ) throws(ParameterError) -> Parameters {
    var tensors = tensors
    tensors[name] = tensor
    return try Parameters(architecture: architecture, tensors: tensors)
  }

  private static func check(
    _ tensor: Tensor<Float>, _ variable: Variable
  ) throws(ParameterError) {
    guard tensor.shape == variable.shape else {
      throw .wrongShape(variable.name, expected: variable.shape, found: tensor.shape)
    }
    if let place = tensor.scalars.firstIndex(where: { !$0.isFinite }) {
      throw .notFinite(variable.name, index: tensor.coordinates(of: place))
    }
    if variable.name.hasSuffix("/moving_variance"),
      let place = tensor.scalars.firstIndex(where: { $0 < 0 })
    {
      throw .negativeVariance(variable.name, index: tensor.coordinates(of: place))
    }
  }
}

/// Why a set of variables is not the network's.
public enum ParameterError: Error, Hashable, CustomStringConvertible {
  case missing(String)
  case unexpected(String)
  case wrongShape(String, expected: [Int], found: [Int])
  case notFinite(String, index: [Int])
  case negativeVariance(String, index: [Int])

  /// The variable that is at fault.
  public var variable: String {
    switch self {
    case .missing(let name), .unexpected(let name), .wrongShape(let name, _, _),
      .notFinite(let name, _), .negativeVariance(let name, _):
      name
    }
  }

  public var description: String {
    switch self {
    case .missing(let name):
      "\(name) is missing"
    case .unexpected(let name):
      "\(name) is not a variable of this network"
    case .wrongShape(let name, let expected, let found):
      "\(name) has the shape \(describe(shape: found)), expected \(describe(shape: expected))"
    case .notFinite(let name, let index):
      "\(name) is not finite at \(index)"
    case .negativeVariance(let name, let index):
      "\(name) is negative at \(index)"
    }
  }
}
