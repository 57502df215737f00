import Golden
import MobileNet
import Reference

/// One golden case with everything that does not depend on the mistake: computed once, used for every
/// fault in every layer.
struct MatrixCase: Sendable {
  let golden: GoldenCase
  /// What every layer is fed by itself.
  let inputs: [Tensor<Float>]
  /// The reference's chain after every layer.
  let reference: [ChainState]
  /// What every layer is fed in the chain of the subject without a mistake.
  let chain: [Tensor<Float>]
  /// The reference's logits.
  let logits: Tensor<Double>

  init(
    _ golden: GoldenCase, network: ReferenceNetwork<Double>, probe: ReferenceNetwork<Float>,
    base: any Subject
  ) throws {
    let layers = network.architecture.layers
    var state = ChainState(images: golden.images)
    var current = golden.images
    var (inputs, chain) = ([Tensor<Float>](), [Tensor<Float>]())
    var reference: [ChainState] = []
    var logits = Tensor<Double>(shape: [0], scalars: [])
    for (index, layer) in layers.enumerated() {
      let given = index == 0 ? golden.images : golden.activations[layers[index - 1].endPoint]
      inputs.append(given ?? Tensor(state.value))
      chain.append(current)
      _ = state.advance(through: layer, at: index, of: network, probe: probe)
      reference.append(state)
      if layer.isLogits { logits = state.value }
      guard let output = try base.output(layer: index, input: current) else {
        throw FaultError.noSingleLayers(subject: base.identity.name)
      }
      current = output
    }
    self.golden = golden
    self.inputs = inputs
    self.reference = reference
    self.chain = chain
    self.logits = logits
  }

  /// What customary checks say of a subject's logits.
  func usualChecks(_ values: Tensor<Float>) -> FaultRecord.UsualChecks {
    FaultRecord.UsualChecks(values, reference: logits)
  }
}

extension FaultRecord.UsualChecks {
  /// - Parameters:
  ///   - values: A subject's logits, `[batch, classes]`.
  ///   - reference: The reference's.
  init(_ values: Tensor<Float>, reference: Tensor<Double>) {
    let classes = reference.shape[1]
    for n in 0..<reference.shape[0] {
      let row = n * classes..<(n + 1) * classes
      var (dot, left, right) = (0.0, 0.0, 0.0)
      for k in row {
        let (value, exact) = (Double(values[flat: k]), reference[flat: k])
        dot += value * exact
        left += value * value
        right += exact * exact
        if !(abs(value - exact) <= 1e-5 + 1e-3 * abs(exact)) { allClose = true }
      }
      if !(dot / (left * right).squareRoot() >= 0.999) { cosine = true }
      let top = row.max { reference[flat: $0] < reference[flat: $1] }
      if top != row.max(by: { values[flat: $0] < values[flat: $1] }) { topClass = true }
    }
  }
}
