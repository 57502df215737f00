import Foundation
import MobileNet

/// What a layer must yield, by plain loops in float64, and how far a float32 engine may be off.
///
/// The bound of a convolution is `g(n+2) A |s| + 6 u |s| (A + |mean|) + 2 u |beta| + 2 u |y|` with
/// `A = Σ |x| |w|`, `u = 2^-24` and `g(n) = n u / (1 - n u)`; it admits any order of summation and a
/// folded batch norm.
struct NaiveLayer {
  static let u = 0x1p-24
  var values: [Double] = []
  var bounds: [Double] = []
  /// Before the clamp; only for convolutions.
  var unclamped: [Double] = []

  init(_ parameters: Parameters, layer index: Int, input: Tensor<Float>) {
    let layer = parameters.architecture.layers[index]
    switch layer.operation {
    case .convolution(let convolution):
      let isStem = index == 0
      convolve(
        convolution, parameters.convolution(at: index),
        isStem ? input.map { 2 * Double($0) - 1 } : input.map { Double($0) },
        layer.outputShape(input: input.shape))
    case .globalPool: average(input)
    case .logits(let depth, let classes): logits(parameters.logits, input, depth, classes)
    case .softmax(let classes): softmax(input, classes)
    }
  }

  private static func gamma(_ n: Int) -> Double { Double(n) * u / (1 - Double(n) * u) }

  private mutating func convolve(
    _ convolution: Convolution, _ parameters: ConvolutionParameters, _ input: Tensor<Double>,
    _ output: [Int]
  ) {
    let vertical = convolution.padding(inputSize: input.shape[1])
    let horizontal = convolution.padding(inputSize: input.shape[2])
    let size = convolution.kernelSize
    let isDepthwise = convolution.kind == .depthwise
    let weights = parameters.weights.scalars
    for n in 0..<output[0] {
      for y in 0..<output[1] {
        for x in 0..<output[2] {
          for c in 0..<output[3] {
            var sum = 0.0
            var a = 0.0
            for ky in 0..<size {
              for kx in 0..<size {
                let row = y * convolution.stride + ky - vertical.before
                let column = x * convolution.stride + kx - horizontal.before
                guard (0..<input.shape[1]).contains(row), (0..<input.shape[2]).contains(column)
                else { continue }
                for k in isDepthwise ? c..<c + 1 : 0..<convolution.inputChannels {
                  let tap =
                    isDepthwise
                    ? (ky * size + kx) * output[3] + c
                    : ((ky * size + kx) * convolution.inputChannels + k) * output[3] + c
                  let product = input[n, row, column, k] * Double(weights[tap])
                  sum += product
                  a += abs(product)
                }
              }
            }
            append(sum, a, parameters, c, convolution.dotProductLength)
          }
        }
      }
    }
  }

  private mutating func append(
    _ sum: Double, _ a: Double, _ parameters: ConvolutionParameters, _ c: Int, _ n: Int
  ) {
    let variance = Double(parameters.movingVariance[c]) + Architecture.batchNormEpsilon
    let scale = Double(parameters.gamma[c]) / variance.squareRoot()
    let mean = Double(parameters.movingMean[c])
    let beta = Double(parameters.beta[c])
    let y = (sum - mean) * scale + beta
    unclamped.append(y)
    values.append(min(max(y, 0), 6))
    bounds.append(
      Self.gamma(n + 2) * a * abs(scale) + 6 * Self.u * abs(scale) * (a + abs(mean))
        + 2 * Self.u * abs(beta) + 2 * Self.u * abs(y))
  }

  private mutating func average(_ input: Tensor<Float>) {
    let pixels = input.shape[1] * input.shape[2]
    for n in 0..<input.shape[0] {
      for c in 0..<input.shape[3] {
        var sum = 0.0
        for y in 0..<input.shape[1] {
          for x in 0..<input.shape[2] { sum += Double(input[n, y, x, c]) }
        }
        let mean = sum / Double(pixels)
        values.append(mean)
        // Activations are not negative: the mean of their magnitudes is the mean.
        bounds.append(Self.gamma(pixels) * mean + Self.u * mean)
      }
    }
  }

  private mutating func logits(
    _ parameters: LogitsParameters, _ input: Tensor<Float>, _ depth: Int, _ classes: Int
  ) {
    for n in 0..<input.shape[0] {
      for c in 0..<classes {
        var sum = 0.0
        var a = 0.0
        for k in 0..<depth {
          let product =
            Double(input.scalars[n * depth + k])
            * Double(parameters.weights.scalars[k * classes + c])
          sum += product
          a += abs(product)
        }
        let bias = Double(parameters.biases[c])
        values.append(sum + bias)
        bounds.append(Self.gamma(depth + 1) * (a + abs(bias)))
      }
    }
  }

  private mutating func softmax(_ input: Tensor<Float>, _ classes: Int) {
    for n in 0..<input.shape[0] {
      let row = input.scalars[n * classes..<(n + 1) * classes].map(Double.init)
      let highest = row.max() ?? 0
      let exponentials = row.map { exp($0 - highest) }
      let sum = exponentials.reduce(0, +)
      for value in exponentials {
        values.append(value / sum)
        bounds.append(2 * Self.u * value / sum)
      }
    }
  }
}
