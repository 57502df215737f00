import Conformance

/// One way to add up n products in float32: the tree of the additions, the order of its leaves, and
/// which products are fused into the addition that takes them.
struct SummationTree: Hashable {
  enum Shape: Hashable {
    /// One accumulator.
    case sequential
    /// Halves of halves.
    case pairwise
    /// Accumulators that take turns, as lanes of vectors do.
    case blocked(lanes: Int, addsPairwise: Bool)
    /// Splits drawn at random, at most `reach` leaves from the left end.
    case random(seed: UInt64, reach: Int)
  }

  enum Fusing: Hashable {
    case never, always
    /// For some of the products.
    case some(seed: UInt64)
  }

  var shape: Shape
  var fusing: Fusing
  /// Terms in the order of the leaves.
  var order: [Int]
  /// Whether sums are in float64; products as well, unless ``fusing`` is never.
  var isWide: Bool

  /// Σ x w over the leaves, not yet rounded to float32 if the sum is a wide one.
  ///
  /// - Parameter skipsZeros: Whether terms with x = 0, padding, are left out.
  func sum(
    _ x: [Float], _ w: [Float], _ arithmetic: Arithmetic, skipsZeros: Bool = false
  ) -> Double {
    let leaves = skipsZeros ? order.filter { x[$0] != 0 } : order
    guard !leaves.isEmpty else { return 0 }
    if isWide {
      return leaves.reduce(0.0) {
        $0
          + (fusing == .never
            ? Double(arithmetic.product(x[$1], w[$1])) : Double(x[$1]) * Double(w[$1]))
      }
    }
    return x.withUnsafeBufferPointer { x in
      w.withUnsafeBufferPointer { w in
        leaves.withUnsafeBufferPointer { leaves in
          Double(
            Leaves(x: x, w: w, order: leaves, fusing: fusing, arithmetic: arithmetic).sum(shape))
        }
      }
    }
  }
}

/// The leaves of a tree while it is evaluated.
private struct Leaves {
  let x: UnsafeBufferPointer<Float>
  let w: UnsafeBufferPointer<Float>
  let order: UnsafeBufferPointer<Int>
  let fusing: SummationTree.Fusing
  let arithmetic: Arithmetic

  func sum(_ shape: SummationTree.Shape) -> Float {
    switch shape {
    case .sequential: sum(from: 0, step: 1)
    case .pairwise: sum(0, order.count) { ($0 + $1) / 2 }
    case .blocked(let lanes, let addsPairwise): blocked(lanes, addsPairwise)
    case .random(let seed, let reach):
      sum(0, order.count) { low, high in
        let span = UInt64(min(high - low - 1, reach))
        return low + 1 + Int(scramble(seed ^ UInt64(low << 20 | high)) % span)
      }
    }
  }

  @inline(__always)
  private func product(_ place: Int) -> Float {
    arithmetic.product(x[order[place]], w[order[place]])
  }

  @inline(__always)
  private func add(_ place: Int, to sum: Float) -> Float {
    arithmetic.multiplyAdd(x[order[place]], w[order[place]], sum, fuses: fuses(place))
  }

  @inline(__always)
  private func fuses(_ place: Int) -> Bool {
    switch fusing {
    case .never: false
    case .always: true
    case .some(let seed): scramble(seed ^ UInt64(place)) & 1 == 0
    }
  }

  private func sum(from first: Int, step: Int) -> Float {
    var sum = product(first)
    for place in stride(from: first + step, to: order.count, by: step) {
      sum = add(place, to: sum)
    }
    return sum
  }

  private func blocked(_ lanes: Int, _ addsPairwise: Bool) -> Float {
    var sums = (0..<min(lanes, order.count)).map { sum(from: $0, step: lanes) }
    while addsPairwise, sums.count > 1 {
      sums = stride(from: 0, to: sums.count, by: 2).map {
        $0 + 1 < sums.count ? arithmetic.sum(sums[$0], sums[$0 + 1]) : sums[$0]
      }
    }
    return sums.dropFirst().reduce(sums[0]) { arithmetic.sum($0, $1) }
  }

  private func sum(_ low: Int, _ high: Int, _ split: (Int, Int) -> Int) -> Float {
    guard high - low > 1 else { return product(low) }
    let middle = split(low, high)
    if high - middle == 1 { return add(middle, to: sum(low, middle, split)) }
    if middle - low == 1 { return add(low, to: sum(middle, high, split)) }
    return arithmetic.sum(sum(low, middle, split), sum(middle, high, split))
  }
}

/// Well-mixed bits (the finaliser of SplitMix64).
@inline(__always)
func scramble(_ value: UInt64) -> UInt64 {
  var z = value &+ 0x9e37_79b9_7f4a_7c15
  z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
  z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
  return z ^ (z >> 31)
}

extension SummationTree {
  /// A tree over `count` terms.
  static func random(count: Int, _ generator: inout SplitMix64) -> SummationTree {
    var order = Array(0..<count)
    switch Int.random(in: 0..<4, using: &generator) {
    case 0: order.reverse()
    case 1: order.shuffle(using: &generator)
    // The last term, where there is a bias it, comes first.
    case 2 where count > 1: order.insert(order.removeLast(), at: 0)
    default: break
    }
    return SummationTree(
      shape: .random(count: count, &generator), fusing: .random(&generator), order: order,
      isWide: Int.random(in: 0..<12, using: &generator) == 0)
  }

  /// One accumulator that takes the terms in their order, the bias first or last.
  mutating func becomeChain(startingWithBias: Bool) {
    shape = .sequential
    isWide = false
    order = Array(order.indices)
    if startingWithBias { order.insert(order.removeLast(), at: 0) }
  }

  /// Changes one property.
  mutating func mutate(_ generator: inout SplitMix64) {
    switch Int.random(in: 0..<6, using: &generator) {
    case 0: shape = .random(count: order.count, &generator)
    case 1: fusing = .random(&generator)
    case 2: isWide = Int.random(in: 0..<8, using: &generator) == 0
    case 3: move(&generator)
    default: swap(&generator)
    }
  }

  private mutating func swap(_ generator: inout SplitMix64) {
    order.swapAt(
      .random(in: order.indices, using: &generator), .random(in: order.indices, using: &generator))
  }

  /// Takes a term, as often as not the bias, to another place, as often as not the first.
  private mutating func move(_ generator: inout SplitMix64) {
    let bias = order.firstIndex(of: order.count - 1) ?? 0
    let from =
      Bool.random(using: &generator) ? bias : .random(in: order.indices, using: &generator)
    let term = order.remove(at: from)
    let to = Bool.random(using: &generator) ? 0 : Int.random(in: 0...order.count, using: &generator)
    order.insert(term, at: to)
  }
}

extension SummationTree.Shape {
  static func random(count: Int, _ generator: inout SplitMix64) -> Self {
    switch Int.random(in: 0..<5, using: &generator) {
    case 0, 1: .sequential
    case 2: .pairwise
    case 3:
      .blocked(
        lanes: [2, 3, 4, 6, 8, 16, 32, 64].randomElement(using: &generator) ?? 4,
        addsPairwise: .random(using: &generator))
    default:
      .random(
        seed: generator.next(),
        reach: [1, 2, 4, count].randomElement(using: &generator) ?? count)
    }
  }

  /// For the table.
  var name: String {
    switch self {
    case .sequential: "sequential"
    case .pairwise: "pairwise"
    case .blocked(let lanes, _): "\(lanes) lanes"
    case .random: "random tree"
    }
  }
}

extension SummationTree.Fusing {
  static func random(_ generator: inout SplitMix64) -> Self {
    switch Int.random(in: 0..<3, using: &generator) {
    case 0: .never
    case 1: .always
    default: .some(seed: generator.next())
    }
  }

  /// For the table.
  var name: String {
    switch self {
    case .never: "no FMA"
    case .always: "FMA"
    case .some: "some FMA"
    }
  }
}
