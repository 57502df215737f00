import Conformance
import MobileNet

/// Elements of a network's convolutions: weights and statistics as they were trained, inputs as its
/// layers yield them.
struct TrainedElements: Sendable {
  let parameters: Parameters

  /// Any channel of any convolution of this kind.
  func random(_ kind: Convolution.Kind, _ generator: inout SplitMix64) -> TrainedCase {
    let layers = parameters.architecture.layers.enumerated().filter {
      $0.element.convolution?.kind == kind
    }
    guard let layer = layers.randomElement(using: &generator),
      let convolution = layer.element.convolution
    else { preconditionFailure("every architecture has convolutions of every kind") }
    let channel = Int.random(in: 0..<convolution.outputChannels, using: &generator)
    let element = element(layer.offset, convolution, channel, &generator)
    let subject = ConvolutionSubject(
      terms: element.x.count, readsImage: kind == .standard, range: .normal)
    return TrainedCase(
      current: ConvolutionCase(
        element: element, evaluation: .random(terms: element.x.count, &generator),
        subject: subject))
  }

  private func element(
    _ layer: Int, _ convolution: Convolution, _ channel: Int, _ generator: inout SplitMix64
  ) -> ConvolutionElement {
    let values = parameters.convolution(at: layer)
    let channels = values.gamma.count
    let weights = stride(from: channel, to: values.weights.count, by: channels).map {
      values.weights[flat: $0]
    }
    let readsImage = convolution.kind == .standard
    return ConvolutionElement(
      x: weights.map { _ in
        readsImage
          ? .random(in: 0...1, using: &generator)
          : max(0, .random(in: -2...2, using: &generator))
      },
      w: weights, gamma: values.gamma[channel], beta: values.beta[channel],
      mean: values.movingMean[channel], variance: values.movingVariance[channel],
      readsImage: readsImage)
  }
}

/// An element of which only the inputs and the evaluation are searched.
struct TrainedCase: AdversaryCase {
  var current: ConvolutionCase

  mutating func mutate(_ generator: inout SplitMix64) {
    guard Bool.random(using: &generator) else { return current.evaluation.mutate(&generator) }
    let k = Int.random(in: current.element.x.indices, using: &generator)
    let limit: Float = current.element.readsImage ? 1 : 6
    if Int.random(in: 0..<4, using: &generator) == 0 {
      current.element.x[k] = [0, limit].randomElement(using: &generator) ?? 0
    } else {
      current.element.x[k].mutate(&generator)
      current.element.x[k] = min(abs(current.element.x[k]), limit)
    }
  }

  var ratio: Double? { current.ratio }

  var name: String { current.name }
}
