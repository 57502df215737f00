import Conformance
import Foundation
import Golden
import MobileNet
import Reference
import Testing

/// An adversary draws evaluations from the whole admitted class, and data to go with them, and climbs
/// to the largest |error| / bound. No bound may ever be exceeded; a bound that nothing comes near says
/// nothing.
///
/// With `ASSAY_ADVERSARY_SECONDS` the search goes on for that long, shared out evenly, and prints a
/// table. `ASSAY_ADVERSARY_SEED` changes its course; `ASSAY_CHECKPOINTS`, paths of `parameters.h5`
/// with colons in between, adds trained weights.
@Suite(.serialized) struct AdversaryTests {
  @Test(arguments: AdversaryKind.all)
  func `no admitted evaluation exceeds its bound, some come near`(kind: AdversaryKind) {
    let finding = Effort.current.search(kind)
    #expect(finding.ratio <= 1, "\(finding.name)")
    #expect(finding.ratio >= kind.nearness, "\(finding.name)")
  }

  @Test(arguments: [Convolution.Kind.standard, .depthwise, .pointwise])
  func `nor with trained weights`(kind: Convolution.Kind) throws {
    for path in try Effort.parameterFiles() {
      let folder = URL(filePath: path).deletingLastPathComponent().lastPathComponent
      let elements = TrainedElements(parameters: try ParametersFile(reading: path).parameters)
      let finding = Effort.current.search(
        AdversaryKind(
          description: "\(kind.rawValue), \(folder)", nearness: 0, evaluations: 5000
        ) { adversary, evaluations in
          adversary.search(evaluations: evaluations) { elements.random(kind, &$0) }
        })
      #expect(finding.ratio <= 1, "\(finding.name)")
      #expect(finding.ratio > 0.1, "\(finding.name)")
    }
  }

  @Test func `single elements are judged as whole layers are`() throws {
    let parameters = try ParametersFile(reading: Effort.parameterFiles()[0]).parameters
    let reference = ReferenceNetwork<Double>(parameters: parameters)
    var generator = SplitMix64(seed: Effort.current.seed)
    for (index, layer) in parameters.architecture.layers.enumerated()
    where layer.convolution != nil {
      let whole = WholeLayer(parameters, reference, index: index, &generator)
      for _ in 0..<20 {
        let flat = Int.random(in: 0..<whole.bounds.count, using: &generator)
        let element = whole.element(flat)
        let subject = ConvolutionSubject(
          terms: element.x.count, readsImage: element.readsImage, range: .any)
        let evaluation = ConvolutionEvaluation.random(terms: element.x.count, &generator)
        let value = try #require(evaluation.value(of: element))
        let bound = whole.bounds[flat: flat]
        #expect(abs(subject.bound(of: element) / bound - 1) < 1e-9)
        #expect(abs(element.exact - whole.evaluation.preActivation[flat: flat]) <= 1e-6 * bound)
        #expect(abs(Double(value) - element.exact) <= bound, "\(evaluation.name)")
      }
    }
  }

  @Test(arguments: OutsideEvaluation.allCases)
  func `what is outside the class is found out`(evaluation: OutsideEvaluation) {
    var adversary = Adversary(seed: Effort.current.seed)
    let subject = ConvolutionSubject(terms: 9, range: .normal)
    let finding = adversary.search(evaluations: 5000) {
      OutsideCase(tile: .random(terms: 9, &$0), evaluation: evaluation, subject: subject)
    }
    #expect(finding.ratio > 1)
  }

  @Test func `a bound that forgets the bias is found out`() {
    var adversary = Adversary(seed: Effort.current.seed)
    let finding = adversary.search(evaluations: 20_000) {
      FormerBoundCase(current: .random(ConvolutionSubject(terms: 27, range: .normal), &$0))
    }
    #expect(finding.ratio > 1)
    #expect(finding.name.contains("folded"))
  }
}

/// How long to search, and from where.
private struct Effort {
  let seed: UInt64
  /// For the whole table, if it is asked for.
  let seconds: Double?

  static let current = Effort(environment: ProcessInfo.processInfo.environment)

  private init(environment: [String: String]) {
    seed = environment["ASSAY_ADVERSARY_SEED"].flatMap(UInt64.init) ?? 1
    seconds = environment["ASSAY_ADVERSARY_SECONDS"].flatMap(Double.init)
  }

  /// The embedded stand-in, and what the environment names.
  static func parameterFiles() throws -> [String] {
    let named = ProcessInfo.processInfo.environment["ASSAY_CHECKPOINTS"] ?? ""
    let embedded = try DefaultGolden.directory() + "/parameters.h5"
    return [embedded] + named.split(separator: ":").map(String.init)
  }

  func search(_ kind: AdversaryKind) -> Finding {
    var adversary = Adversary(seed: seed)
    var finding = kind.search(&adversary, kind.evaluations)
    guard let seconds else { return finding }
    let end = Date.now + seconds / Double(AdversaryKind.all.count + 3)
    while Date.now < end { finding.merge(kind.search(&adversary, kind.evaluations)) }
    print(finding.row(kind.description))
    return finding
  }
}

extension Finding {
  fileprivate func row(_ kind: String) -> String {
    let figures = String(format: "%8.6f %10d of %10d", ratio, foundAfter, evaluations)
    return kind.padding(toLength: 42, withPad: " ", startingAt: 0) + figures + "  " + name
  }
}
