import Foundation
import MobileNet
import Reference

/// The end of the network in training, in float64 on float32 values: pool, dropout, logits, loss, and
/// the beginning of the way back; and what every step does to the moving averages.
struct HeadExpectation {
  let network: TrainingNetwork<Double>
  let batch: TrainingBatch<Double>
  let options: TrainingOptions

  /// Mean over the positions, as at inference.
  func pool(_ layer: Layer, _ forward: LayerForward<Moments>) -> Expectation {
    inference(layer, forward, input: forward.input)
  }

  /// Dropout's division and its product with the mask are two roundings more for every feature, and
  /// where the quotient 1/keep is a factor of its own one again.
  func logits(_ layer: Layer, _ forward: LayerForward<Moments>) -> Expectation {
    var expectation = inference(layer, forward, input: forward.input)
    let sums = forward.products
    expectation = Expectation(
      value: expectation.value,
      bounds: sum(expectation.bounds, sums.map { 3 * Roundoff.unit * $0.absolute }),
      variance: expectation.variance.map { variance in
        sum(variance, sums.map { 2 * Roundoff.variance * $0.productSquares })
      })
    return expectation
  }

  func predictions(_ layer: Layer, _ forward: LayerForward<Moments>) -> Expectation {
    inference(layer, forward, input: forward.input)
  }

  private func inference(
    _ layer: Layer, _ forward: LayerForward<Moments>, input: Tensor<Double>
  ) -> Expectation {
    let evaluation = LayerEvaluation(
      output: forward.output, preActivation: forward.preActivation, moments: forward.sums,
      norm: nil, largestWeight: layer.isLogits ? largestWeight(of: layer) : 0)
    let bounds = ErrorBound.bounds(of: layer, evaluation, input: input)
    return Expectation(
      value: forward.output, bounds: bounds,
      variance: ErrorBudget.introduced(by: layer, evaluation, input: input))
  }

  private func largestWeight(of layer: Layer) -> Double {
    network[layer.variableNames.weights].largestMagnitude
  }

  /// Cross-entropy of the subject's own logits.
  ///
  /// Of one image, log Σ exp(z - m) + (m - z[label]): the sum of K exponentials, by exp or exp2, is good
  /// to K + 3 spread + 2 max|z| + 6 roundings (see the softmax's bound), and a relative error of the sum is
  /// an absolute one of its logarithm; logarithm, differences and sum add a few of their size. The mean,
  /// by division or reciprocal, adds γ_{B+1}.
  func crossEntropy(logits: Tensor<Double>) -> Expectation {
    let classes = logits.shape[1]
    var bound = 0.0
    var size = 0.0
    for n in 0..<logits.shape[0] {
      let values = logits.scalars[n * classes..<(n + 1) * classes]
      let (largest, least) = (values.max() ?? 0, values.min() ?? 0)
      let value = values[values.startIndex + batch.labels[n]]
      let logarithm = log(values.reduce(0) { $0 + exp($1 - largest) })
      let sizes: Double = logarithm + abs(largest) + abs(value) + abs(largest - value)
      let exponents: Double = 3 * (largest - least) + 2 * max(abs(largest), abs(least))
      bound += Roundoff.unit * (Double(classes) + exponents + 6 + 4 * sizes)
      size += logarithm + largest - value
    }
    let count = Double(logits.shape[0])
    return Expectation(
      value: row([Operations.crossEntropy(logits, labels: batch.labels)]),
      bounds: row([(bound + Roundoff.gamma(batch.labels.count + 1) * (size + bound)) / count]))
  }

  /// λ/2 Σ w² over the kernels that have weight decay. All terms are positive, so n additions, in
  /// any order, are off by at most γ_n relatively; the budget, with Q, says what is usual.
  func regularization() -> Expectation {
    var (value, bound, variance) = (0.0, 0.0, 0.0)
    for layer in network.architecture.layers where layer.hasWeightDecay {
      let weights = network[layer.variableNames.weights]
      var sum = Moments()
      for w in weights.scalars { sum.add(w, times: w) }
      let half = options.weightDecay / 2
      value += half * sum.value
      bound += half * sum.value * Roundoff.gamma(weights.count + 18)
      let terms: Double = sum.squares + 3 * sum.value * sum.value
      variance += Roundoff.variance * (half * half * terms + value * value)
    }
    return Expectation(value: row([value]), bounds: row([bound]), variance: row([variance]))
  }

  /// The sum of the subject's own two terms rounds once, and so does each term where the sum is made
  /// before they are shown.
  func total(crossEntropy: Double, regularization: Double) -> Expectation {
    let value = crossEntropy + regularization
    let sizes = abs(crossEntropy) + abs(regularization) + abs(value)
    return Expectation(value: row([value]), bounds: row([Roundoff.unit * sizes]))
  }

  /// (p - [label]) / B, from the subject's own logits: the softmax's error, a subtraction, a division.
  func logitsGradient(_ softmax: Expectation) -> Expectation {
    let gradient = Operations.crossEntropyGradient(
      predictions: softmax.value, labels: batch.labels)
    let count = Double(batch.labels.count)
    var (bounds, variance) = (gradient, gradient)
    for index in 0..<gradient.count {
      let size = abs(gradient[flat: index])
      bounds[flat: index] = softmax.bounds[flat: index] / count + 3 * Roundoff.unit * size
      variance[flat: index] =
        (softmax.variance?[flat: index] ?? 0) / (count * count)
        + 2 * Roundoff.variance * size * size
    }
    return Expectation(value: gradient, bounds: bounds, variance: variance)
  }

  /// Gradients of the last layer's variables and of the pool, from the gradient of the logits.
  func backward(
    _ layer: Layer, _ forward: LayerForward<Moments>, gradient: Tensor<Double>
  ) -> (weights: Expectation, biases: Expectation, input: Expectation) {
    let weights = network[layer.variableNames.weights]
    let exact = Operations.fullyConnectedGradient(
      gradient, features: forward.input, weights: weights, accumulating: Moments.self)
    let count = gradient.shape[0]
    let decay = weights.map { $0 * options.weightDecay }
    let value = sum(exact.weights.map(\.value), decay)
    // Three roundings for dropout, two for the decay and its addition.
    let bounds = zip(exact.weights.scalars, decay.scalars).map { terms, decay in
      Roundoff.gamma(count + 5) * (terms.absolute + abs(decay)) + Roundoff.smallestNormal
    }
    let variance = exact.weights.scalars.indices.map { index -> Double in
      let (terms, decay) = (exact.weights[flat: index], decay[flat: index])
      let total = value[flat: index]
      let last: Double = 2 * decay * decay + total * total
      return Roundoff.variance * (terms.squares + 2 * terms.productSquares + last)
    }
    return (
      Expectation(
        value: value, bounds: Tensor(shape: value.shape, scalars: bounds),
        variance: Tensor(shape: value.shape, scalars: variance)),
      Expectation(
        value: row(exact.biases.map(\.value)),
        bounds: row(exact.biases.map { Roundoff.gamma(count) * $0.absolute }),
        variance: row(exact.biases.map { Roundoff.variance * $0.squares })),
      features(exact.features, classes: gradient.shape[1])
    )
  }

  /// Back through dropout: each feature's gradient times mask / keep.
  private func features(_ sums: Tensor<Moments>, classes: Int) -> Expectation {
    var (value, bounds, variance) = (sums.map(\.value), sums.map(\.value), sums.map(\.value))
    for index in 0..<sums.count {
      let factor = batch.dropoutMask[flat: index] / options.keepProbability
      let terms = sums[flat: index]
      value[flat: index] = terms.value * factor
      bounds[flat: index] = factor * Roundoff.gamma(classes + 4) * terms.absolute
      variance[flat: index] =
        factor * factor * Roundoff.variance * (terms.squares + 3 * terms.value * terms.value)
    }
    return Expectation(value: value, bounds: bounds, variance: variance)
  }

  /// Back through the pool: a division, or a product with the rounded 1/(h w).
  func spread(gradient: Tensor<Double>, over shape: [Int]) -> Expectation {
    let value = Operations.globalMeanGradient(gradient, inputShape: shape)
    return Expectation(
      value: value,
      bounds: value.map { 3 * Roundoff.unit * abs($0) + Roundoff.smallestNormal },
      variance: value.map { 2 * Roundoff.variance * $0 * $0 })
  }

  /// m - (m - b)(1 - momentum) from the subject's own mean or variance b of the batch.
  ///
  /// Difference, product and sum round, or the two products of momentum m + (1 - momentum) b and
  /// their sum. A momentum that was rounded to float32 before it was subtracted from 1 puts u (m - b)
  /// on top; the factor N/(N-1) two roundings of b.
  func average(_ name: String, batch values: [Double]) -> Expectation {
    let moving = network[name].scalars
    let value = Operations.movingAverage(
      moving, batch: values, momentum: options.batchNormMomentum)
    let rate = 1 - options.batchNormMomentum
    let bounds = moving.indices.map { c -> Double in
      let (m, b) = (abs(moving[c]), abs(values[c]))
      let sizes: Double = 3 * m + 5 * rate * (m + b) + abs(moving[c] - values[c])
      return Roundoff.unit * sizes + Roundoff.smallestNormal
    }
    return Expectation(value: row(value), bounds: row(bounds))
  }

  /// w - rate · g from the subject's own variable and gradient: a product and a subtraction, or the
  /// two at once; and one rounding of w where a program keeps more digits than it shows.
  static func descended(
    _ variable: Tensor<Float>, gradient: Tensor<Float>, learningRate: Double
  ) -> Expectation {
    // The rate is a float32 number to every float32 program.
    let rate = Double(Float(learningRate))
    var value = Tensor<Double>(variable)
    var bounds = value
    for index in 0..<value.count {
      let step = rate * Double(gradient[flat: index])
      let before = value[flat: index]
      value[flat: index] -= step
      bounds[flat: index] =
        Roundoff.unit * (abs(value[flat: index]) + abs(before) + 2 * abs(step))
        + Roundoff.smallestNormal
    }
    return Expectation(value: value, bounds: bounds)
  }

  private func sum(_ left: Tensor<Double>, _ right: Tensor<Double>) -> Tensor<Double> {
    Tensor(shape: left.shape, scalars: zip(left.scalars, right.scalars).map { $0 + $1 })
  }
}
