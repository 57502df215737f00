import Foundation
import MobileNet
import Reference

/// Numbers between -1 and 1 without a pattern, the same ones every time.
func noise(_ shape: [Int], seed: Double) -> Tensor<Double> {
  Tensor(
    shape: shape,
    scalars: (0..<shape.reduce(1, *)).map {
      (sin(Double($0) * 12.9898 + seed * 78.233) * 43758.5453).remainder(dividingBy: 2)
    })
}

/// Σ_i a_i b_i.
func dot(_ a: Tensor<Double>, _ b: Tensor<Double>) -> Double {
  zip(a.scalars, b.scalars).reduce(0) { $0 + $1.0 * $1.1 }
}

/// √Σ_i a_i².
func norm(_ a: Tensor<Double>) -> Double { dot(a, a).squareRoot() }

/// |value - exact| over |exact|, both as vectors; 0 if both are 0.
func relativeL2(_ value: Tensor<Double>, _ exact: Tensor<Double>) -> Double {
  let difference = zip(value.scalars, exact.scalars).reduce(0.0) { sum, pair in
    sum + (pair.0 - pair.1) * (pair.0 - pair.1)
  }
  return difference == 0 ? 0 : difference.squareRoot() / norm(exact)
}

/// The gradient of `loss` at `x`, from nothing but its values: (L(x + h) - L(x - h)) / 2h, one element
/// at a time.
func centralDifferences(
  at x: Tensor<Double>, step h: Double, _ loss: (Tensor<Double>) -> Double
) -> Tensor<Double> {
  var (gradient, moved) = (x, x)
  for index in 0..<x.count {
    moved[flat: index] = x[flat: index] + h
    let above = loss(moved)
    moved[flat: index] = x[flat: index] - h
    gradient[flat: index] = (above - loss(moved)) / (2 * h)
    moved[flat: index] = x[flat: index]
  }
  return gradient
}

extension TrainingNetwork where Scalar == Double {
  /// A small network with seeded variables, so that gradients can be checked in seconds.
  static func small(classes: Int = 10) throws -> TrainingNetwork {
    let architecture = try Architecture(depthMultiplier: 0.25, numClasses: classes)
    var tensors: [String: Tensor<Float>] = [:]
    for (seed, variable) in architecture.variables.enumerated() {
      let values = noise(variable.shape, seed: Double(seed))
      let inputs = Double(variable.shape.dropLast().reduce(1, *))
      let tensor =
        switch variable.name.split(separator: "/").last {
        case "weights": values.map { $0 * (6 / inputs).squareRoot() }
        case "depthwise_weights": values
        case "gamma", "moving_variance": values.map { 1 + $0 / 4 }
        case "beta": values.map { 1 + $0 }
        default: values
        }
      tensors[variable.name] = Tensor<Float>(tensor)
    }
    return TrainingNetwork(
      parameters: try Parameters(architecture: architecture, tensors: tensors))
  }

  /// Seeded images, labels and a mask that drops about a third of the features.
  func batch(_ size: Int, _ height: Int, _ width: Int) throws -> TrainingBatch<Double> {
    try TrainingBatch(
      images: noise([size, height, width, 3], seed: 1001).map { ($0 + 1) / 2 },
      labels: (0..<size).map { ($0 * 7 + 3) % architecture.numClasses },
      dropoutMask: noise([size, architecture.featureChannels], seed: 1002)
        .map { $0 > -0.33 ? 1 : 0 },
      architecture: architecture)
  }
}
