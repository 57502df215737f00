import Conformance
import MobileNet
import Reference

/// A convolution of a network with its float64 evaluation, from which single elements are taken.
struct WholeLayer {
  let index: Int
  let convolution: Convolution
  let input: Tensor<Float>
  let evaluation: LayerEvaluation
  let bounds: Tensor<Double>
  private let parameters: ConvolutionParameters

  /// - Parameters:
  ///   - reference: The network of these parameters.
  ///   - index: Of a convolution.
  init(
    _ parameters: Parameters, _ reference: ReferenceNetwork<Double>, index: Int,
    _ generator: inout SplitMix64
  ) {
    let layer = parameters.architecture.layers[index]
    guard let convolution = layer.convolution else { preconditionFailure("no convolution") }
    self.index = index
    self.convolution = convolution
    self.parameters = parameters.convolution(at: index)
    let shape = [1, 5, 4, convolution.inputChannels]
    input = Tensor(
      shape: shape,
      scalars: (0..<shape.reduce(1, *)).map { _ in
        index == 0
          ? .random(in: 0...1, using: &generator)
          : max(0, .random(in: -2...4, using: &generator))
      })
    let wide = Tensor<Double>(input)
    evaluation = reference.evaluate(layer: index, input: wide)
    bounds = ErrorBound.bounds(of: layer, evaluation, input: wide)
  }

  /// The element at a flat position of the output; padding is zero, or grey, which is read as zero.
  func element(_ flat: Int) -> ConvolutionElement {
    let place = evaluation.output.coordinates(of: flat)
    let channel = place[3]
    var (x, w): ([Float], [Float]) = ([], [])
    for tap in 0..<convolution.kernelSize * convolution.kernelSize {
      let (i, j) = (tap / convolution.kernelSize, tap % convolution.kernelSize)
      for c in convolution.kind == .depthwise ? channel..<channel + 1 : 0..<input.shape[3] {
        x.append(value(place, i, j, c))
        w.append(
          parameters.weights[i, j, c, convolution.kind == .depthwise ? 0 : channel])
      }
    }
    return ConvolutionElement(
      x: x, w: w, gamma: parameters.gamma[channel], beta: parameters.beta[channel],
      mean: parameters.movingMean[channel], variance: parameters.movingVariance[channel],
      readsImage: index == 0)
  }

  private func value(_ place: [Int], _ i: Int, _ j: Int, _ c: Int) -> Float {
    let row =
      place[1] * convolution.stride + i
      - convolution.padding(inputSize: input.shape[1]).before
    let column =
      place[2] * convolution.stride + j
      - convolution.padding(inputSize: input.shape[2]).before
    guard 0..<input.shape[1] ~= row, 0..<input.shape[2] ~= column else {
      return index == 0 ? 0.5 : 0
    }
    return input[0, row, column, c]
  }
}
