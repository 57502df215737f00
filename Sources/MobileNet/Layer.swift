/// A convolution with its batch norm and ReLU6: what one `Conv2d_…` end point computes.
public struct Convolution: Hashable, Sendable {
  /// How input channels meet output channels.
  public enum Kind: String, Hashable, Sendable {
    /// Every output channel sees every input channel, 3 x 3 taps.
    case standard
    /// Every channel sees only itself, 3 x 3 taps.
    case depthwise
    /// Every output channel sees every input channel at one position.
    case pointwise
  }

  public let kind: Kind
  /// Taps along height and along width.
  public let kernelSize: Int
  /// Input positions from one output to the next, along height and along width.
  public let stride: Int
  public let inputChannels: Int
  public let outputChannels: Int

  package init(
    kind: Kind, kernelSize: Int, stride: Int, inputChannels: Int, outputChannels: Int
  ) {
    self.kind = kind
    self.kernelSize = kernelSize
    self.stride = stride
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
  }

  /// Length of the dot product behind one output element, padding included.
  public var dotProductLength: Int {
    kernelSize * kernelSize * (kind == .depthwise ? 1 : inputChannels)
  }

  /// Shape of the kernel as TensorFlow stores it, HWIO; `[3, 3, channels, 1]` for a depthwise one.
  public var weightsShape: [Int] {
    [kernelSize, kernelSize, inputChannels, kind == .depthwise ? 1 : outputChannels]
  }

  /// `SAME` padding along one axis of `inputSize` positions.
  public func padding(inputSize: Int) -> SamePadding {
    SamePadding(inputSize: inputSize, kernelSize: kernelSize, stride: stride)
  }
}

/// One step of the network: it reads the end point before it (the first layer reads the images) and
/// yields its own.
public struct Layer: Hashable, Sendable {
  /// What a layer computes.
  public enum Operation: Hashable, Sendable {
    /// Convolution without bias, batch norm, ReLU6.
    case convolution(Convolution)
    /// Mean over height and width.
    case globalPool(channels: Int)
    /// Fully connected layer with bias, written as a 1 x 1 convolution.
    case logits(inputChannels: Int, classes: Int)
    /// Softmax over the classes.
    case softmax(classes: Int)
  }

  public let endPoint: EndPoint
  public let operation: Operation

  package init(endPoint: EndPoint, operation: Operation) {
    self.endPoint = endPoint
    self.operation = operation
  }

  /// The convolution, if that is what this layer is.
  public var convolution: Convolution? {
    if case .convolution(let convolution) = operation { convolution } else { nil }
  }

  /// Shape of the end point, from the shape of what the layer reads.
  ///
  /// - Parameter input: `[batch, height, width, channels]`, or `[batch, classes]` for the softmax.
  public func outputShape(input: [Int]) -> [Int] {
    switch operation {
    case .convolution(let convolution):
      let height = convolution.padding(inputSize: input[1]).outputSize
      let width = convolution.padding(inputSize: input[2]).outputSize
      return [input[0], height, width, convolution.outputChannels]
    case .globalPool(let channels):
      return [input[0], 1, 1, channels]
    case .logits(_, let classes), .softmax(let classes):
      return [input[0], classes]
    }
  }

  /// Multiply-accumulates for an input of this shape, taps that fall on padding included (the
  /// convention of TF-Slim's published figures). Pooling and softmax count as none.
  public func multiplyAccumulates(input: [Int]) -> Int {
    switch operation {
    case .convolution(let convolution):
      outputShape(input: input).reduce(1, *) * convolution.dotProductLength
    case .logits(let inputChannels, let classes):
      input[0] * inputChannels * classes
    case .globalPool, .softmax:
      0
    }
  }
}
