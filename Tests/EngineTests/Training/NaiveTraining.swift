import Engine
import Foundation
import MobileNet

/// A training step by plain loops, in any precision: forward, then every gradient by the chain rule.
///
/// In float64 it says what an engine must yield; in float32 how far off an engine may be that takes
/// no special care. The ReLU6 of the backward pass opens where that of `masks` does: an element that
/// rounding moves across a kink would else drown everything.
struct NaiveTraining<Scalar: BinaryFloatingPoint & SIMDScalar & Sendable> {
  typealias Values = Tensor<Scalar>

  let parameters: [String: Values]
  let architecture: Architecture
  private(set) var endPoints: [EndPoint: Values] = [:]
  private(set) var means: [EndPoint: [Scalar]] = [:]
  private(set) var variances: [EndPoint: [Scalar]] = [:]
  private(set) var gradients: [String: Values] = [:]
  private(set) var imageGradient = Values(repeating: 0, shape: [0])
  private(set) var crossEntropy: Scalar = 0
  private(set) var regularization: Scalar = 0
  /// What each convolution's batch norm read.
  private var convolved: [Values] = []

  init(
    _ parameters: [String: Values], _ architecture: Architecture, images: Values, labels: [Int],
    dropout: Values, weightDecay: Scalar, masks: [EndPoint: Tensor<Float>]?
  ) {
    self.parameters = parameters
    self.architecture = architecture
    let input = images.map { 2 * $0 - 1 }
    var value = input
    for layer in architecture.layers.dropLast(3) { value = forward(layer, value) }
    let pixels = Scalar(value.shape[1] * value.shape[2])
    let features = pooled(value)
    endPoints[.globalPool] = features
    let dropped = Values(
      shape: dropout.shape, scalars: zip(features.scalars, dropout.scalars).map { $0 * $1 })
    let logitsGradient = loss(dropped, labels)
    regularize(weightDecay)
    let droppedGradient = logitsBackward(dropped, logitsGradient)
    var gradient = value.map { _ in Scalar(0) }
    for index in 0..<gradient.count {
      let feature = Self.feature(index, value.shape)
      gradient[flat: index] = droppedGradient[feature] * dropout[flat: feature] / pixels
    }
    for (index, layer) in architecture.layers.dropLast(3).enumerated().reversed() {
      let previous =
        index == 0 ? input : endPoints[required: architecture.layers[index - 1].endPoint]
      let normed = normBackward(layer, convolved[index], gradient, masks)
      gradient = convolutionBackward(layer, previous, normed)
    }
    imageGradient = gradient.map { 2 * $0 }
    for (name, tensor) in parameters where Self.decays(name) {
      for index in 0..<tensor.count {
        gradients[name, default: tensor][flat: index] += weightDecay * tensor[flat: index]
      }
    }
  }

  static func decays(_ name: String) -> Bool { name.hasSuffix("/weights") }

  private func convolution(_ layer: Layer) -> Convolution {
    guard let convolution = layer.convolution else {
      preconditionFailure("\(layer.endPoint) is no convolution")
    }
    return convolution
  }

  private func weights(_ layer: Layer) -> Values { parameters[required: layer.variables[0].name] }

  // MARK: Forward

  /// Every product of a convolution: output place, input place, place in the kernel.
  private static func forEachTap(
    _ convolution: Convolution, _ input: [Int], _ output: [Int], _ body: (Int, Int, Int) -> Void
  ) {
    let vertical = convolution.padding(inputSize: input[1])
    let horizontal = convolution.padding(inputSize: input[2])
    let isDepthwise = convolution.kind == .depthwise
    for n in 0..<output[0] {
      for y in 0..<output[1] {
        for x in 0..<output[2] {
          for ky in 0..<convolution.kernelSize {
            for kx in 0..<convolution.kernelSize {
              let row = y * convolution.stride + ky - vertical.before
              let column = x * convolution.stride + kx - horizontal.before
              guard row >= 0, row < input[1], column >= 0, column < input[2] else { continue }
              let from = ((n * input[1] + row) * input[2] + column) * input[3]
              let to = ((n * output[1] + y) * output[2] + x) * output[3]
              let tap = (ky * convolution.kernelSize + kx) * input[3]
              for k in 0..<input[3] {
                if isDepthwise {
                  body(to + k, from + k, tap + k)
                } else {
                  for c in 0..<output[3] { body(to + c, from + k, (tap + k) * output[3] + c) }
                }
              }
            }
          }
        }
      }
    }
  }

  private mutating func forward(_ layer: Layer, _ input: Values) -> Values {
    let shape = layer.outputShape(input: input.shape)
    let weights = weights(layer).scalars
    let source = input.scalars
    var sums = [Scalar](repeating: 0, count: shape.reduce(1, *))
    Self.forEachTap(convolution(layer), input.shape, shape) { to, from, tap in
      sums[to] += source[from] * weights[tap]
    }
    convolved.append(Values(shape: shape, scalars: sums))
    return norm(layer, Values(shape: shape, scalars: sums))
  }

  private mutating func norm(_ layer: Layer, _ input: Values) -> Values {
    let channels = input.shape[3]
    let count = Scalar(input.count / channels)
    var mean = [Scalar](repeating: 0, count: channels)
    for index in 0..<input.count { mean[index % channels] += input[flat: index] / count }
    var variance = [Scalar](repeating: 0, count: channels)
    for index in 0..<input.count {
      let distance = input[flat: index] - mean[index % channels]
      variance[index % channels] += distance * distance / count
    }
    means[layer.endPoint] = mean
    variances[layer.endPoint] = variance
    let gamma = parameters[required: layer.variables[1].name]
    let beta = parameters[required: layer.variables[2].name]
    var output = input
    for index in 0..<input.count {
      let c = index % channels
      let deviation = (variance[c] + Scalar(Architecture.batchNormEpsilon)).squareRoot()
      let value = (input[flat: index] - mean[c]) / deviation * gamma[flat: c] + beta[flat: c]
      output[flat: index] = min(max(value, 0), 6)
    }
    endPoints[layer.endPoint] = output
    return output
  }

  /// Which feature a flat position of an activation belongs to.
  private static func feature(_ index: Int, _ shape: [Int]) -> Int {
    index / (shape[1] * shape[2] * shape[3]) * shape[3] + index % shape[3]
  }

  private func pooled(_ value: Values) -> Values {
    var sums = Values(repeating: 0, shape: [value.shape[0], value.shape[3]])
    for index in 0..<value.count {
      sums[flat: Self.feature(index, value.shape)] += value[flat: index]
    }
    return sums.map { $0 / Scalar(value.shape[1] * value.shape[2]) }
  }

  private var logitsLayer: Layer { architecture.layers[architecture.layers.count - 2] }

  /// Sets logits, predictions and cross-entropy; returns the gradient of the logits.
  private mutating func loss(_ features: Values, _ labels: [Int]) -> Values {
    let classes = architecture.numClasses
    let channels = features.shape[1]
    let biases = parameters[required: logitsLayer.variables[1].name]
    let weights = weights(logitsLayer)
    var logits = Values(repeating: 0, shape: [labels.count, classes])
    var predictions = logits
    var gradient = logits
    for (n, label) in labels.enumerated() {
      for c in 0..<classes {
        var sum = biases[flat: c]
        for k in 0..<channels {
          sum += features[flat: n * channels + k] * weights[flat: k * classes + c]
        }
        logits[flat: n * classes + c] = sum
      }
      let row = logits.scalars[n * classes..<(n + 1) * classes]
      let highest = (row.max() ?? 0)
      let exponentials = row.map { Scalar(exp(Double($0 - highest))) }
      let sum = exponentials.reduce(0, +)
      let distance = highest - logits[flat: n * classes + label]
      crossEntropy += (Scalar(log(Double(sum))) + distance) / Scalar(labels.count)
      for c in 0..<classes {
        let probability = exponentials[c] / sum
        predictions[flat: n * classes + c] = probability
        gradient[flat: n * classes + c] =
          (probability - (c == label ? 1 : 0)) / Scalar(labels.count)
      }
    }
    endPoints[.logits] = logits
    endPoints[.predictions] = predictions
    return gradient
  }

  private mutating func regularize(_ weightDecay: Scalar) {
    for (name, tensor) in parameters where Self.decays(name) {
      regularization += weightDecay * tensor.scalars.reduce(0) { $0 + $1 * $1 } / 2
    }
  }

  // MARK: Backward

  /// Returns the gradient of what the logits read.
  private mutating func logitsBackward(_ features: Values, _ gradient: Values) -> [Scalar] {
    let classes = architecture.numClasses
    let channels = features.shape[1]
    let weights = weights(logitsLayer)
    var weightGradient = weights.map { _ in Scalar(0) }
    var biasGradient = Values(repeating: 0, shape: [classes])
    var result = [Scalar](repeating: 0, count: features.count)
    for n in 0..<features.shape[0] {
      for c in 0..<classes {
        let g = gradient[flat: n * classes + c]
        biasGradient[flat: c] += g
        for k in 0..<channels {
          weightGradient[flat: k * classes + c] += features[flat: n * channels + k] * g
          result[n * channels + k] += weights[flat: k * classes + c] * g
        }
      }
    }
    gradients[logitsLayer.variables[0].name] = weightGradient
    gradients[logitsLayer.variables[1].name] = biasGradient
    return result
  }

  private mutating func normBackward(
    _ layer: Layer, _ input: Values, _ gradient: Values, _ masks: [EndPoint: Tensor<Float>]?
  ) -> Values {
    let channels = input.shape[3]
    let count = Scalar(input.count / channels)
    let gamma = parameters[required: layer.variables[1].name]
    let mean = means[required: layer.endPoint]
    let inverse = variances[required: layer.endPoint].map {
      1 / ($0 + Scalar(Architecture.batchNormEpsilon)).squareRoot()
    }
    let output = masks?[layer.endPoint].map { Values($0) } ?? endPoints[required: layer.endPoint]
    var masked = gradient
    var gammaGradient = Values(repeating: 0, shape: [channels])
    var betaGradient = gammaGradient
    for index in 0..<input.count {
      let c = index % channels
      let value = output[flat: index]
      if value <= 0 || value >= 6 { masked[flat: index] = 0 }
      betaGradient[flat: c] += masked[flat: index]
      gammaGradient[flat: c] +=
        masked[flat: index] * (input[flat: index] - mean[c]) * inverse[c]
    }
    gradients[layer.variables[1].name] = gammaGradient
    gradients[layer.variables[2].name] = betaGradient
    var result = masked
    for index in 0..<input.count {
      let c = index % channels
      let normalized = (input[flat: index] - mean[c]) * inverse[c]
      let rest = (betaGradient[flat: c] + normalized * gammaGradient[flat: c]) / count
      result[flat: index] = gamma[flat: c] * inverse[c] * (masked[flat: index] - rest)
    }
    return result
  }

  private mutating func convolutionBackward(
    _ layer: Layer, _ input: Values, _ gradient: Values
  ) -> Values {
    let weights = weights(layer).scalars
    let source = input.scalars
    let g = gradient.scalars
    var weightGradient = [Scalar](repeating: 0, count: weights.count)
    var result = [Scalar](repeating: 0, count: source.count)
    Self.forEachTap(convolution(layer), input.shape, gradient.shape) { to, from, tap in
      weightGradient[tap] += source[from] * g[to]
      result[from] += weights[tap] * g[to]
    }
    gradients[layer.variables[0].name] = Values(
      shape: self.weights(layer).shape, scalars: weightGradient)
    return Values(shape: input.shape, scalars: result)
  }
}
