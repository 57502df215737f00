import Assay

/// A new last layer: a logit for each class of the task, from the module's feature vector.
///
/// It is small, so it computes in float64: what is rounded is the module's.
struct Head {
  /// `[1, 1, features, classes]`, as the module has those of its own last layer.
  private var weights: Tensor<Double>
  private var biases: Tensor<Double>

  /// Starts at zero: all classes are equally likely.
  init(features: Int, classes: Int) {
    weights = Tensor(repeating: 0, shape: [1, 1, features, classes])
    biases = Tensor(repeating: 0, shape: [classes])
  }

  /// A loss and its gradients.
  struct Loss {
    /// Mean over the batch.
    let crossEntropy: Double
    /// By the features, `[batch, features]`: where the way back through the module begins.
    let featuresGradient: Tensor<Float>
    fileprivate let weightsGradient: Tensor<Double>
    fileprivate let biasesGradient: Tensor<Double>
  }

  /// Softmax regression.
  ///
  /// - Parameters:
  ///   - features: `[batch, features]`.
  ///   - labels: The right class of each.
  func loss(_ features: Tensor<Float>, labels: [Int]) -> Loss {
    let logits = logits(features)
    let gradient = Operations.crossEntropyGradient(
      predictions: Operations.softmax(logits), labels: labels)
    let back = Operations.fullyConnectedGradient(
      gradient, features: pooled(features), weights: weights, accumulating: Sum<Double>.self)
    return Loss(
      crossEntropy: Operations.crossEntropy(logits, labels: labels),
      featuresGradient: Tensor(back.features.map(\.value)).reshaped(features.shape),
      weightsGradient: back.weights.map(\.value),
      biasesGradient: Tensor(shape: biases.shape, scalars: back.biases.map(\.value)))
  }

  mutating func update(after loss: Loss, with optimizer: inout SGD<Double>) {
    optimizer.update(&weights, named: "head/weights", gradient: loss.weightsGradient)
    optimizer.update(&biases, named: "head/biases", gradient: loss.biasesGradient)
  }

  /// The likeliest class of each image.
  func predictions(_ features: Tensor<Float>) -> [(index: Int, probability: Double)] {
    let all = Operations.softmax(logits(features))
    return (0..<all.shape[0]).map { image in
      let row = all.batch(image..<image + 1).scalars
      let best = row.indices.max { row[$0] < row[$1] } ?? 0
      return (best, row[best])
    }
  }

  private func logits(_ features: Tensor<Float>) -> Tensor<Double> {
    let sums = Operations.fullyConnected(
      pooled(features), weights: weights, accumulating: Sum<Double>.self)
    return Operations.addBias(sums.map(\.value), biases.scalars)
  }

  /// `[batch, 1, 1, features]`, as the operations of a last layer want them.
  private func pooled(_ features: Tensor<Float>) -> Tensor<Double> {
    Tensor<Double>(features).reshaped([features.shape[0], 1, 1, features.shape[1]])
  }
}
