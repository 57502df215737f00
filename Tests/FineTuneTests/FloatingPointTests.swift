import Foundation
import Golden
import MobileNet
import Pictures
import Reference
import TestSupport
import Testing

/// The example's training without any rounding to float32, against TensorFlow's in float64: optimizer
/// with momentum, batch statistics, the way back from the features, weight decay, moving averages.
///
/// The two differ in the order of their sums, 1e-16; training amplifies it as it does float32's
/// rounding, which grows by five orders of magnitude along the curve.
@Suite struct FloatingPointTests {
  /// As `Scripts/oracle/fine_tuning.py` has them.
  private static let (headRate, rate, momentum) = (0.01, 0x1p-14, 0.9)

  private let images: Tensor<Double>
  private let labels = [0, 0, 1, 1, 2, 2]
  private let parameters: Parameters

  init() throws {
    let files = ["cat", "coffee", "grass"].flatMap { ["\($0)/1.jpg", "\($0)/2.jpg"] }
    let pictures = try files.map { file in
      let path = Repository.path("Examples/FineTune/Photos/\(file)")
      return try Picture(decoding: [UInt8](Data(contentsOf: URL(filePath: path)))).image
    }
    images = Tensor(
      Tensor<Float>(shape: [6, 64, 64, 3], scalars: pictures.flatMap(\.scalars)))
    parameters = try ParametersFile(reading: DefaultGolden.directory() + "/parameters.h5")
      .parameters
  }

  /// Weights and biases of a new last layer, in that order.
  private typealias Head = [Tensor<Double>]

  private func loss(
    _ head: Head, _ features: Tensor<Double>
  ) -> (value: Double, head: Head, features: Tensor<Double>) {
    let products = Operations.fullyConnected(
      features, weights: head[0], accumulating: Sum<Double>.self)
    let logits = Operations.addBias(products.map(\.value), head[1].scalars)
    let gradient = Operations.fullyConnectedGradient(
      Operations.crossEntropyGradient(predictions: Operations.softmax(logits), labels: labels),
      features: features, weights: head[0], accumulating: Sum<Double>.self)
    return (
      Operations.crossEntropy(logits, labels: labels),
      [
        gradient.weights.map(\.value),
        Tensor(shape: [3], scalars: gradient.biases.map(\.value)),
      ], gradient.features.map(\.value)
    )
  }

  private func update(_ head: inout Head, _ gradient: Head, _ optimizer: inout SGD<Double>) {
    for index in head.indices {
      optimizer.update(&head[index], named: "head \(index)", gradient: gradient[index])
    }
  }

  private func features(_ variables: [String: Tensor<Double>]) throws -> Tensor<Double> {
    let network = ReferenceNetwork<Double>(
      parameters: try Parameters(
        architecture: parameters.architecture, tensors: variables.mapValues { Tensor($0) }))
    return network.endPoints(images: Tensor(images))[27]
  }

  /// Ten steps of the head alone.
  private func trainHead() throws -> (losses: [Double], head: Head) {
    let features = try features(TrainingNetwork<Double>(parameters: parameters).variables)
    var head: Head = [
      Tensor(repeating: 0, shape: [1, 1, 768, 3]), Tensor(repeating: 0, shape: [3]),
    ]
    var optimizer = SGD<Double>(learningRate: Self.headRate)
    var losses: [Double] = []
    for _ in 0..<10 {
      let loss = loss(head, features)
      losses.append(loss.value)
      update(&head, loss.head, &optimizer)
    }
    return (losses, head)
  }

  /// The whole network.
  private func trainEverything(
    _ head: inout Head, steps: Int, momentum: Double = momentum
  ) throws -> (losses: [Double], network: TrainingNetwork<Double>) {
    var network = TrainingNetwork<Double>(parameters: parameters)
    var options = TrainingOptions()
    options.batchNormMomentum = 0.5
    // TensorFlow's batch norm is not fused in float64.
    options.movingVariance = .biased
    let mask = Tensor(repeating: 1.0, shape: [6, 768])
    var optimizer = SGD<Double>(learningRate: Self.rate, momentum: momentum)
    var losses: [Double] = []
    for _ in 0..<steps {
      let forward = network.forward(
        images: images, dropoutMask: mask, options, accumulating: Sum<Double>.self)
      let loss = loss(head, forward[27].output)
      losses.append(loss.value)
      let pass = network.backward(
        from: .globalPool, gradient: loss.features, through: forward, dropoutMask: mask, options)
      let gradients = pass.gradients.merging(network.weightDecayGradients(options)) { a, b in
        Tensor(shape: a.shape, scalars: zip(a.scalars, b.scalars).map { $0 + $1 })
      }
      let averages = network.movingAverages(after: forward, options)
      for (name, gradient) in gradients {
        optimizer.update(&network[name], named: name, gradient: gradient)
      }
      for (name, average) in averages { network[name] = average }
      update(&head, loss.head, &optimizer)
    }
    return (losses, network)
  }

  @Test func `in float64 both stages are TensorFlow's`() throws {
    let exact = try Curve(.float64)
    let first = try trainHead()
    #expect(first.losses.count == exact.head.count)
    for (found, expected) in zip(first.losses, exact.head) {
      #expect(abs(found / expected - 1) < 1e-11)
    }
    var head = first.head
    let second = try trainEverything(&head, steps: exact.crossEntropy.count)
    for (step, (found, expected)) in zip(second.losses, exact.crossEntropy).enumerated() {
      #expect(abs(found / expected - 1) < 1e-9, "step \(step)")
    }
    // Inference reads the variables and moving averages, here rounded to float32.
    let after = loss(head, try features(second.network.variables)).value
    #expect(abs(after - exact.after) <= 8 * (try Curve(.spread)).after)
  }

  /// The velocity matters from the third loss on.
  @Test func `without momentum it is another curve`() throws {
    let exact = try Curve(.float64)
    var head = try trainHead().head
    let losses = try trainEverything(&head, steps: 3, momentum: 0).losses
    #expect(abs(losses[1] / exact.crossEntropy[1] - 1) < 1e-9)
    let limits = CurveBudget(exact, try Curve(.spread)).limits.suffix(exact.crossEntropy.count)
    #expect(abs(losses[2] - exact.crossEntropy[2]) > limits[limits.startIndex + 2])
  }
}
