import Conformance
import MobileNet
import Reference

/// Which cases a search may look at.
enum NumberRange {
  /// Only cases in which underflow has no say: its share of the bound is below 2^-24.
  case normal
  /// Only cases in which it decides: its share is at least a quarter or so.
  case subnormal
  /// All.
  case any
}

/// The bounds that the package ships, applied to single elements.
///
/// Nothing here knows a bound's formula: a moment's sum, the batch norm and the result go in, as the
/// float64 reference would yield them, and the bound of ``ErrorBound`` comes out.
enum ShippedBound {
  /// |value - exact| / bound; `nil` where no bound exists or the case is out of `range`.
  static func ratio(
    of value: Float, exact: Double, bound: Double, underflow: Double, range: NumberRange
  ) -> Double? {
    guard value.isFinite, exact.isFinite, bound.isFinite, bound > 0 else { return nil }
    switch range {
    case .normal where bound < underflow * 0x1p26: return nil
    case .subnormal where bound > underflow * 4: return nil
    default: break
    }
    return abs(Double(value) - exact) / bound
  }

  /// Of a logit.
  static func ratio(of value: Float, _ element: LogitElement, range: NumberRange) -> Double? {
    let layer = Layer(
      endPoint: EndPoint("Logits"),
      operation: .logits(inputChannels: element.x.count, classes: 1))
    let input = element.x.map(Double.init)
    let moments = moments(input, element.w)
    let largest = largestMagnitude(element.w)
    let logit = Tensor(shape: [1, 1], scalars: [moments.value + Double(element.bias)])
    let evaluation = LayerEvaluation(
      output: logit, preActivation: logit, moments: Tensor(shape: [1, 1], scalars: [moments]),
      norm: nil, largestWeight: largest)
    return ratio(
      of: value, exact: element.exact, bound: bound(layer, evaluation, input),
      underflow: underflow(terms: input.count, largestMagnitude(element.x) + largest),
      range: range)
  }

  /// Of a mean.
  static func ratio(ofMean value: Float, _ x: [Float], range: NumberRange) -> Double? {
    let layer = Layer(endPoint: EndPoint("global_pool"), operation: .globalPool(channels: 1))
    let moments = moments(x.map(Double.init), [Float](repeating: 1, count: x.count))
    var sum = ExactSum()
    for x in x { sum.add(Double(x)) }
    let exact = sum.value / Double(x.count)
    let output = Tensor(shape: [1, 1, 1, 1], scalars: [moments.value / Double(x.count)])
    let evaluation = LayerEvaluation(
      output: output, preActivation: output,
      moments: Tensor(shape: [1, 1, 1, 1], scalars: [moments]), norm: nil)
    let input = Tensor(shape: [1, x.count, 1, 1], scalars: x.map(Double.init))
    return ratio(
      of: value, exact: exact,
      bound: ErrorBound.bounds(of: layer, evaluation, input: input)[flat: 0],
      underflow: underflow(terms: x.count, 0), range: range)
  }

  /// The largest ratio of a row of probabilities.
  static func ratio(ofSoftmax values: [Float], _ z: [Float], range: NumberRange) -> Double? {
    let layer = Layer(
      endPoint: EndPoint("Predictions"), operation: .softmax(classes: z.count))
    let exact = SoftmaxEvaluation.exact(z)
    let output = Tensor(shape: [1, z.count], scalars: exact)
    let evaluation = LayerEvaluation(
      output: output, preActivation: output, moments: nil, norm: nil)
    let bounds = ErrorBound.bounds(
      of: layer, evaluation, input: Tensor(shape: [1, z.count], scalars: z.map(Double.init)))
    return values.indices.compactMap {
      ratio(
        of: values[$0], exact: exact[$0], bound: bounds[flat: $0],
        underflow: underflow(terms: 1, 0), range: range)
    }.max()
  }

  fileprivate static func bound(
    _ layer: Layer, _ evaluation: LayerEvaluation, _ input: [Double]
  ) -> Double {
    ErrorBound.bounds(
      of: layer, evaluation, input: Tensor(shape: [1, 1, 1, input.count], scalars: input))[flat: 0]
  }

  fileprivate static func moments(_ x: [Double], _ w: [Float]) -> Moments {
    var moments = Moments()
    for (x, w) in zip(x, w) { moments.add(x, times: Double(w)) }
    return moments
  }

  /// The size of what is lost to underflow, generously.
  fileprivate static func underflow(terms: Int, _ sizes: Double) -> Double {
    2 * Roundoff.smallestNormal * Double(terms + 4) * (2 + sizes)
  }

  fileprivate static func largestMagnitude(_ values: [Float]) -> Double {
    Double(values.reduce(0) { max($0, $1.magnitude) })
  }
}

/// A convolution of one output element.
struct ConvolutionSubject {
  let terms: Int
  let readsImage: Bool
  let range: NumberRange
  /// Whether only cases count in which the products outweigh the bias.
  let isOfProducts: Bool
  private let layer: Layer

  /// - Parameters:
  ///   - terms: Length of the dot product: 9 makes a depthwise layer, any other a pointwise one.
  ///   - readsImage: Makes it the first layer.
  init(
    terms: Int, readsImage: Bool = false, range: NumberRange, isOfProducts: Bool = false
  ) {
    self.terms = terms
    self.readsImage = readsImage
    self.range = range
    self.isOfProducts = isOfProducts
    let kind: Convolution.Kind =
      readsImage ? .standard : terms == 9 ? .depthwise : .pointwise
    layer = Layer(
      endPoint: EndPoint("test"),
      operation: .convolution(
        Convolution(
          kind: kind, kernelSize: kind == .pointwise ? 1 : 3, stride: 1,
          inputChannels: kind == .pointwise ? terms : terms / 9, outputChannels: 1)))
  }

  /// Of a value before the clamp.
  func ratio(of value: Float, _ element: ConvolutionElement) -> Double? {
    if isOfProducts, abs(element.bias) > element.largestTerm / 16 { return nil }
    let bound = bound(of: element)
    let sizes = ShippedBound.largestMagnitude(element.x) + ShippedBound.largestMagnitude(element.w)
    let underflow =
      ShippedBound.underflow(terms: terms, sizes) * (1 + abs(element.scale))
      + 32 * Roundoff.smallestNormal * (abs(Double(element.mean)) + element.absolute)
    return ShippedBound.ratio(
      of: value, exact: element.exact, bound: bound, underflow: underflow, range: range)
  }

  func bound(of element: ConvolutionElement) -> Double {
    let moments = ShippedBound.moments(element.inputs, element.w)
    let norm = BatchNorm<Double>(
      ConvolutionParameters(
        weights: Tensor(shape: [0], scalars: []), gamma: [element.gamma], beta: [element.beta],
        movingMean: [element.mean], movingVariance: [element.variance]))
    let y = Operations.batchNorm(
      Tensor(shape: [1, 1, 1, 1], scalars: [moments.value]), norm)
    let evaluation = LayerEvaluation(
      output: Operations.relu6(y), preActivation: y,
      moments: Tensor(shape: [1, 1, 1, 1], scalars: [moments]), norm: norm,
      largestWeight: ShippedBound.largestMagnitude(element.w))
    return ShippedBound.bound(layer, evaluation, element.x.map(Double.init))
  }
}
