import KernelInterface
import MobileNet

/// Everything needed to run the network on images of one shape: packed weights, blocking, memory.
///
/// Made once, executed many times. A call allocates nothing. One call at a time.
package final class Plan {
  /// Shape of the images, `[batch, height, width, 3]`.
  package let images: [Int]
  private let network: PackedNetwork
  private let program: Program
  private let features: Activation
  private let logits: Activation

  /// - Precondition: `images` has four extents of at least 1, the last of them 3.
  init(_ network: PackedNetwork, images: [Int], pool: ThreadPool) {
    let builder = StepBuilder(network, threads: pool.threads)
    let architecture = network.architecture
    let shapes = architecture.shapes(images: images)
    // Activations alternate between two places; only the two results have their own.
    // What is between the halves of a separable block is never stored whole.
    let chain = shapes.dropLast(3)
    let blocks = builder.rollingBlocks(batch: images[0])
    let rolled = 2 * blocks.count
    let places = [0, 2].map { first in
      builder.reserve(stride(from: rolled + first, to: chain.count, by: 4).map { chain[$0] })
    }
    builder.reserveBetween(stride(from: 1, to: chain.count, by: 2).map { chain[$0] })
    let featurePlace = builder.reserve([shapes[shapes.count - 3]])
    let logitsPlace = builder.reserve([shapes[shapes.count - 2]])
    builder.allocate()

    var steps: [any PlanStep] = []
    var current = builder.activation(shapes[rolled], at: places[0])
    steps.append(
      builder.rolling(images: images, blocks: blocks, shapes: shapes, output: current))
    for layer in stride(from: rolled + 1, to: chain.count, by: 2) {
      let output = builder.activation(
        shapes[layer + 1], at: places[(layer + 1 - rolled) / 2 % 2])
      steps += builder.separable(layer, input: current, output: output)
      current = output
    }
    features = builder.activation(shapes[shapes.count - 3], at: featurePlace)
    logits = builder.activation(shapes[shapes.count - 2], at: logitsPlace)
    steps.append(AverageStep(layer: chain.count, input: current, output: features))
    steps.append(builder.pointwise(chain.count + 1, input: features, output: logits))
    program = builder.program(steps, pool: pool)
    self.images = images
    self.network = network
  }

  /// Bytes of this plan's own memory, without the weights, which plans of an engine share.
  package var byteCount: Int { program.byteCount }
  /// Bytes of packed weights.
  package var weightsByteCount: Int { network.byteCount }

  /// Computes features and logits of `images`: dense float32 values of this plan's shape, in [0, 1].
  ///
  /// The results stay readable until the next call.
  package func execute(images: UnsafePointer<Float>) {
    program.execute(images: images)
  }

  /// The same under the clock; see `Program`.
  func execute(images: UnsafePointer<Float>, times: UnsafeMutableBufferPointer<UInt64>) {
    program.execute(images: images, times: times)
  }

  /// The logits of one image of the last call.
  package func logits(image: Int) -> UnsafeBufferPointer<Float> {
    UnsafeBufferPointer(start: logits[pixel: image], count: logits.channels)
  }

  /// The feature vector of one image of the last call.
  package func features(image: Int) -> UnsafeBufferPointer<Float> {
    UnsafeBufferPointer(start: features[pixel: image], count: features.channels)
  }

  /// Copies the end point of layer `layer` to `target`, dense, in every call from now on.
  ///
  /// It is copied when it is produced; nothing else changes. `nil` ends it. Softmax has no step and
  /// is never copied.
  package func tap(layer: Int, _ target: UnsafeMutablePointer<Float>?) {
    program.tap(layer: layer, target)
  }
}

/// One layer by itself, for an input of one shape.
final class LayerPlan {
  private let program: Program
  private let input: Activation?
  private let layer: Int
  /// Shape of the end point.
  let output: [Int]

  /// - Precondition: `input` is a shape that the layer can read, and the layer is not the softmax.
  init(_ network: PackedNetwork, layer: Int, input shape: [Int], pool: ThreadPool) {
    let builder = StepBuilder(network, threads: pool.threads)
    let outputShape = network.architecture.layers[layer].outputShape(input: shape)
    let isStem = layer == 0
    let inputPlace = builder.reserve(isStem ? [] : [shape])
    let outputPlace = builder.reserve([outputShape])
    builder.allocate()
    let output = builder.activation(outputShape, at: outputPlace)
    let step: any PlanStep
    if isStem {
      input = nil
      step = builder.stem(images: shape, output: output)
    } else {
      let activation = builder.activation(shape, at: inputPlace)
      input = activation
      step = builder.single(layer, input: activation, output: output)
    }
    program = builder.program([step], pool: pool)
    self.layer = layer
    self.output = outputShape
  }

  /// Computes the end point of `source`, dense, into `target`, dense.
  func execute(_ source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>) {
    input?.fill(from: source)
    program.tap(layer: layer, target)
    program.execute(images: source)
    program.tap(layer: layer, nil)
  }
}
