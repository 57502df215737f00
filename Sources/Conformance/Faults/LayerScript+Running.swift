import MobileNet
import RealModule
import Reference
import Synchronization

extension LayerScript {
  /// The layer as a subject computes it, in float32.
  ///
  /// - Parameter input: The end point before; for the first layer the images in [0, 1].
  func output(_ input: Tensor<Float>) -> Tensor<Float> {
    var result =
      switch arithmetic.sums {
      case .native: compute(input, Sum<Float>.self).output
      case .half: compute(input, HalfSum.self).output
      case .bfloat16: compute(input, BFloat16Sum.self).output
      case .truncated: compute(input, TruncatedSum.self).output
      case .flushed: compute(input, FlushedSum.self).output.map(NumberFormat.flushed)
      }
    if let format = arithmetic.output { result = result.map(format.rounded) }
    for edit in edits {
      edit.apply(to: &result, blank: 0) { input[flat: $0 % input.count] }
    }
    return result
  }

  /// The layer in float64, with what bounds and budgets are made of. Roundings of sums and results
  /// are left out; those of the operands are part of what is computed.
  func evaluate(_ input: Tensor<Double>) -> ScriptEvaluation {
    let computation = compute(input, Moments.self)
    var (output, before) = (computation.output, computation.preActivation)
    var moments = computation.terms
    for edit in edits {
      edit.apply(to: &output, blank: 0) { input[flat: $0 % input.count] }
      edit.apply(to: &before, blank: 0) { input[flat: $0 % input.count] }
      if var terms = moments {
        edit.apply(to: &terms, blank: Moments()) { _ in Moments() }
        moments = terms
      }
    }
    return ScriptEvaluation(
      evaluation: LayerEvaluation(
        output: output, preActivation: before, moments: moments, norm: computation.norm,
        largestWeight: Tensor<Double>(weights).largestMagnitude),
      gain: computation.gain, clamp: layer.convolution == nil ? .none : activation.clamp,
      leastMagnitude: softmax == .logarithm ? 1 : 0)
  }

  /// What came of the steps.
  private struct Computation<Terms: Accumulator> {
    var output: Tensor<Terms.Scalar>
    var preActivation: Tensor<Terms.Scalar>
    var terms: Tensor<Terms>?
    var norm: BatchNorm<Terms.Scalar>?
    var gain = 1.0
  }

  private func compute<Terms: Accumulator>(
    _ input: Tensor<Terms.Scalar>, _: Terms.Type
  ) -> Computation<Terms> {
    switch layer.operation {
    case .convolution(let convolution):
      return convolve(convolution, operands(coded(input)), Terms.self)
    case .globalPool:
      return pooled(input, Terms.self)
    case .logits(let channels, let classes):
      // A 1 x 1 convolution over a 1 x 1 image, which is how TF-Slim writes it.
      let product = Convolution(
        kind: .pointwise, kernelSize: 1, stride: 1, inputChannels: channels,
        outputChannels: classes)
      let terms = loops(product, Terms.self).run(operands(input), weights: weights)
        .reshaped([input.shape[0], classes])
      let biases = biases.map { Terms.Scalar($0) }
      let logits = Operations.addBias(terms.map(\.value), biases)
      return Computation(output: logits, preActivation: logits, terms: terms)
    case .softmax:
      let predictions = normalized(input)
      return Computation(output: predictions, preActivation: predictions)
    }
  }

  // MARK: What is read

  private func coded<Scalar: Real & BinaryFloatingPoint & Sendable>(
    _ input: Tensor<Scalar>
  ) -> Tensor<Scalar> {
    switch image {
    case .none: input
    case .standard: Operations.preprocess(input)
    case .unchanged: input
    case .bytes: input.map { $0 * 255 }
    case .twice: Operations.preprocess(Operations.preprocess(input))
    case .roundedBytes: input.map { ($0 * 255).rounded(.toNearestOrEven) / 127.5 - 1 }
    case .around128: input.map { (($0 * 255) - 128) / 128 }
    case .meanAndDeviation: Self.standardised(input)
    }
  }

  /// (x - mean) / deviation with the figures of torchvision.
  private static func standardised<Scalar: Real & BinaryFloatingPoint & Sendable>(
    _ input: Tensor<Scalar>
  ) -> Tensor<Scalar> {
    let (means, deviations) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    var result = input
    for index in 0..<result.count {
      let c = index % 3
      result[flat: index] = (input[flat: index] - Scalar(means[c])) / Scalar(deviations[c])
    }
    return result
  }

  /// The input as the dot products meet it.
  private func operands<Scalar: Real & BinaryFloatingPoint & Sendable>(
    _ input: Tensor<Scalar>
  ) -> Tensor<Scalar> {
    var result = arranged(input)
    if let channelFactors {
      for index in 0..<result.count {
        result[flat: index] *= Scalar(channelFactors[index % channelFactors.count])
      }
    }
    guard let format = arithmetic.input else { return result }
    return result.map { Scalar(format.rounded(Float($0))) }
  }

  private func arranged<Scalar: Real & BinaryFloatingPoint & Sendable>(
    _ input: Tensor<Scalar>
  ) -> Tensor<Scalar> {
    var result = input
    switch layout {
    case .channelsLast: break
    case .swappedAxes:
      result = input.reshaped([input.shape[0], input.shape[2], input.shape[1], input.shape[3]])
    case .channelsFirst:
      let (positions, depth) = (input.shape[1] * input.shape[2], input.shape[3])
      for index in 0..<result.count {
        let (image, rest) = (index / (positions * depth), index % (positions * depth))
        let (position, c) = (rest / depth, rest % depth)
        result[flat: index] = input[flat: (image * depth + c) * positions + position]
      }
    }
    return result
  }

  // MARK: Convolutions

  private func loops<Terms: Accumulator>(
    _ convolution: Convolution, _: Terms.Type
  ) -> WindowLoops<Terms> {
    WindowLoops(
      convolution: convolution, window: window,
      start: arithmetic.isRepeatable ? 0 : Self.runs.wrappingAdd(1, ordering: .relaxed).newValue)
  }

  /// How many unrepeatable runs there were: no two of them in a row sum up in the same order.
  private static let runs = Atomic<Int>(0)

  private func convolve<Terms: Accumulator>(
    _ convolution: Convolution, _ input: Tensor<Terms.Scalar>, _: Terms.Type
  ) -> Computation<Terms> {
    var terms = loops(convolution, Terms.self).run(input, weights: weights)
    if layout == .swappedAxes {
      let shape = terms.shape
      terms = terms.reshaped([shape[0], shape[2], shape[1], shape[3]])
    }
    let z = terms.map(\.value)
    let norm: BatchNorm<Terms.Scalar> = norm(z)
    if case .beforeNorm = activation {
      let result = Operations.batchNorm(Operations.relu6(z), norm)
      return Computation(output: result, preActivation: result, terms: terms, norm: norm)
    }
    let y = Operations.batchNorm(z, norm)
    return Computation(output: activated(y), preActivation: y, terms: terms, norm: norm)
  }

  private func norm<Scalar: Real & BinaryFloatingPoint & Sendable>(
    _ z: Tensor<Scalar>
  ) -> BatchNorm<Scalar> {
    var (mean, variance) = (mean.map { Scalar($0) }, variance.map { Scalar($0) })
    if statistics == .batch { (mean, variance) = Self.moments(z) }
    let epsilon = Scalar(epsilon)
    let scale = zip(gamma, variance).map { gamma, variance in
      switch deviation {
      case .rootOfSum: Scalar(gamma) / (variance + epsilon).squareRoot()
      case .sumWithRoot: Scalar(gamma) / (variance.squareRoot() + epsilon)
      case .sum: Scalar(gamma) / (variance + epsilon)
      case .approximateRoot:
        Scalar(gamma) * Scalar(Self.approximateRoot(Float(variance) + Float(epsilon)))
      }
    }
    return BatchNorm(mean: mean, scale: scale, offset: beta.map { Scalar($0) })
  }

  /// 1 / √value to 12 significant bits.
  private static func approximateRoot(_ value: Float) -> Float {
    NumberFormat.truncated(1 / value.squareRoot(), fractionBits: 11)
  }

  /// Mean and variance of every channel over batch, height and width.
  private static func moments<Scalar: Real & BinaryFloatingPoint & Sendable>(
    _ z: Tensor<Scalar>
  ) -> (mean: [Scalar], variance: [Scalar]) {
    let channels = z.shape[3]
    let count = Double(z.count / channels)
    var sums = [Double](repeating: 0, count: channels)
    for index in 0..<z.count { sums[index % channels] += Double(z[flat: index]) }
    let means = sums.map { $0 / count }
    var squares = [Double](repeating: 0, count: channels)
    for index in 0..<z.count {
      let distance = Double(z[flat: index]) - means[index % channels]
      squares[index % channels] += distance * distance
    }
    return (means.map { Scalar($0) }, squares.map { Scalar($0 / count) })
  }

  private func activated<Scalar: Real & BinaryFloatingPoint & Sendable>(
    _ y: Tensor<Scalar>
  ) -> Tensor<Scalar> {
    switch activation {
    case .relu6: return Operations.relu6(y)
    case .none, .beforeNorm: return y
    case .clamp(let ceiling):
      let ceiling = Scalar(ceiling)
      return y.map { $0 <= 0 ? 0 : $0 >= ceiling ? ceiling : $0 }
    case .leaky(let slope):
      let (slope, ceiling) = (Scalar(slope), Scalar(Architecture.reluCeiling))
      return y.map { $0 <= 0 ? $0 * slope : $0 >= ceiling ? ceiling : $0 }
    }
  }

  // MARK: Head

  private func pooled<Terms: Accumulator>(
    _ input: Tensor<Terms.Scalar>, _: Terms.Type
  ) -> Computation<Terms> {
    let (height, width, depth) = (input.shape[1], input.shape[2], input.shape[3])
    var (rows, columns) = (height, width)
    if case .window(let size) = pool { (rows, columns) = (min(height, size), min(width, size)) }
    let count = rows * columns
    var divisor = count
    if case .dividedBy(let fixed) = pool { divisor = fixed }
    if case .sum = pool { divisor = 1 }
    var terms = Tensor(repeating: Terms(), shape: [input.shape[0], 1, 1, depth])
    var largest = Tensor(repeating: Terms.Scalar(0), shape: terms.shape)
    for n in 0..<input.shape[0] {
      for c in 0..<depth {
        for y in 0..<rows {
          for x in 0..<columns {
            let value = input[flat: ((n * height + y) * width + x) * depth + c]
            terms[flat: n * depth + c].add(value, times: 1)
            largest[flat: n * depth + c] = max(largest[flat: n * depth + c], value)
          }
        }
      }
    }
    var mean = terms.map { $0.value / Terms.Scalar(divisor) }
    if case .max = pool { mean = largest }
    if case .coarseReciprocal = pool {
      let reciprocal = NumberFormat.truncated(1 / Float(count), fractionBits: 11)
      mean = terms.map { $0.value * Terms.Scalar(reciprocal) }
    }
    return Computation(
      output: mean, preActivation: mean, terms: terms, norm: nil,
      gain: Double(height * width) / Double(divisor))
  }

  private func normalized<Scalar: Real & BinaryFloatingPoint & Sendable>(
    _ logits: Tensor<Scalar>
  ) -> Tensor<Scalar> {
    let (batch, classes) = (logits.shape[0], logits.shape[1])
    switch softmax {
    case .standard: return Operations.softmax(logits)
    case .sigmoid: return logits.map { 1 / (1 + Scalar.exp(-$0)) }
    case .powersOfTwo: return Operations.softmax(logits.map { $0 * Scalar.log(2) })
    case .missing: return logits
    case .exponentials: return logits.map { Scalar.exp($0) }
    case .percent: return Operations.softmax(logits).map { $0 * 100 }
    case .twice: return Operations.softmax(Operations.softmax(logits))
    case .logarithm, .notNormalised, .withoutBackground:
      return rowByRow(logits) { row in
        let largest = row.max() ?? 0
        switch softmax {
        case .notNormalised: return row.map { Scalar.exp($0 - largest) }
        case .logarithm:
          let logarithm = Scalar.log(row.reduce(0) { $0 + Scalar.exp($1 - largest) })
          return row.map { $0 - largest - logarithm }
        default:
          let kept = Array(row.dropFirst())
          return [0] + Operations.softmax(Tensor(shape: [1, kept.count], scalars: kept)).scalars
        }
      }
    case .unshifted:
      var result = logits.map { Scalar.exp($0) }
      for n in 0..<batch {
        let row = n * classes..<(n + 1) * classes
        let sum = row.reduce(Scalar(0)) { $0 + result[flat: $1] }
        for k in row { result[flat: k] /= sum }
      }
      return result
    case .overBatch:
      var result = logits
      for k in 0..<classes {
        let column = (0..<batch).map { logits[flat: $0 * classes + k] }
        let shares = Operations.softmax(Tensor(shape: [1, batch], scalars: column))
        for n in 0..<batch { result[flat: n * classes + k] = shares[flat: n] }
      }
      return result
    }
  }
}

/// Every image's classes, changed together.
private func rowByRow<Scalar: Sendable>(
  _ logits: Tensor<Scalar>, _ change: ([Scalar]) -> [Scalar]
) -> Tensor<Scalar> {
  let classes = logits.shape[1]
  let rows = (0..<logits.shape[0]).map { n in
    change(Array(logits.scalars[n * classes..<(n + 1) * classes]))
  }
  return Tensor(shape: logits.shape, scalars: rows.flatMap { $0 })
}

/// What a script yields in float64.
struct ScriptEvaluation: Sendable {
  let evaluation: LayerEvaluation
  /// How much larger than those of the layer without a mistake its errors may be for another reason
  /// than its data: a sum in place of a mean has errors that are not divided.
  let gain: Double
  /// What its activation does to errors.
  let clamp: Clamp
  /// The least magnitude that a softmax's errors are relative to: those of a logarithm do not end
  /// where it is 0.
  var leastMagnitude = 0.0
}
