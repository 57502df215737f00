import Golden
import MobileNet
import Reference

/// All that is known of one element: what each witness says, how large its error may be, where the
/// error comes from, and what the value is made of.
public struct Explanation: Sendable {
  public var caseName: String
  public var endPoint: EndPoint
  /// `[n, y, x, c]`; of the last two layers `[n, class]`.
  public var coordinates: [Int]
  /// The layer fed the golden's previous end point, or the reference's where there is no golden; the
  /// subject's own if it cannot run single layers.
  public var isolated: Comparison
  /// Whether ``isolated`` is on the subject's own previous end point.
  public var isOnOwnInput: Bool
  /// The chain from the images.
  public var accumulated: Comparison
  /// The golden's value.
  public var golden: Float?
  /// Of the chain's error, what was there before this layer; the rest this layer introduced. `nil` if
  /// the subject does not show the end point before it.
  public var inherited: Double?
  /// The sum behind the value, in float64, on the input of ``isolated``.
  public var sum: TermList
  /// What a convolution makes of its sum.
  public var norm: Norm?
  public var receptiveField: ReceptiveField

  /// A value of the subject beside the reference's.
  public struct Comparison: Sendable {
    public var reference: Double
    /// `nil` if the subject does not show it.
    public var subject: Float?
    /// The largest error that a correct implementation can make, for a layer by itself.
    public var bound: Double?
    /// Standard deviation that rounding predicts; `nil` where only the bound says something.
    public var sigma: Double?

    public var error: Double? { subject.map { Double($0) - reference } }
    /// Error in units in the last place of the reference.
    public var ulp: Double? {
      error.map { abs($0) / ErrorStatistics.ulp(reference) }
    }
  }

  /// Batch norm of the element's channel, and what it yields before the clamp.
  public struct Norm: Hashable, Sendable {
    public var mean: Double
    public var scale: Double
    public var offset: Double
    public var preActivation: Double
  }
}

/// Explains elements of one subject's end points.
public struct Explainer: Sendable {
  private let parameters: Parameters
  private let network: ReferenceNetwork<Double>
  private let probe: ReferenceNetwork<Float>
  private let subject: any Subject

  public init(parameters: Parameters, subject: any Subject) {
    self.parameters = parameters
    self.subject = subject
    network = ReferenceNetwork(parameters: parameters)
    probe = ReferenceNetwork(parameters: parameters)
  }

  /// - Parameter coordinates: The element; the one nearest to its bound or farthest beyond it, if
  ///   `nil`.
  /// - Throws: ``VerificationError`` if there is no such layer or element, or if the subject's answer
  ///   has the wrong shape.
  public func explain(
    _ golden: GoldenCase, endPoint: EndPoint, at coordinates: [Int]? = nil
  ) throws -> Explanation {
    guard let (index, layer) = network.architecture.layer(endPoint) else {
      throw VerificationError.nothingSelected(what: "end point", pattern: endPoint.rawValue)
    }
    // What has another shape has no element to explain; for what comes after, it is not there.
    let all = try subject.endPoints(case: golden.name, images: golden.images)
    let shapes = network.architecture.shapes(images: golden.images.shape)
    let expected = Dictionary(uniqueKeysWithValues: zip(network.architecture.endPoints, shapes))
    let chain = all.filter { $0.key == endPoint || $0.value.shape == expected[$0.key] }
    var reference = ChainState(images: golden.images, declared: declared)
    for place in 0..<index {
      _ = reference.advance(
        through: network.architecture.layers[place], at: place, of: network, probe: probe)
    }
    let inherited = reference.value
    _ = reference.advance(through: layer, at: index, of: network, probe: probe)

    let before = index == 0 ? nil : network.architecture.layers[index - 1].endPoint
    let goldenInput = before.map { golden.activations[$0] } ?? golden.images
    let ownInput = before.map { chain[$0] } ?? golden.images
    var input = goldenInput ?? Tensor(inherited)
    var subjectAlone = try subject.output(layer: index, input: input)
    let isOnOwnInput = subjectAlone == nil && ownInput != nil && chain[endPoint] != nil
    if isOnOwnInput, let ownInput { (input, subjectAlone) = (ownInput, chain[endPoint]) }
    let alone = IsolatedLayer(network, layer: index, input: input, declared: declared)
    let shown = subjectAlone ?? chain[endPoint]
    for shown in [subjectAlone, chain[endPoint]].compactMap({ $0 })
    where shown.shape != alone.evaluation.output.shape {
      throw VerificationError.wrongShape(
        subject: subject.identity.name, endPoint: endPoint,
        expected: alone.evaluation.output.shape, found: shown.shape)
    }
    let place =
      coordinates ?? shown.flatMap { alone.statistics($0).worst?.index }
      ?? alone.evaluation.output.shape.map { _ in 0 }
    let flat = try alone.evaluation.output.flatIndex(of: place, in: endPoint)

    let carried = ownInput.map {
      network.output(layer: index, input: Tensor($0))[flat: flat] - reference.value[flat: flat]
    }
    return Explanation(
      caseName: golden.name, endPoint: endPoint, coordinates: place,
      isolated: Explanation.Comparison(
        reference: alone.evaluation.output[flat: flat], subject: subjectAlone?[flat: flat],
        bound: alone.bounds[flat: flat], sigma: shown.map { alone.sigma(of: $0, at: flat) }),
      isOnOwnInput: isOnOwnInput,
      accumulated: Explanation.Comparison(
        reference: reference.value[flat: flat], subject: chain[endPoint]?[flat: flat],
        bound: nil, sigma: reference.sigma(flat)),
      golden: golden.activations[endPoint]?[flat: flat], inherited: carried,
      sum: TermList(parameters, layer: index, input: Tensor(input), at: place),
      norm: norm(alone.evaluation, channel: place[place.count - 1], flat: flat),
      receptiveField: ReceptiveField(
        network.architecture, layer: index, at: place, images: golden.images.shape))
  }

  private var declared: [DeclaredArithmetic] { subject.identity.arithmetic ?? [] }

  private func norm(
    _ evaluation: LayerEvaluation, channel: Int, flat: Int
  ) -> Explanation.Norm? {
    evaluation.norm.map {
      Explanation.Norm(
        mean: $0.mean[channel], scale: $0.scale[channel], offset: $0.offset[channel],
        preActivation: evaluation.preActivation[flat: flat])
    }
  }
}

extension Tensor {
  /// - Throws: ``VerificationError`` if the coordinates are not in the tensor.
  func flatIndex(of coordinates: [Int], in endPoint: EndPoint) throws -> Int {
    guard coordinates.count == shape.count,
      zip(coordinates, shape).allSatisfy({ 0..<$1 ~= $0 })
    else {
      throw VerificationError.noSuchElement(
        endPoint: endPoint, coordinates: coordinates, shape: shape)
    }
    return zip(coordinates, shape).reduce(0) { $0 * $1.1 + $1.0 }
  }
}
