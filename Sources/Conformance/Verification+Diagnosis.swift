import Golden
import MobileNet
import Reference

extension Verification {
  /// Looks for the known mistakes that explain a divergence: on the probe, and on the case that
  /// shows it most clearly.
  func diagnose(_ divergence: FirstDivergence, _ goldens: [GoldenFile]) throws -> Diagnosis? {
    guard divergence.isDiagnosable else { return nil }
    guard let (index, layer) = network.architecture.layer(divergence.endPoint) else {
      return try diagnoseTraining(divergence, goldens)
    }
    var observations: [(input: Tensor<Float>, output: Tensor<Float>)] = []
    let probe = Probe.input(for: layer, at: index)
    var isRepeatable = true
    if let output = try subject.output(layer: index, input: probe),
      output.shape == layer.outputShape(input: probe.shape)
    {
      observations.append((probe, output))
      if let again = try subject.output(layer: index, input: probe) {
        isRepeatable = again.hasSameBits(as: output)
      }
    }
    if divergence.caseName == Probe.wideCaseName, let wide = Probe.wideInput(for: layer, at: index),
      let output = try subject.output(layer: index, input: wide)
    {
      observations.append((wide, output))
    }
    if let file = goldens.first(where: { $0.caseNames.contains(divergence.caseName) }) {
      let golden = try file.readCase(divergence.caseName)
      // Of another shape, there is nothing to compare.
      if let observation = try observation(golden, layer: index),
        layer.reads(observation.input.shape),
        observation.output.shape == layer.outputShape(input: observation.input.shape)
      {
        observations.append(observation)
      }
    }
    guard !observations.isEmpty else { return nil }
    let diagnosis = Hypotheses(
      parameters: parameters, layer: index,
      healthy: observations.map { isolated(index, $0.input) }, profile: profile
    ).diagnose(observations.map(\.output), isRepeatable: isRepeatable)
    return try diagnosis.map { try askingNextLayer($0, index, divergence, goldens) }
  }

  private func isolated(_ index: Int, _ input: Tensor<Float>) -> IsolatedLayer {
    IsolatedLayer(
      network, layer: index, input: input, declared: subject.identity.arithmetic ?? [])
  }

  /// Tells an end point that was taken before its ReLU6 from a layer that has none.
  ///
  /// Both show the same values. But the layer behind reads clamped values in the one case and these very
  /// values in the other; where it shows which, that is the cause.
  private func askingNextLayer(
    _ diagnosis: Diagnosis, _ index: Int, _ divergence: FirstDivergence, _ goldens: [GoldenFile]
  ) throws -> Diagnosis {
    let unclamped = MissingActivation()
    guard let place = diagnosis.causes.firstIndex(where: { $0.fault == unclamped.name }),
      let file = goldens.first(where: { $0.caseNames.contains(divergence.caseName) }),
      network.architecture.layers.indices.contains(index + 1)
    else { return diagnosis }
    let golden = try file.readCase(divergence.caseName)
    let chain = try subject.endPoints(case: golden.name, images: golden.images)
    let endPoints = network.architecture.endPoints
    // Of another shape, there is nothing to compare.
    let shape = network.architecture.shapes(images: golden.images.shape)[index]
    guard let tap = chain[endPoints[index]], tap.shape == shape,
      let next = chain[endPoints[index + 1]]
    else { return diagnosis }
    // The layer behind may be tapped before its ReLU6 as well.
    let withoutClamp = unclamped.script(parameters, layer: index + 1)
    func follows(_ input: Tensor<Float>) -> Bool {
      let sound = isolated(index + 1, input)
      guard next.shape == sound.evaluation.output.shape else { return false }
      return sound.explains(next, profile)
        || (sound.layer.convolution != nil
          && IsolatedLayer(withoutClamp, input: input).explains(next, profile))
    }
    let (isClamped, isNot) = (follows(Operations.relu6(tap)), follows(tap))
    guard isClamped != isNot, isClamped else { return diagnosis }
    var result = diagnosis
    result.causes[place] = Diagnosis.Cause(
      fault: "tap-before-relu6",
      summary: "an end point taken before ReLU6, which the layer behind it has read",
      evidence: .reproduces)
    return result
  }

  /// The same for a point of a training step, on the case that shows it.
  private func diagnoseTraining(
    _ divergence: FirstDivergence, _ goldens: [GoldenFile]
  ) throws -> Diagnosis? {
    guard let trainingSubject else { return nil }
    for golden in goldens where golden.kind == .training {
      let file = try TrainingFile(reading: golden.path)
      guard file.caseNames.contains(divergence.caseName) else { continue }
      let stored = try file.readCase(divergence.caseName)
      let batch = try TrainingBatch(stored.batch, parameters.architecture)
      let options = TrainingOptions(stored.settings)
      // Of another shape, there is nothing to compare.
      let shapes = TrainingNetwork<Double>(parameters: parameters).step(
        try batch.wide(parameters.architecture), options
      ).points(of: parameters.architecture).mapValues(\.shape)
      let shown = try trainingSubject.step(batch, options)
        .filter { $0.value.shape == shapes[$0.key] }
      guard shown[divergence.endPoint] != nil else { return nil }
      return try TrainingHypotheses(
        parameters: parameters, batch: batch, options: options, profile: profile
      ).diagnose(divergence.endPoint, shown)
    }
    return nil
  }

  /// What a layer read and yielded in a case.
  private func observation(
    _ golden: GoldenCase, layer index: Int
  ) throws -> (input: Tensor<Float>, output: Tensor<Float>)? {
    let endPoints = network.architecture.endPoints
    let given = index == 0 ? golden.images : golden.activations[endPoints[index - 1]]
    if let given, let output = try subject.output(layer: index, input: given) {
      return (given, output)
    }
    let chain = try subject.endPoints(case: golden.name, images: golden.images)
    let own = index == 0 ? golden.images : chain[endPoints[index - 1]]
    guard let own, let output = chain[endPoints[index]] else { return nil }
    return (own, output)
  }
}
