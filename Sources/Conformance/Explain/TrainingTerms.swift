import MobileNet
import RealModule
import Reference

/// Writes down the terms of a sum as the reference's loops meet them.
private struct Trace: Accumulator {
  private(set) var value = 0.0
  private(set) var terms: [(x: Double, w: Double)] = []

  init() {}

  mutating func add(_ x: Double, times w: Double) {
    value += x * w
    terms.append((x, w))
  }
}

/// One convolution of a step of training in float64, on what a subject had before it.
struct TrainedConvolution {
  let convolution: Convolution
  let weights: Tensor<Double>
  let gamma: [Double]
  let forward: LayerForward<Sum<Double>>
  /// Gradient of the end point, through the clamp where the subject's own output lets it; `nil` if the
  /// subject shows none.
  let passed: Tensor<Double>?

  /// Makes the sum behind one element visible: the reference's own loops run once more, on the part of
  /// their operands that the element depends on.
  ///
  /// - Returns: `nil` for what is no sum.
  func terms(of part: Part, at coordinates: [Int]) -> TermList? {
    let channel = coordinates[coordinates.count - 1]
    switch part {
    case .output: return productTerms(coordinates)
    case .mean, .variance:
      let z = products.channel(channel)
      let statistics = Operations.batchStatistics(z, accumulating: Trace.self)
      let sum = part == .mean ? statistics.sums[0] : statistics.squares[0]
      return TermList(sum) { z.coordinates(of: $0).dropLast() + [channel] }
    case .beta, .gamma:
      guard let passed else { return nil }
      let (z, dy) = (products.channel(channel), passed.channel(channel))
      let gradient = Operations.batchNormGradient(
        dy, z: z, statistics: Operations.batchStatistics(z, accumulating: Trace.self),
        gamma: [gamma[channel]])
      return TermList(part == .beta ? gradient.beta[0] : gradient.gamma[0]) {
        z.coordinates(of: $0).dropLast() + [channel]
      }
    case .weights: return weightTerms(coordinates)
    case .input: return inputTerms(coordinates)
    }
  }

  /// What an element belongs to.
  enum Part { case output, mean, variance, beta, gamma, weights, input }

  private var products: Tensor<Double> { forward.products.map(\.value) }
  private var isDepthwise: Bool { convolution.kind == .depthwise }

  private func productTerms(_ place: [Int]) -> TermList {
    let (n, y, x, channel) = (place[0], place[1], place[2], place[3])
    let image = forward.input.batch(n..<n + 1)
    return traced(
      isDepthwise ? image.channel(channel) : image,
      firstChannel: isDepthwise ? channel : 0, image: n
    ) { input in
      Operations.products(
        convolution, input,
        weights: isDepthwise ? weights.inputChannel(channel) : weights.channel(channel),
        accumulating: Trace.self)[0, y, x, 0]
    }
  }

  private func weightTerms(_ place: [Int]) -> TermList? {
    guard let dz = preActivationGradient else { return nil }
    let (input, output) = (place[2], isDepthwise ? place[2] : place[3])
    return traced(forward.input.channel(input), firstChannel: input, image: 0) { x in
      Operations.weightsGradient(
        convolution, x, gradient: dz.channel(output), accumulating: Trace.self)[
          place[0], place[1], 0, 0]
    }
  }

  private func inputTerms(_ place: [Int]) -> TermList? {
    guard let dz = preActivationGradient else { return nil }
    let (n, channel) = (place[0], place[3])
    let gradient = dz.batch(n..<n + 1)
    var shape = forward.input.shape
    (shape[0], shape[3]) = (1, 1)
    return traced(
      isDepthwise ? gradient.channel(channel) : gradient,
      firstChannel: isDepthwise ? channel : 0, image: n
    ) { dz in
      Operations.inputGradient(
        convolution, dz, weights: weights.inputChannel(channel), inputShape: shape,
        accumulating: Trace.self)[0, place[1], place[2], 0]
    }
  }

  /// dz.
  private var preActivationGradient: Tensor<Double>? {
    passed.flatMap { passed in
      forward.statistics.map {
        Operations.batchNormGradient(passed, z: products, statistics: $0, gamma: gamma).input
      }
    }
  }

  /// Runs loops twice: on the values, and on their places.
  private func traced(
    _ operand: Tensor<Double>, firstChannel: Int, image: Int, _ loops: (Tensor<Double>) -> Trace
  ) -> TermList {
    let places = loops(
      Tensor(shape: operand.shape, scalars: (0..<operand.count).map(Double.init)))
    return TermList(loops(operand)) { order in
      var place = operand.coordinates(of: Int(places.terms[order].x))
      place[0] += image
      place[3] += firstChannel
      return place
    }
  }
}

extension TermList {
  /// - Parameter place: Where the first factor of a term is.
  fileprivate init(_ trace: Trace, place: (_ order: Int) -> [Int]) {
    self.init(terms: [], paddingTaps: [])
    var sum = 0.0
    for (order, term) in trace.terms.enumerated() {
      sum += term.x * term.w
      terms.append(
        Term(
          order: order, tap: nil, input: place(order), x: term.x, weight: term.w, partialSum: sum))
    }
  }
}

extension Tensor where Scalar == Double {
  /// One channel of the last axis, which stays.
  fileprivate func channel(_ index: Int) -> Tensor {
    let count = shape[shape.count - 1]
    return Tensor(
      shape: shape.dropLast() + [1],
      scalars: stride(from: index, to: self.count, by: count).map { self[flat: $0] })
  }

  /// One input channel of a kernel, which stays.
  fileprivate func inputChannel(_ index: Int) -> Tensor {
    let (inputs, outputs) = (shape[2], shape[3])
    return Tensor(
      shape: [shape[0], shape[1], 1, outputs],
      scalars: (0..<shape[0] * shape[1]).flatMap { tap in
        (0..<outputs).map { self[flat: (tap * inputs + index) * outputs + $0] }
      })
  }
}
