import Golden
import MobileNet
import Reference

/// All that is known of one element of a step of training.
public struct TrainingExplanation: Sendable {
  public var caseName: String
  public var point: EndPoint
  public var coordinates: [Int]
  /// On what the subject itself had before it; `nil` if it does not show that.
  public var isolated: Explanation.Comparison?
  /// The chain from the images.
  public var accumulated: Explanation.Comparison
  /// TensorFlow's float32 value, if the golden holds it: of a large gradient it has samples.
  public var golden: Double?
  /// What the value is, in the notation of `Sources/Conformance/README.md`.
  public var formula: String
  /// The sum behind the value, in float64, on the operands of ``isolated``; `nil` where there is none
  /// that would say more.
  public var sum: TermList?
}

/// Explains elements of one subject's steps of training.
public struct TrainingExplainer: Sendable {
  private let parameters: Parameters
  private let subject: any TrainingSubject

  public init(parameters: Parameters, subject: any TrainingSubject) {
    self.parameters = parameters
    self.subject = subject
  }

  /// - Parameters:
  ///   - point: A name of a step's, such as `Conv2d_3_pointwise/weights/gradient`.
  ///   - coordinates: The element; the one nearest to its bound or farthest beyond it, if `nil`.
  /// - Throws: ``VerificationError`` if there is no such point or element; what running the subject
  ///   throws.
  public func explain(
    _ golden: TrainingCase, point: EndPoint, at coordinates: [Int]? = nil
  ) throws -> TrainingExplanation {
    let architecture = parameters.architecture
    guard architecture.trainingPoints.contains(point) else {
      throw VerificationError.nothingSelected(what: "point of a step", pattern: point.rawValue)
    }
    let batch = try TrainingBatch(golden.batch, architecture)
    let options = TrainingOptions(golden.settings)
    let all = try subject.step(batch, options)
    let step = TrainingNetwork<Double>(parameters: parameters).step(
      try batch.wide(architecture), options)
    let witnesses = TrainingWitnesses(parameters, batch, options, reference: step)
    guard let yardstick = witnesses.yardstick(point) else {
      throw VerificationError.nothingSelected(what: "point", pattern: point.rawValue)
    }
    let reference = yardstick.reference
    // As for the judge, what has another shape is not there for what is computed from it.
    let shapes = step.points(of: architecture).mapValues(\.shape)
    let recorded = all.filter { $0.key == point || $0.value.shape == shapes[$0.key] }
    let shown = recorded[point]
    if let shown, shown.shape != reference.shape {
      throw VerificationError.wrongShape(
        subject: subject.identity.name, endPoint: point, expected: reference.shape,
        found: shown.shape)
    }
    let expectation = try expectation(of: point, recorded, batch, options)
    let worst = shown.flatMap { shown in
      expectation?.correlatedStatistics(shown).statistics.worst?.index
    }
    let place = coordinates ?? worst ?? reference.shape.map { _ in 0 }
    let flat = try reference.flatIndex(of: place, in: point)
    return TrainingExplanation(
      caseName: golden.name, point: point, coordinates: place,
      isolated: expectation.map {
        Explanation.Comparison(
          reference: $0.value[flat: flat], subject: shown?[flat: flat],
          bound: $0.bounds[flat: flat],
          sigma: $0.variance.map { $0[flat: flat].squareRoot() })
      },
      accumulated: Explanation.Comparison(
        reference: reference[flat: flat], subject: shown?[flat: flat], bound: nil,
        sigma: yardstick.budget.element[flat: flat].squareRoot()),
      golden: golden.value(of: point, at: flat), formula: formula(of: point),
      sum: try terms(of: point, at: place, recorded, batch, options))
  }

  private func expectation(
    of point: EndPoint, _ recorded: [EndPoint: Tensor<Float>], _ batch: TrainingBatch<Float>,
    _ options: TrainingOptions
  ) throws -> Expectation? {
    var found: Expectation?
    try TrainingIsolation(parameters: parameters, batch: batch, options).visit(
      recorded, where: { $0 == point }
    ) { found = $1 }
    return found
  }

  // MARK: What it is made of

  /// The convolution whose operations make a point, and which of them.
  private func maker(of point: EndPoint) -> (index: Int, part: TrainedConvolution.Part)? {
    guard let index = parameters.architecture.maker(of: point) else { return nil }
    let layer = parameters.architecture.layers[index]
    guard layer.convolution != nil else { return nil }
    let names = layer.variableNames
    let parts: [(EndPoint, TrainedConvolution.Part)] = [
      (layer.endPoint.output, .output), (layer.endPoint.batchMean, .mean),
      (layer.endPoint.batchVariance, .variance), (.gradient(of: names.beta), .beta),
      (.gradient(of: names.gamma), .gamma), (.gradient(of: names.weights), .weights),
    ]
    if let part = parts.first(where: { $0.0 == point })?.1 { return (index, part) }
    return point.isAverage ? nil : (index, .input)
  }

  private func terms(
    of point: EndPoint, at place: [Int], _ recorded: [EndPoint: Tensor<Float>],
    _ batch: TrainingBatch<Float>, _ options: TrainingOptions
  ) throws -> TermList? {
    guard let (index, part) = maker(of: point),
      let convolution = parameters.architecture.layers[index].convolution
    else { return nil }
    let layers = parameters.architecture.layers
    let input = index == 0 ? batch.images : recorded[layers[index - 1].endPoint.output]
    guard let input else { return nil }
    let network = TrainingNetwork<Double>(parameters: parameters)
    let forward = network.forward(
      layer: index, input: Tensor(input), dropoutMask: Tensor(batch.dropoutMask), options,
      accumulating: Sum<Double>.self)
    let endPoint = layers[index].endPoint
    let passed = recorded[endPoint.gradient].flatMap { gradient in
      recorded[endPoint.output].map {
        Operations.relu6Gradient(Tensor<Double>(gradient), y: Tensor($0))
      }
    }
    let names = layers[index].variableNames
    return TrainedConvolution(
      convolution: convolution, weights: network[names.weights],
      gamma: network[names.gamma].scalars, forward: forward, passed: passed
    ).terms(of: part, at: place)
  }

  private func formula(of point: EndPoint) -> String {
    switch maker(of: point)?.part {
    case .output: return "y = relu6((z - μ) γ / √(v + ε) + β), z the sum of x w"
    case .mean: return "μ = Σ z / N over batch, rows and columns"
    case .variance: return "v = Σ (z - μ)² / N over batch, rows and columns"
    case .beta: return "dβ = Σ dy, where 0 < y < 6"
    case .gamma: return "dγ = Σ dy x̂, where 0 < y < 6; x̂ = (z - μ) / √(v + ε)"
    case .weights:
      return "dw = Σ x dz, and λ w with weight decay; dz = γ / √(v + ε) (dy - dβ/N - x̂ dγ/N)"
    case .input:
      return point == .imagesGradient
        ? "2 Σ dz w of the layer after it, which reads 2x - 1"
        : "Σ dz w of the layer after it"
    case nil: return headFormula(of: point)
    }
  }

  private func headFormula(of point: EndPoint) -> String {
    if point.isAverage {
      return "m - (m - b)(1 - momentum), b the batch's mean, or its variance times N / (N - 1)"
    }
    switch point {
    case .crossEntropy: return "mean over the batch of log Σ exp z - z[label]"
    case .regularization: return "λ/2 Σ w² over 15 kernels"
    case .totalLoss: return "cross-entropy and regularization"
    case EndPoint.logits.gradient: return "(p - [label]) / batch"
    default: return "the layer as at inference, and its plain gradient"
    }
  }
}

extension TrainingCase {
  /// What TensorFlow's float32 has there.
  fileprivate func value(of point: EndPoint, at flat: Int) -> Double? {
    let stored = StoredPoints(float32)
    return stored.tensors[point].map { Double($0[flat: flat]) }
      ?? stored.gradients[point]?.knownElements.first { $0.index == flat }?.value
  }
}
