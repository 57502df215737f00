import Conformance
import MobileNet

/// A kind of layer for the adversary to work on.
struct AdversaryKind: Sendable, CustomStringConvertible {
  let description: String
  /// How near the bound a short search has to come, or the bound says little.
  let nearness: Double
  /// For a short search.
  let evaluations: Int
  let search: @Sendable (inout Adversary, _ evaluations: Int) -> Finding

  /// All of them; the last in cases that underflow decides.
  static let all = first + convolutions + products + logits + pools + softmaxes + withUnderflow

  private static let convolutions = [1, 2, 4, 9, 24, 96, 384, 768].map {
    convolution(terms: $0, range: .normal, nearness: 0.9)
  }

  /// Those in which the bias is too small to matter: what the bound says of products.
  private static let products = [1, 9, 96, 768].map {
    convolution(terms: $0, range: .normal, isOfProducts: true, nearness: 0.5)
  }

  private static let logits = [1, 9, 96, 768].map {
    logit(terms: $0, range: .normal, nearness: 0.9)
  }

  private static let pools = [1, 2, 3, 4, 6, 9, 14, 16, 21, 49, 56].map {
    // A mean over one position is exact.
    pool(positions: $0, range: .normal, nearness: [1: 0, 2: 0.3][$0] ?? 0.4)
  }

  private static let softmaxes = [2, 10, 1001].map {
    softmax(classes: $0, range: .normal, nearness: $0 > 100 ? 0.6 : 0.3)
  }

  private static let withUnderflow =
    [1, 9, 24].map { convolution(terms: $0, range: .subnormal, nearness: 0.05) }
    + [logit(terms: 9, range: .subnormal, nearness: 0.05)]
    + [1, 3, 14].map { pool(positions: $0, range: .subnormal, nearness: 0.2) }
    + [softmax(classes: 10, range: .subnormal, nearness: 0.3)]

  private static func convolution(
    terms: Int, range: NumberRange, isOfProducts: Bool = false, nearness: Double
  ) -> AdversaryKind {
    let kind = terms == 9 ? "depthwise" : "pointwise, \(terms) terms"
    return convolution(
      kind, ConvolutionSubject(terms: terms, range: range, isOfProducts: isOfProducts),
      nearness: nearness)
  }

  /// The first layer.
  private static let first = [false, true].map {
    convolution(
      "first layer",
      ConvolutionSubject(terms: 27, readsImage: true, range: .normal, isOfProducts: $0),
      nearness: 0.5)
  }

  private static func convolution(
    _ name: String, _ subject: ConvolutionSubject, nearness: Double
  ) -> AdversaryKind {
    AdversaryKind(
      description: name + (subject.isOfProducts ? ", products only" : "") + subject.range.suffix,
      nearness: nearness, evaluations: 6000
    ) { adversary, evaluations in
      adversary.search(evaluations: evaluations) { ConvolutionCase.random(subject, &$0) }
    }
  }

  private static func logit(terms: Int, range: NumberRange, nearness: Double) -> AdversaryKind {
    AdversaryKind(
      description: "logit, \(terms) terms" + range.suffix, nearness: nearness, evaluations: 6000
    ) { adversary, evaluations in
      adversary.search(evaluations: evaluations) {
        LogitCase.random(terms: terms, range: range, &$0)
      }
    }
  }

  private static func pool(
    positions: Int, range: NumberRange, nearness: Double
  ) -> AdversaryKind {
    AdversaryKind(
      description: "pool, \(positions) positions" + range.suffix, nearness: nearness,
      evaluations: 6000
    ) { adversary, evaluations in
      adversary.search(evaluations: evaluations) {
        PoolCase.random(positions: positions, range: range, &$0)
      }
    }
  }

  private static func softmax(
    classes: Int, range: NumberRange, nearness: Double
  ) -> AdversaryKind {
    AdversaryKind(
      description: "softmax, \(classes) classes" + range.suffix, nearness: nearness,
      evaluations: classes > 100 ? 2000 : 6000
    ) { adversary, evaluations in
      adversary.search(evaluations: evaluations) {
        SoftmaxCase.random(classes: classes, range: range, &$0)
      }
    }
  }
}

extension NumberRange {
  fileprivate var suffix: String { self == .subnormal ? ", underflow" : "" }
}
