import Conformance
import Foundation
import MobileNet
import Reference
import Testing

/// Bounds have to hold for every correct way to compute a layer, and for nothing worse.
@Suite struct BoundTests {
  /// A correct float32 evaluation of one convolution with batch norm.
  enum Evaluation: CaseIterable {
    case sequential, reversed, pairwise, fused, folded, foldedFused
    /// As XNNPACK computes: one chain of fused multiply-adds that starts with the folded bias.
    case biasFirst
    /// z s + (β - μs), as TensorFlow's graph has it.
    case scaled

    func value(_ x: [Float], _ w: [Float], _ norm: Norm) -> Float {
      let folds = [.folded, .foldedFused, .biasFirst].contains(self)
      let scale = norm.gamma / (norm.variance + 0.001).squareRoot()
      let bias = norm.beta - norm.mean * scale
      let weights = folds ? w.map { $0 * scale } : w
      let z: Float
      switch self {
      case .sequential, .folded: z = zip(x, weights).reduce(0) { $0 + $1.0 * $1.1 }
      case .reversed: z = zip(x, weights).reversed().reduce(0) { $0 + $1.0 * $1.1 }
      case .pairwise: z = Self.pairwise(zip(x, weights).map { $0 * $1 }[...])
      case .fused, .foldedFused, .scaled:
        z = zip(x, weights).reduce(0) { $0.addingProduct($1.0, $1.1) }
      case .biasFirst: z = zip(x, weights).reduce(bias) { $0.addingProduct($1.0, $1.1) }
      }
      let y =
        switch self {
        case .folded, .foldedFused: z + bias
        case .biasFirst: z
        case .scaled: z * scale + bias
        default: (z - norm.mean) * scale + norm.beta
        }
      return y <= 0 ? 0 : min(y, 6)
    }

    private static func pairwise(_ terms: ArraySlice<Float>) -> Float {
      guard terms.count > 1 else { return terms.first ?? 0 }
      let middle = terms.startIndex + terms.count / 2
      return pairwise(terms[..<middle]) + pairwise(terms[middle...])
    }
  }

  struct Norm {
    var gamma: Float
    var beta: Float
    var mean: Float
    var variance: Float
  }

  /// A pointwise layer of one output channel, its float64 evaluation and its bound.
  private struct Layer {
    let x: [Float]
    let w: [Float]
    let norm: Norm
    let exact: Double
    let bound: Double
    let sigma: Double

    init(x: [Float], w: [Float], norm: Norm) {
      self.x = x
      self.w = w
      self.norm = norm
      let convolution = Convolution(
        kind: .pointwise, kernelSize: 1, stride: 1, inputChannels: x.count, outputChannels: 1)
      let layer = MobileNet.Layer(
        endPoint: EndPoint("test"), operation: .convolution(convolution))
      let input = Tensor(shape: [1, 1, 1, x.count], scalars: x.map(Double.init))
      let moments = Operations.products(
        convolution, input,
        weights: Tensor(shape: [1, 1, x.count, 1], scalars: w.map(Double.init)),
        accumulating: Moments.self)
      let batchNorm = BatchNorm<Double>(
        ConvolutionParameters(
          weights: Tensor(shape: [1, 1, w.count, 1], scalars: w), gamma: [norm.gamma],
          beta: [norm.beta], movingMean: [norm.mean], movingVariance: [norm.variance]))
      let y = Operations.batchNorm(moments.map(\.value), batchNorm)
      let evaluation = LayerEvaluation(
        output: Operations.relu6(y), preActivation: y, moments: moments, norm: batchNorm)
      exact = evaluation.output[flat: 0]
      bound = ErrorBound.bounds(of: layer, evaluation, input: input)[flat: 0]
      sigma = RoundingModel(layer, evaluation, input: input).variance(.normalised, at: 0)
        .squareRoot()
    }
  }

  private func randomLayer(_ generator: inout some RandomNumberGenerator) -> Layer {
    let count = [1, 9, 24, 27, 96, 384, 768].randomElement(using: &generator) ?? 9
    let magnitude = Float(pow(10, Double.random(in: -15...15, using: &generator)))
    var x = (0..<count).map { _ in Float.random(in: -1...1, using: &generator) * magnitude }
    var w = (0..<count).map { _ in Float.random(in: -1...1, using: &generator) / magnitude }
    if Bool.random(using: &generator), count > 1 {
      // Massive cancellation: the second half undoes the first, but for one term.
      for k in 0..<(count / 2) {
        x[count - 1 - k] = x[k]
        w[count - 1 - k] = -w[k]
      }
    }
    let dead = Int.random(in: 0..<8, using: &generator) == 0
    let norm = Norm(
      gamma: Float.random(in: 0.1...7, using: &generator),
      beta: Float.random(in: -5...5, using: &generator),
      mean: Float.random(in: -10...10, using: &generator),
      variance: dead ? 3.9e-35 : Float.random(in: 1e-3...100, using: &generator))
    return Layer(x: x, w: w, norm: norm)
  }

  @Test func `bounds hold for every order of summation, thousands of layers`() {
    var generator = SplitMix64(seed: 7)
    for _ in 0..<3000 {
      let layer = randomLayer(&generator)
      for evaluation in Evaluation.allCases {
        let value = evaluation.value(layer.x, layer.w, layer.norm)
        let error = abs(Double(value) - layer.exact)
        #expect(error <= layer.bound, "\(evaluation) of \(layer.x.count) terms")
      }
    }
  }

  @Test func `an element whose magnitudes float32 cannot add up has no bound`() {
    let norm = Norm(gamma: 1, beta: 0, mean: 0, variance: 1)
    let x = [Float](repeating: 1e19, count: 9)
    #expect(Layer(x: x, w: x, norm: norm).bound == .infinity)
    #expect(Layer(x: x, w: x.map { _ in 1e19 / 2 }, norm: norm).bound == .infinity)
    #expect(Layer(x: x, w: x.map { _ in 1 }, norm: norm).bound.isFinite)
  }

  @Test func `bounds are not vacuous`() {
    var generator = SplitMix64(seed: 8)
    for _ in 0..<1000 {
      let layer = randomLayer(&generator)
      let reference = Tensor(shape: [1], scalars: [layer.exact])
      let bounds = Tensor(shape: [1], scalars: [layer.bound])
      // Planted in float64 figures: rounding the sum to float32 could hide the last percent.
      let planted = Float(layer.exact + 1.01 * layer.bound + Double(Float(layer.exact).ulp))
      let statistics = ErrorStatistics(
        Tensor(shape: [1], scalars: [planted]), reference: reference, bounds: bounds)
      #expect((statistics.utilisation ?? 0) > 1)
    }
  }

  @Test func `rounding errors are of the predicted size`() {
    var generator = SplitMix64(seed: 9)
    var (squares, variances) = (0.0, 0.0)
    for _ in 0..<4000 {
      var layer = randomLayer(&generator)
      layer = Layer(
        x: layer.x, w: layer.w, norm: Norm(gamma: 1, beta: 3, mean: 0, variance: 1))
      guard layer.exact > 0, layer.exact < 6 else { continue }
      let value = Evaluation.sequential.value(layer.x, layer.w, layer.norm)
      // Each layer counts the same, whatever its scale.
      let error = (Double(value) - layer.exact) / layer.sigma
      squares += error * error
      variances += 1
    }
    let ratio = (squares / variances).squareRoot()
    #expect(ratio > 0.5 && ratio < 1.2, "rms(error) / sigma is \(ratio)")
  }

  @Test func `gamma grows with n and ends at 1 / u`() {
    #expect(Roundoff.gamma(1) > Roundoff.unit)
    #expect(Roundoff.gamma(768) < 769 * Roundoff.unit)
    #expect(Roundoff.gamma(1 << 24) == .infinity)
  }
}
