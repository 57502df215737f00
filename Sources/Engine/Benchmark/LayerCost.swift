import MobileNet

/// What one layer costs in a call: work, traffic and time.
package struct LayerCost: Sendable {
  package let endPoint: EndPoint
  /// Shape of the end point.
  package let shape: [Int]
  /// Multiply-accumulates, padding included.
  package let multiplyAccumulates: Int
  /// Bytes of weights and offsets, each read once, without padding.
  package let weightBytes: Int
  /// Bytes of input and output, each moved once, without padding. A pointwise layer finds its input
  /// in a near cache, where the depthwise layer before it leaves it.
  package let activationBytes: Int
  /// Microseconds of a thread, on average over the threads.
  package let time: Latency

  init(_ architecture: Architecture, layer index: Int, images: [Int], time: Latency) {
    let layer = architecture.layers[index]
    let shapes = architecture.shapes(images: images)
    let input = index == 0 ? images : shapes[index - 1]
    endPoint = layer.endPoint
    shape = shapes[index]
    multiplyAccumulates = layer.multiplyAccumulates(input: input)
    weightBytes = 4 * Self.weights(layer)
    activationBytes = 4 * (input.reduce(1, *) + shape.reduce(1, *))
    self.time = time
  }

  /// 10^9 floating-point operations per second of all threads together, at the median time; a
  /// multiply-accumulate is two.
  package var gigaflops: Double { 2 * Double(multiplyAccumulates) / 1000 / time.median }

  private static func weights(_ layer: Layer) -> Int {
    switch layer.operation {
    case .convolution(let convolution):
      convolution.weightsShape.reduce(1, *) + convolution.outputChannels
    case .logits(let inputChannels, let classes):
      (inputChannels + 1) * classes
    case .globalPool, .softmax:
      0
    }
  }
}
