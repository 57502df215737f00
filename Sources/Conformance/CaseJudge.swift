import Golden
import MobileNet
import Reference

/// Judges one case, layer by layer.
///
/// Two references run side by side. One is fed the golden's previous end point, as the subject's
/// single layers are: what differs there was introduced by this layer. The other follows its own
/// chain from the images, as the subject's whole run does: what differs there was inherited as well.
struct CaseJudge {
  let network: ReferenceNetwork<Double>
  /// The same loops in float32, which show how errors that are not independent add up.
  let probe: ReferenceNetwork<Float>
  let subject: any Subject
  let profile: Profile
  let layers: Glob?
  var measuresConditioning = false

  func judge(_ golden: GoldenCase, file: String) throws -> CaseRecord {
    let clock = ContinuousClock()
    let start = clock.now
    let chain = try subject.endPoints(case: golden.name, images: golden.images)
    var reference = ChainState(images: golden.images, declared: declared)
    var conditioning = measuresConditioning ? Conditioning(images: golden.images) : nil
    var records: [EndPointRecord] = []
    var logits: Tensor<Double>?
    var predictions: Tensor<Double>?

    for (index, layer) in network.architecture.layers.enumerated() {
      let inherited = reference
      let evaluation = reference.advance(through: layer, at: index, of: network, probe: probe)
      if layer.endPoint == .logits { logits = reference.value }
      if layer.endPoint == .predictions { predictions = reference.value }
      let factor = conditioning?.advance(
        through: index, of: network, reference: reference.value)
      if let layers, !layers.matches(layer.endPoint.rawValue) { continue }
      let step = Step(
        index: index, layer: layer, golden: golden, chain: chain, inherited: inherited.value,
        reference: reference, evaluation: evaluation)
      var record = try record(step)
      record.conditioning = factor ?? nil
      records.append(record)
    }
    let elapsed = clock.now - start
    return CaseRecord(
      name: golden.name, golden: file, description: golden.description,
      images: golden.images.shape,
      status: Status.gravest(records.map(\.status)) ?? .notRun,
      seconds: elapsed / .seconds(1),
      topClasses: topClasses(
        logits: logits, predictions: predictions,
        subject: chain[.logits].flatMap { $0.shape == logits?.shape ? $0 : nil },
        golden: golden.activations[.logits]),
      endPoints: records)
  }

  /// What is known when one layer is judged.
  private struct Step {
    let index: Int
    let layer: Layer
    let golden: GoldenCase
    /// The subject's own run.
    let chain: [EndPoint: Tensor<Float>]
    /// The reference's chain before this layer.
    let inherited: Tensor<Double>
    /// The reference's chain after this layer.
    let reference: ChainState
    let evaluation: LayerEvaluation
  }

  private func record(_ step: Step) throws -> EndPointRecord {
    let measurement = try measure(step)
    let isGolden = step.golden.activations[step.layer.endPoint] != nil
    let gates = Gate.judging(step.layer, isGolden: isGolden).map { gate in
      gate.judge(measurement, of: step.layer.endPoint, profile)
    }
    return EndPointRecord(
      name: step.layer.endPoint, shape: step.reference.value.shape,
      zeros: step.reference.value.scalars.count { $0 == 0 },
      status: Status.gravest(gates.map(\.status)) ?? .notRun, isolated: measurement.isolated,
      accumulated: measurement.accumulated, correlation: step.reference.correlation,
      goldenIsolated: measurement.goldenIsolated,
      goldenAccumulated: measurement.goldenAccumulated,
      referenceDistance: measurement.referenceDistance,
      subjectFromGolden: measurement.subjectFromGolden,
      isolatedMismatch: measurement.isolatedMismatch,
      accumulatedMismatch: measurement.accumulatedMismatch, gates: gates)
  }

  private func measure(_ step: Step) throws -> Measurement {
    let endPoint = step.layer.endPoint
    let goldenValue = step.golden.activations[endPoint]
    let goldenInput = goldenInput(step)
    let shared = isolated(step, input: goldenInput ?? Tensor(step.inherited))
    var measurement = Measurement()

    var alone = try subject.output(layer: step.index, input: shared.input)
    if let value = alone {
      measurement.isolatedMismatch = mismatch(value, step, input: shared.input)
      if measurement.isolatedMismatch != nil { alone = nil }
      measurement.isolated = alone.map { shared.statistics($0, isDetailed: true) }
    } else if let value = step.chain[endPoint], let input = subjectInput(step) {
      compare(value, step, madeOf: input, &measurement)
    }
    if let value = step.chain[endPoint] {
      measurement.accumulatedMismatch = ShapeMismatch(
        found: value.shape, of: step.layer, at: step.index, in: network.architecture,
        images: step.golden.images.shape)
      if measurement.accumulatedMismatch == nil {
        measurement.accumulated = step.reference.statistics(value, isDetailed: true)
      }
    }
    if let goldenValue {
      if let goldenInput {
        let own =
          declared.isEmpty
          ? shared : IsolatedLayer(network, layer: step.index, input: goldenInput)
        measurement.goldenIsolated = own.statistics(goldenValue)
      }
      measurement.goldenAccumulated = step.reference.statistics(goldenValue)
      if let alone, goldenInput != nil {
        measurement.subjectFromGolden = distance(alone, goldenValue, bounds: shared.bounds)
      }
    }
    if let exact = step.golden.activations64[endPoint] {
      measurement.referenceDistance = relativeL2(step.reference.value, exact)
    }
    return measurement
  }

  private func isolated(_ step: Step, input: Tensor<Float>) -> IsolatedLayer {
    IsolatedLayer(network, layer: step.index, input: input, declared: declared)
  }

  /// What the subject says of its arithmetic; the golden says nothing.
  private var declared: [DeclaredArithmetic] { subject.identity.arithmetic ?? [] }

  /// What the golden file has before this layer, if it has it.
  private func goldenInput(_ step: Step) -> Tensor<Float>? {
    guard step.index > 0 else { return step.golden.images }
    return step.golden.activations[network.architecture.layers[step.index - 1].endPoint]
  }

  /// What the subject itself had before this layer. Where only axes of length 1 are missing or too many,
  /// the numbers are what the layer read.
  private func subjectInput(_ step: Step) -> Tensor<Float>? {
    guard step.index > 0 else { return step.golden.images }
    let own = step.chain[network.architecture.layers[step.index - 1].endPoint]
    let expected = step.inherited.shape
    return own.map { own in
      own.shape.filter { $0 != 1 } == expected.filter { $0 != 1 } ? own.reshaped(expected) : own
    }
  }

  /// The layer by itself where the subject runs no single layers: its own end point beside what its
  /// own end point before makes it.
  ///
  /// That may have another shape than the golden's. If this layer's value is what follows from it, the
  /// layer is judged on it and not blamed; it is blamed if its value follows from nothing.
  private func compare(
    _ value: Tensor<Float>, _ step: Step, madeOf input: Tensor<Float>,
    _ measurement: inout Measurement
  ) {
    guard canJudge(value, step, madeOf: input) else {
      measurement.absence = "the end point before this one has another shape"
      return
    }
    measurement.isolatedMismatch = mismatch(value, step, input: input)
    guard measurement.isolatedMismatch == nil else { return }
    measurement.isolated = isolated(step, input: input).statistics(value, isDetailed: true)
  }

  private func canJudge(
    _ value: Tensor<Float>, _ step: Step, madeOf input: Tensor<Float>
  ) -> Bool {
    guard input.shape != step.inherited.shape else { return true }
    // As many numbers in other places are the right ones, arranged otherwise (NCHW): what this layer
    // read is not to be seen from them.
    guard step.layer.reads(input.shape), input.count != step.inherited.count else { return false }
    return value.shape != step.reference.value.shape
      || value.shape == step.layer.outputShape(input: input.shape)
  }

  private func mismatch(
    _ value: Tensor<Float>, _ step: Step, input: Tensor<Float>
  ) -> ShapeMismatch? {
    ShapeMismatch(
      found: value.shape, of: step.layer, at: step.index, in: network.architecture,
      input: input.shape)
  }

  /// Largest |left - right| / (2 · bound).
  private func distance(
    _ left: Tensor<Float>, _ right: Tensor<Float>, bounds: Tensor<Double>
  ) -> Double {
    (0..<bounds.count).reduce(0) { largest, index in
      let difference = abs(Double(left[flat: index]) - Double(right[flat: index]))
      return max(largest, ErrorStatistics.ratio(difference, 2 * bounds[flat: index]))
    }
  }

  private func topClasses(
    logits: Tensor<Double>?, predictions: Tensor<Double>?, subject: Tensor<Float>?,
    golden: Tensor<Float>?
  ) -> [CaseRecord.TopClass] {
    guard let logits, let predictions else { return [] }
    return (0..<logits.shape[0]).map { n in
      let top = largest(logits, n)
      return CaseRecord.TopClass(
        reference: top, subject: subject.map { largest($0, n) },
        golden: golden.map { largest($0, n) },
        probability: predictions[flat: n * logits.shape[1] + top])
    }
  }

  /// The first class with the largest logit of image `n`.
  private func largest<Scalar: Comparable>(_ logits: Tensor<Scalar>, _ n: Int) -> Int {
    let row = n * logits.shape[1]..<(n + 1) * logits.shape[1]
    return row.reduce(row.lowerBound) { logits[flat: $1] > logits[flat: $0] ? $1 : $0 }
      - row.lowerBound
  }
}
