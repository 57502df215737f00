import Conformance
import MobileNet

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
  /// Which known mistakes explain it; `nil` if none was looked for or found.
  let cause: CauseView?
  /// Shows the worst element and what it is made of; `nil` if `assay explain` cannot.
  let command: String?

  /// The diagnosis in words.
  struct CauseView {
    let title: String
    let summaries: [String]
    let about: String

    init?(_ diagnosis: Diagnosis) {
      guard let first = diagnosis.causes.first else { return nil }
      title = diagnosis.isCertain ? "Cause" : "Likely cause"
      let shown = diagnosis.causes.prefix(3).map { $0.summary.shortened(to: 120) }
      let more = diagnosis.causes.count - shown.count
      summaries = shown + (more > 0 ? ["\(more) more"] : [])
      about =
        first.evidence == .resembles
        ? "The errors are much like those of plain loops with this loss of precision."
        : diagnosis.isCertain
          ? "The reference with this mistake, and with no other that is known, yields the subject's "
            + "result."
          : "The reference with this mistake yields the subject's result."
    }
  }

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

  init(
    _ divergence: FirstDivergence, _ record: ConformanceRecord, _ words: PageWords,
    layers: [LayerDigest]
  ) {
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
    consequence = layer.map { Self.consequence(after: $0, in: layers, words) } ?? ""
    worst = divergence.worst.map { ElementView($0, caseName: divergence.caseName) }
    cause = record.verdict.diagnosis.flatMap(CauseView.init)
    command = divergence.worst.flatMap { worst in
      record.cases.firstIndex { $0.name == divergence.caseName }.flatMap {
        record.copyableCommand(case: $0, endPoint: divergence.endPoint, at: worst.index)
      }
    }
  }

  /// How the layers before and after the first divergence fare.
  private static func consequence(
    after layer: LayerDigest, in layers: [LayerDigest], _ words: PageWords
  ) -> String {
    let earlier = layers[..<layer.index]
    let later = layers[(layer.index + 1)...]
    let own = later.filter(\.failsByItself).count
    let inherited = later.filter { !$0.failsByItself && !$0.summary.status.conforms }.count
    var sentences: [String] = []
    if !earlier.isEmpty {
      let failing = earlier.filter { !$0.summary.status.conforms }.count
      sentences.append(
        failing == 0
          ? "\(Wording.count(earlier.count, words.layer, words.layers)) before it "
            + "\(earlier.count == 1 ? "passes" : "pass")."
          : "\(failing) of \(earlier.count) \(words.layers) before it do not pass either, but only "
            + "in the chain or for want of proof.")
    }
    if !later.isEmpty {
      let chain = "\(inherited) \(inherited == 1 ? "does" : "do") not pass in the chain only, "
      let alone = own == 0 ? "none fails" : own == 1 ? "1 fails" : "\(own) fail"
      sentences.append(
        "Of \(Wording.count(later.count, words.layer, words.layers)) after it, \(chain)"
          + "which may be its consequence; \(alone) by \(own > 1 ? "themselves" : "itself").")
    }
    return sentences.joined(separator: " ")
  }
}

/// One element of a comparison, bit by bit.
struct ElementView {
  let place: String
  let index: String
  let value: String
  let valueBits: String
  let reference: String
  let referenceBits: String
  let difference: String
  let ulp: String
  let bound: String?
  let boundShare: String?
  let sigma: String?
  let sigmas: String?

  init(_ element: ErrorStatistics.Element, caseName: String) {
    index = "[\(element.index.map(String.init).joined(separator: ", "))]"
    place = "\(index) in case \(caseName.shortened(to: 60))"
    value = Wording.exact(element.value)
    valueBits = Wording.bits(element.value)
    reference = Wording.exact(element.reference)
    referenceBits = Wording.bits(element.reference)
    let error = element.value - element.reference
    difference = Wording.figure(error)
    ulp = Wording.figure(abs(error) / Self.ulp(element.reference))
    bound = element.bound.map { Wording.figure($0) }
    boundShare = element.bound.map { Wording.figure(Self.ratio(error, $0)) }
    sigma = element.sigma.map { Wording.figure($0) }
    sigmas = element.sigma.map { Wording.figure(Self.ratio(error, $0)) }
  }

  private static func ratio(_ error: Double, _ scale: Double) -> Double {
    error == 0 ? 0 : abs(error) / scale
  }

  /// Spacing of float32 numbers around `value`.
  private static func ulp(_ value: Double) -> Double {
    Double(max(abs(Float(value)), .leastNormalMagnitude).ulp)
  }
}

extension ConformanceRecord {
  /// The command that explains an element, unless a page cannot show it as it would have to be typed.
  func copyableCommand(case index: Int, endPoint: EndPoint, at coordinates: [Int]) -> String? {
    explainCommand(case: index, endPoint: endPoint, at: coordinates).flatMap { command in
      let isTypable = command.unicodeScalars.allSatisfy {
        $0 != "\n" && $0 != "\t" && !HTMLEscaping.mustBeNamed($0)
      }
      return isTypable && command.utf8.count <= 1000 ? command : nil
    }
  }
}
