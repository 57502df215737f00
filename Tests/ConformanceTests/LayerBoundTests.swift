import Conformance
import Foundation
import MobileNet
import Reference
import Testing

/// Bounds have to hold for whole layers: any shape, stride, size and magnitude, any order of
/// summation, and nothing worse.
@Suite struct LayerBoundTests {
  /// A random layer with its float64 evaluation and its bounds.
  private struct RandomLayer {
    let layer: MobileNet.Layer
    let convolution: Convolution
    let input: Tensor<Float>
    let weights: Tensor<Float>
    let norms: [BoundTests.Norm]
    let evaluation: LayerEvaluation
    let bounds: Tensor<Double>

    init(kind: Convolution.Kind, _ generator: inout SplitMix64) {
      let depth = Int.random(in: 1...7, using: &generator)
      let shape = [
        1, Int.random(in: 1...6, using: &generator), Int.random(in: 1...6, using: &generator),
        depth,
      ]
      convolution = Convolution(
        kind: kind, kernelSize: kind == .pointwise ? 1 : 3,
        stride: kind == .pointwise ? 1 : Int.random(in: 1...2, using: &generator),
        inputChannels: depth,
        outputChannels: kind == .depthwise ? depth : Int.random(in: 1...5, using: &generator))
      // Products from 1e-30, where float32 loses bits to underflow, to 1e30.
      let power = Double.random(in: -30...30, using: &generator)
      let product = Double.random(in: max(-30, power - 30)...min(30, power + 30), using: &generator)
      input = Self.tensor(shape, magnitude: pow(10, power), &generator)
      var weights = Self.tensor(
        convolution.weightsShape, magnitude: pow(10, product - power), &generator)
      if Bool.random(using: &generator) { Self.cancel(&weights) }
      self.weights = weights
      norms = (0..<convolution.outputChannels).map { _ in
        Self.norm(sumMagnitude: pow(10, product), &generator)
      }
      layer = MobileNet.Layer(endPoint: EndPoint("test"), operation: .convolution(convolution))
      let wide = Tensor<Double>(input)
      let moments = Operations.products(
        convolution, wide, weights: Tensor<Double>(weights), accumulating: Moments.self)
      let norm = BatchNorm<Double>(
        ConvolutionParameters(
          weights: weights, gamma: norms.map(\.gamma), beta: norms.map(\.beta),
          movingMean: norms.map(\.mean), movingVariance: norms.map(\.variance)))
      let y = Operations.batchNorm(moments.map(\.value), norm)
      evaluation = LayerEvaluation(
        output: Operations.relu6(y), preActivation: y, moments: moments, norm: norm)
      bounds = ErrorBound.bounds(of: layer, evaluation, input: wide)
    }

    private static func tensor(
      _ shape: [Int], magnitude: Double, _ generator: inout SplitMix64
    ) -> Tensor<Float> {
      Tensor(
        shape: shape,
        scalars: (0..<shape.reduce(1, *)).map { _ in
          // Over four orders of magnitude, either sign, some zeros.
          let size = magnitude * pow(10, Double.random(in: -4...0, using: &generator))
          return [Float(size), -Float(size), Float(size), 0].randomElement(using: &generator) ?? 0
        })
    }

    /// The second half of the kernel nearly undoes the first.
    private static func cancel(_ weights: inout Tensor<Float>) {
      for index in 0..<weights.count / 2 {
        weights[flat: weights.count - 1 - index] = -weights[flat: index].nextUp
      }
    }

    /// Batch norm that brings sums of this size into the reach of the clamp, if float32 can hold it.
    private static func norm(
      sumMagnitude: Double, _ generator: inout SplitMix64
    ) -> BoundTests.Norm {
      let isDead = Int.random(in: 0..<8, using: &generator) == 0
      let variance = isDead ? Float(3.9e-35) : .random(in: 1e-3...100, using: &generator)
      let wanted = 2 * Double(variance + 0.001).squareRoot() / sumMagnitude
      return BoundTests.Norm(
        gamma: Float(min(max(wanted, 1e-30), 1e30)), beta: .random(in: -5...5, using: &generator),
        mean: Float(sumMagnitude) * .random(in: -1...1, using: &generator), variance: variance)
    }

    /// What a float32 engine with this order of evaluation yields.
    func output(_ evaluation: BoundTests.Evaluation) -> Tensor<Float> {
      var output = Tensor<Float>(repeating: 0, shape: bounds.shape)
      for flat in 0..<output.count {
        let place = output.coordinates(of: flat)
        let (x, w) = terms(place)
        output[flat: flat] = evaluation.value(x, w, norms[place[3]])
      }
      return output
    }

    private func terms(_ place: [Int]) -> (x: [Float], w: [Float]) {
      let rows = convolution.padding(inputSize: input.shape[1])
      let columns = convolution.padding(inputSize: input.shape[2])
      var (x, w): ([Float], [Float]) = ([], [])
      for i in 0..<convolution.kernelSize {
        for j in 0..<convolution.kernelSize {
          let v = place[1] * convolution.stride + i - rows.before
          let u = place[2] * convolution.stride + j - columns.before
          guard 0..<input.shape[1] ~= v, 0..<input.shape[2] ~= u else { continue }
          let isDepthwise = convolution.kind == .depthwise
          for c in isDepthwise ? place[3]..<place[3] + 1 : 0..<input.shape[3] {
            x.append(input[0, v, u, c])
            w.append(weights[i, j, c, isDepthwise ? 0 : place[3]])
          }
        }
      }
      return (x, w)
    }
  }

  @Test(arguments: [Convolution.Kind.standard, .depthwise, .pointwise])
  func `bounds hold for whole layers of any magnitude`(kind: Convolution.Kind) {
    var generator = SplitMix64(seed: 11)
    var largest = 0.0
    for _ in 0..<1500 {
      let random = RandomLayer(kind: kind, &generator)
      for evaluation in BoundTests.Evaluation.allCases {
        let statistics = ErrorStatistics(
          random.output(evaluation), reference: random.evaluation.output, bounds: random.bounds)
        let utilisation = statistics.utilisation ?? .infinity
        #expect(utilisation <= 1, "\(evaluation), \(random.input.shape)")
        largest = max(largest, utilisation)
      }
    }
    // Bounds that correct engines never come near would prove nothing.
    #expect(largest > 0.2, "at most \(largest) of the bound is used")
  }

  @Test(arguments: [Convolution.Kind.standard, .depthwise, .pointwise])
  func `an error of 1.01 times the bound is caught in any element`(kind: Convolution.Kind) {
    var generator = SplitMix64(seed: 12)
    for _ in 0..<500 {
      let random = RandomLayer(kind: kind, &generator)
      var output = Tensor<Float>(random.evaluation.output)
      let place = Int.random(in: 0..<output.count, using: &generator)
      let exact = random.evaluation.output[flat: place]
      // Rounding the sum to float32 could hide the last percent: one unit in the last place more.
      let planted = exact + 1.01 * random.bounds[flat: place]
      output[flat: place] = Float(planted).nextUp
      guard output[flat: place].isFinite else { continue }
      let statistics = ErrorStatistics(
        output, reference: random.evaluation.output, bounds: random.bounds)
      #expect((statistics.utilisation ?? 0) > 1)
    }
  }
}
