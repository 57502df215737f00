import Conformance

struct ConvolutionCase: AdversaryCase {
  var element: ConvolutionElement
  var evaluation: ConvolutionEvaluation
  let subject: ConvolutionSubject

  static func random(
    _ subject: ConvolutionSubject, _ generator: inout SplitMix64
  ) -> ConvolutionCase {
    let family = DataFamily.random(&generator)
    var evaluation = ConvolutionEvaluation.random(terms: subject.terms, &generator)
    // Data made for one sum, as often as not get it.
    if family.isLadder, Bool.random(using: &generator) {
      evaluation.tree.becomeChain(startingWithBias: family == .biasLadder)
      if family == .biasLadder { evaluation.form = .folded }
    }
    return ConvolutionCase(
      element: .random(
        family, terms: subject.terms, readsImage: subject.readsImage, &generator),
      evaluation: evaluation, subject: subject)
  }

  mutating func mutate(_ generator: inout SplitMix64) {
    if generator.next() & 3 == 0 {
      evaluation.mutate(&generator)
    } else {
      element.mutate(&generator)
    }
  }

  var ratio: Double? {
    guard let value = evaluation.value(of: element) else { return nil }
    return subject.ratio(of: value, element)
  }

  var name: String { evaluation.name }
}

struct LogitCase: AdversaryCase {
  var element: LogitElement
  var tree: SummationTree
  var arithmetic: Arithmetic
  let range: NumberRange

  static func random(
    terms: Int, range: NumberRange, _ generator: inout SplitMix64
  ) -> LogitCase {
    let family = DataFamily.random(&generator)
    let data = ConvolutionElement.random(family, terms: terms, readsImage: false, &generator)
    var tree = SummationTree.random(count: terms + 1, &generator)
    if family.isLadder, Bool.random(using: &generator) {
      tree.becomeChain(startingWithBias: family == .biasLadder)
    }
    return LogitCase(
      element: LogitElement(x: data.x, w: data.w, bias: data.beta), tree: tree,
      arithmetic: .random(&generator), range: range)
  }

  mutating func mutate(_ generator: inout SplitMix64) {
    let k = Int.random(in: element.x.indices, using: &generator)
    switch Int.random(in: 0..<8, using: &generator) {
    case 0, 1: tree.mutate(&generator)
    case 2: arithmetic = .random(&generator)
    case 3: element.bias.mutate(&generator)
    case 4, 5: element.x[k].mutate(&generator)
    case 6: element.w[k].mutate(&generator)
    default:
      for other in k..<Int.random(in: k...element.x.count, using: &generator) {
        (element.x[other], element.w[other]) = (element.x[k], element.w[k])
      }
    }
  }

  var ratio: Double? {
    let value = element.value(tree, arithmetic)
    return ShippedBound.ratio(of: value, element, range: range)
  }

  var name: String {
    let bias = tree.order.firstIndex(of: tree.order.count - 1) == 0 ? "bias first, " : ""
    return bias + (tree.isWide ? "wide" : tree.shape.name + ", " + tree.fusing.name)
      + (arithmetic == Arithmetic() ? "" : ", flushing")
  }
}

struct PoolCase: AdversaryCase {
  var x: [Float]
  var evaluation: PoolEvaluation
  let range: NumberRange

  static func random(
    positions: Int, range: NumberRange, _ generator: inout SplitMix64
  ) -> PoolCase {
    let family = DataFamily.random(&generator)
    let data = ConvolutionElement.random(family, terms: positions, readsImage: false, &generator)
    var x = family.isLadder || family == .mixed ? data.w : data.x
    if family == .tiny {
      x = x.map { _ in .random(exponents: -130...(-118), &generator).magnitude }
    }
    var tree = SummationTree.random(count: positions, &generator)
    if family.isLadder, Bool.random(using: &generator) {
      tree.becomeChain(startingWithBias: false)
    }
    return PoolCase(
      x: x,
      evaluation: PoolEvaluation(
        form: PoolEvaluation.Form.allCases.randomElement(using: &generator) ?? .division,
        tree: tree, arithmetic: .random(&generator),
        rows: factor(of: positions, &generator)), range: range)
  }

  private static func factor(of count: Int, _ generator: inout SplitMix64) -> Int {
    (1...count).filter { count % $0 == 0 }.randomElement(using: &generator) ?? 1
  }

  mutating func mutate(_ generator: inout SplitMix64) {
    let k = Int.random(in: x.indices, using: &generator)
    switch Int.random(in: 0..<8, using: &generator) {
    case 0: evaluation.tree.mutate(&generator)
    case 1: evaluation.arithmetic = .random(&generator)
    case 2:
      evaluation.form = PoolEvaluation.Form.allCases.randomElement(using: &generator) ?? .division
      evaluation.rows = Self.factor(of: x.count, &generator)
    case 3:
      for other in k..<Int.random(in: k...x.count, using: &generator) { x[other] = x[k] }
    default: x[k].mutate(&generator)
    }
  }

  var ratio: Double? {
    let value = evaluation.value(of: x)
    return ShippedBound.ratio(ofMean: value, x, range: range)
  }

  var name: String {
    let tree = evaluation.tree
    return evaluation.form.rawValue + ", " + (tree.isWide ? "wide" : tree.shape.name)
      + (evaluation.arithmetic == Arithmetic() ? "" : ", flushing")
  }
}

struct SoftmaxCase: AdversaryCase {
  var z: [Float]
  var evaluation: SoftmaxEvaluation
  let range: NumberRange

  static func random(
    classes: Int, range: NumberRange, _ generator: inout SplitMix64
  ) -> SoftmaxCase {
    var tree = SummationTree.random(count: classes, &generator)
    if Bool.random(using: &generator) { tree.becomeChain(startingWithBias: false) }
    return SoftmaxCase(
      z: logits(classes, &generator),
      evaluation: SoftmaxEvaluation(
        subtractsMaximum: Int.random(in: 0..<3, using: &generator) > 0,
        exponential: SoftmaxEvaluation.Exponential.allCases.randomElement(using: &generator)
          ?? .exp,
        steps: steps(classes, &generator), tree: tree,
        divides: .random(using: &generator), arithmetic: .random(&generator)), range: range)
  }

  private static func logits(_ classes: Int, _ generator: inout SplitMix64) -> [Float] {
    switch Int.random(in: 0..<6, using: &generator) {
    case 0: return (0..<classes).map { _ in .random(in: -5...5, using: &generator) }
    case 1: return (0..<classes).map { _ in .random(in: -120...60, using: &generator) }
    case 2:
      let level = Float.random(exponents: -10...13, &generator)
      return (0..<classes).map { _ in level + .random(in: -3...3, using: &generator) }
    case 3: return (0..<classes).map { _ in .random(exponents: -100...29, &generator) }
    default:
      // One class far above all others, each just over or under half a unit in the last place of 1.
      let level = Float.random(in: -20...20, using: &generator)
      var z = (0..<classes).map { _ in
        level - 16.64 + .random(in: -0.02...0.02, using: &generator)
      }
      z[0] = level
      return z
    }
  }

  /// All exponentials off in one direction but one.
  private static func steps(_ classes: Int, _ generator: inout SplitMix64) -> [Int] {
    let sign = Bool.random(using: &generator) ? 1 : -1
    var steps = [Int](repeating: -2 * sign, count: classes)
    steps[.random(in: 0..<classes, using: &generator)] = 2 * sign
    if Int.random(in: 0..<3, using: &generator) == 0 {
      steps = steps.map { _ in Int.random(in: -2...2, using: &generator) }
    }
    return steps
  }

  mutating func mutate(_ generator: inout SplitMix64) {
    let k = Int.random(in: z.indices, using: &generator)
    switch Int.random(in: 0..<10, using: &generator) {
    case 0: evaluation.tree.mutate(&generator)
    case 1: evaluation.arithmetic = .random(&generator)
    case 2: evaluation.divides.toggle()
    case 3: evaluation.subtractsMaximum.toggle()
    case 4:
      evaluation.exponential =
        SoftmaxEvaluation.Exponential.allCases.randomElement(using: &generator) ?? .exp
    case 5: evaluation.steps[k] = .random(in: -2...2, using: &generator)
    case 6:
      let shift = Float.random(exponents: -20...3, &generator)
      z = z.map { $0 + shift }
    case 7:
      for other in k..<Int.random(in: k...z.count, using: &generator) { z[other] = z[k] }
    default: z[k].mutate(&generator)
    }
  }

  var ratio: Double? {
    // Where float32 logits are as coarse as this, no bound says anything.
    guard z.allSatisfy({ abs($0) < 1e9 }) else { return nil }
    // Without the shift exponentials overflow, or all of them vanish.
    if !evaluation.subtractsMaximum, !z.allSatisfy({ abs($0) <= 60 }) { return nil }
    let values = evaluation.value(of: z)
    guard values.allSatisfy(\.isFinite) else { return nil }
    return ShippedBound.ratio(ofSoftmax: values, z, range: range)
  }

  var name: String {
    [
      evaluation.subtractsMaximum ? "shifted" : "unshifted", evaluation.exponential.rawValue,
      evaluation.tree.isWide ? "wide" : evaluation.tree.shape.name,
      evaluation.divides ? "division" : "reciprocal",
    ].joined(separator: ", ")
  }
}
