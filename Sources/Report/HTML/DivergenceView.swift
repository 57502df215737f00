import Conformance

/// Where the subject first goes wrong, and what follows from it.
struct DivergenceView {
  /// The layer's section; `nil` if it has none.
  let anchor: String?
  let endPoint: String
  let gate: String
  let status: StatusView
  let criterion: CriterionView?
  let note: String?
  let shownBy: String
  let consequence: String
  let worst: ElementView?

  struct CriterionView {
    let measure: String
    let value: String
    let limit: String
    /// How many times the limit; `nil` if the limit holds.
    let share: String?

    init(_ criterion: GateResult.Criterion) {
      measure = criterion.measure.shortened(to: 120)
      value = Wording.figure(criterion.value)
      limit = Wording.figure(criterion.limit)
      let ratio = criterion.value / criterion.limit
      share = ratio > 1 && ratio.isFinite ? Wording.share(ratio) : nil
    }
  }

  init(_ divergence: FirstDivergence, _ record: ConformanceRecord, layers: [LayerDigest]) {
    let layer = layers.first { $0.summary.name == divergence.endPoint }
    anchor = layer?.anchor
    endPoint = divergence.endPoint.rawValue.shortened(to: 60)
    gate = "\(divergence.gate.rawValue), \(divergence.gate.title)"
    status = StatusView(divergence.status)
    criterion = divergence.criterion.map(CriterionView.init)
    note = divergence.note?.shortened(to: 300)
    shownBy =
      "Shown by \(divergence.caseCount) of \(Wording.count(record.cases.count, "case", "cases")), "
      + "most clearly by \(divergence.caseName.shortened(to: 60))."
    consequence = layer.map { Self.consequence(after: $0, in: layers) } ?? ""
    worst = divergence.worst.map {
      ElementView($0, caseName: divergence.caseName, comparison: divergence.gate.title)
    }
  }

  /// How the layers after the first divergence fare.
  private static func consequence(after layer: LayerDigest, in layers: [LayerDigest]) -> String {
    let earlier = layers[..<layer.index]
    let later = layers[(layer.index + 1)...]
    let own = later.filter(\.failsByItself).count
    let inherited = later.filter { !$0.failsByItself && !$0.summary.status.conforms }.count
    var sentences: [String] = []
    if !earlier.isEmpty {
      let failing = earlier.filter { !$0.summary.status.conforms }.count
      sentences.append(
        failing == 0
          ? "\(Wording.count(earlier.count, "layer before it passes", "layers before it pass"))."
          : "\(failing) of \(earlier.count) layers before it do not pass either, but only "
            + "in the chain or for want of proof.")
    }
    if !later.isEmpty {
      let chain = "\(inherited) \(inherited == 1 ? "does" : "do") not pass in the chain only, "
      let alone = own == 0 ? "none fails" : own == 1 ? "1 fails" : "\(own) fail"
      sentences.append(
        "Of \(Wording.count(later.count, "layer", "layers")) after it, \(chain)"
          + "which may be its consequence; \(alone) by \(own > 1 ? "themselves" : "itself").")
    }
    return sentences.joined(separator: " ")
  }
}

/// One element of a comparison, bit by bit.
struct ElementView {
  let place: String
  let caseName: String
  let comparison: String
  let index: String
  let value: String
  let valueBits: String
  let reference: String
  let referenceBits: String
  let difference: String
  let ulps: String
  let bound: String?
  let boundShare: String?
  let sigma: String?
  let sigmas: String?

  init(_ element: ErrorStatistics.Element, caseName: String, comparison: String) {
    self.caseName = caseName.shortened(to: 60)
    self.comparison = comparison
    index = "[\(element.index.map(String.init).joined(separator: ", "))]"
    place = "\(index) in case \(caseName.shortened(to: 60))"
    value = Wording.exact(element.value)
    valueBits = Wording.bits(element.value)
    reference = Wording.exact(element.reference)
    referenceBits = Wording.bits(element.reference)
    let error = element.value - element.reference
    difference = Wording.figure(error)
    ulps = "\(Wording.figure(abs(error) / Self.ulp(element.reference))) ulp"
    bound = element.bound.map { Wording.figure($0) }
    boundShare = element.bound.map { "\(Wording.figure(Self.ratio(error, $0))) bounds" }
    sigma = element.sigma.map { Wording.figure($0) }
    sigmas = element.sigma.map { "\(Wording.figure(Self.ratio(error, $0))) σ" }
  }

  private static func ratio(_ error: Double, _ scale: Double) -> Double {
    error == 0 ? 0 : abs(error) / scale
  }

  /// Spacing of float32 numbers around `value`.
  private static func ulp(_ value: Double) -> Double {
    Double(max(abs(Float(value)), .leastNormalMagnitude).ulp)
  }
}
