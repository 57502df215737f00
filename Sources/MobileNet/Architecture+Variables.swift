/// Name and shape of one TensorFlow variable of the network.
public struct Variable: Hashable, Sendable {
  /// TensorFlow's name, for example `MobilenetV1/Conv2d_0/BatchNorm/moving_variance`.
  public let name: String
  public let shape: [Int]
  /// Whether training changes it by gradient; the moving averages are not trainable.
  public let isTrainable: Bool

  /// Number of values.
  public var count: Int { shape.reduce(1, *) }
}

extension Architecture {
  /// TensorFlow's name scope for everything in the network.
  public static let variableScope = "MobilenetV1"

  /// All variables, layer by layer: 137 of them, 2,602,745 values at 0.75 with 1001 classes.
  public var variables: [Variable] {
    layers.flatMap(\.variables)
  }
}

extension Layer {
  /// The layer's variables; none for pooling and softmax.
  public var variables: [Variable] {
    switch operation {
    case .convolution(let convolution):
      let channels = [convolution.outputChannels]
      let names = variableNames
      return [
        Variable(name: names.weights, shape: convolution.weightsShape, isTrainable: true),
        Variable(name: names.gamma, shape: channels, isTrainable: true),
        Variable(name: names.beta, shape: channels, isTrainable: true),
        Variable(name: names.movingMean, shape: channels, isTrainable: false),
        Variable(name: names.movingVariance, shape: channels, isTrainable: false),
      ]
    case .logits(let inputChannels, let classes):
      let names = variableNames
      return [
        Variable(name: names.weights, shape: [1, 1, inputChannels, classes], isTrainable: true),
        Variable(name: names.biases, shape: [classes], isTrainable: true),
      ]
    case .globalPool, .softmax:
      return []
    }
  }

  /// TensorFlow's names for this layer's variables.
  package var variableNames: VariableNames { VariableNames(layer: self) }
}

/// TensorFlow's names for one layer's variables. Not every layer has all of them.
package struct VariableNames {
  package let weights: String
  package let biases: String
  package let gamma: String
  package let beta: String
  package let movingMean: String
  package let movingVariance: String

  init(layer: Layer) {
    let inner = layer.endPoint == .logits ? "Logits/Conv2d_1c_1x1" : layer.endPoint.rawValue
    let scope = "\(Architecture.variableScope)/\(inner)"
    let isDepthwise = layer.convolution?.kind == .depthwise
    weights = "\(scope)/\(isDepthwise ? "depthwise_weights" : "weights")"
    biases = "\(scope)/biases"
    gamma = "\(scope)/BatchNorm/gamma"
    beta = "\(scope)/BatchNorm/beta"
    movingMean = "\(scope)/BatchNorm/moving_mean"
    movingVariance = "\(scope)/BatchNorm/moving_variance"
  }
}
