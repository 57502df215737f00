import Conformance
import Foundation

/// Where a search starts: families of data of which rounding errors are made.
enum DataFamily: CaseIterable {
  /// Of one magnitude.
  case plain
  /// Magnitudes from 1e-30 to 1e30, all in one sum.
  case mixed
  /// The second half of the products undoes the first, and the mean what is left.
  case cancelling
  /// One term near 1, all others just over half a unit in its last place.
  case ladder
  /// The bias near 1, all products just over half a unit in its last place.
  case biasLadder
  /// Sums, scales or weights near the smallest normal number.
  case tiny
  /// A scale below the smallest normal number, of products so large that it matters.
  case subnormalScale
  /// z near the mean, β far from both, or near 0.
  case nearMean
}

extension DataFamily {
  /// Any of them, the ladders more often than the others: they come nearest.
  static func random(_ generator: inout SplitMix64) -> DataFamily {
    switch Int.random(in: 0..<5, using: &generator) {
    case 0: .ladder
    case 1: .biasLadder
    default: allCases.randomElement(using: &generator) ?? .plain
    }
  }

  /// Whether a chain that takes the terms in their order is the worst for such data.
  var isLadder: Bool { self == .ladder || self == .biasLadder }
}

extension Float {
  /// A float of either sign, its magnitude log-uniform in 2^low…2^high.
  static func random(exponents: ClosedRange<Double>, _ generator: inout SplitMix64) -> Float {
    let magnitude = Float(Foundation.exp2(Double.random(in: exponents, using: &generator)))
    return Bool.random(using: &generator) ? magnitude : -magnitude
  }

  /// Half a unit in the last place of 1 to 2, and a little more.
  static func step(_ generator: inout SplitMix64) -> Float {
    0x1p-24 * (1 + Float(Int.random(in: 1...64, using: &generator)) * 0x1p-23)
  }

  /// Changes this number by some units in the last place, by a factor, or to another number.
  mutating func mutate(_ generator: inout SplitMix64) {
    switch Int.random(in: 0..<8, using: &generator) {
    case 0: self = -self
    case 1: self *= Float(Foundation.exp2(Double.random(in: -2...2, using: &generator)))
    case 2: self *= Bool.random(using: &generator) ? 2 : 0.5
    case 3: self = .random(exponents: -24...2, &generator)
    case 4: self = self.nearPowerOfTwo(&generator)
    default:
      let steps = 1 << Int.random(in: 0...20, using: &generator)
      let bits = bitPattern & 0x7fff_ffff
      let moved = Int64(bits) + Int64(Bool.random(using: &generator) ? steps : -steps)
      guard moved > 0, moved < 0x7f80_0000 else { return }
      let magnitude = Float(bitPattern: UInt32(moved))
      self = sign == .minus ? -magnitude : magnitude
    }
  }

  /// Just over a power of two, where a rounding error is largest in comparison.
  private func nearPowerOfTwo(_ generator: inout SplitMix64) -> Float {
    guard isNormal else { return self }
    let ulps = Float(Int.random(in: -3...40, using: &generator))
    return Float(sign: sign, exponent: exponent, significand: 1 + ulps * 0x1p-23)
  }
}

extension ConvolutionElement {
  static func random(
    _ family: DataFamily, terms: Int, readsImage: Bool, _ generator: inout SplitMix64
  ) -> ConvolutionElement {
    var element = plain(terms: terms, readsImage: readsImage, &generator)
    switch family {
    case .plain: break
    case .mixed: element.mix(&generator)
    case .cancelling: element.cancel(&generator)
    case .ladder: element.climb(fromBias: false, &generator)
    case .biasLadder: element.climb(fromBias: true, &generator)
    case .tiny: element.shrink(&generator)
    case .subnormalScale: element.shrinkScale(&generator)
    case .nearMean: element.approachMean(&generator)
    }
    if !readsImage, !family.isLadder { element.pad(&generator) }
    if readsImage { element.x = element.x.map { min(abs($0), 1) } }
    return element
  }

  private static func plain(
    terms: Int, readsImage: Bool, _ generator: inout SplitMix64
  ) -> ConvolutionElement {
    let magnitude = Float(Foundation.exp2(Double.random(in: -8...8, using: &generator)))
    return ConvolutionElement(
      x: (0..<terms).map { _ in .random(in: 0...1, using: &generator) },
      w: (0..<terms).map { _ in .random(in: -1...1, using: &generator) * magnitude },
      gamma: .random(exponents: -4...4, &generator), beta: .random(in: -5...5, using: &generator),
      mean: .random(in: -2...2, using: &generator) * magnitude,
      variance: Int.random(in: 0..<6, using: &generator) == 0
        ? 3.9e-35 : .random(exponents: -10...8, &generator).magnitude,
      readsImage: readsImage)
  }

  private mutating func mix(_ generator: inout SplitMix64) {
    for k in x.indices {
      let power = Double.random(in: -100...100, using: &generator)
      x[k] = .random(exponents: power...power, &generator)
      let other = Double.random(
        in: max(-100, -100 - power)...min(100, 100 - power), using: &generator)
      w[k] = .random(exponents: other...other, &generator)
    }
    mean = .random(exponents: -100...100, &generator)
    gamma = .random(exponents: -100...20, &generator)
    beta = .random(exponents: -100...100, &generator)
    variance = Float.random(exponents: -100...100, &generator).magnitude
  }

  private mutating func cancel(_ generator: inout SplitMix64) {
    for k in 0..<x.count / 2 {
      x[x.count - 1 - k] = x[k]
      w[x.count - 1 - k] = Bool.random(using: &generator) ? -w[k] : -w[k].nextUp
    }
    mean = Float(productSum)
    if Bool.random(using: &generator) { beta = 0 }
  }

  private var productSum: Double {
    zip(inputs, w).reduce(0) { $0 + $1.0 * Double($1.1) }
  }

  /// A sum that rounds up in every step.
  private mutating func climb(fromBias: Bool, _ generator: inout SplitMix64) {
    let one =
      readsImage ? 1 : Float(Foundation.exp2(Double(Int.random(in: -8...8, using: &generator))))
    for k in x.indices {
      x[k] = one
      w[k] = .step(&generator) / one
    }
    variance = 0.999
    gamma = 1
    (mean, beta) = (0, 0)
    if fromBias {
      beta = 1
      mean = Bool.random(using: &generator) ? -.step(&generator) : 0
    } else {
      x[0] = readsImage ? .random(in: 0...0.25, using: &generator) : 1 + 0x1p-12
      w[0] = (1 + 0x1p-12 + Float(Int.random(in: 0...64, using: &generator)) * 0x1p-23)
      if readsImage { w[0] = -w[0] * 2 }
    }
    let power = Float(Foundation.exp2(Double(Int.random(in: -4...4, using: &generator))))
    for k in w.indices { w[k] *= power }
    mean *= power
    gamma /= power
  }

  /// Near 2^-126.
  private mutating func shrink(_ generator: inout SplitMix64) {
    let power = Double.random(in: -120...60, using: &generator)
    for k in x.indices {
      x[k] = .random(exponents: power - 4...power + 4, &generator)
      let low = max(-148, -126 - power - 8)
      w[k] = .random(exponents: low...low + 16, &generator)
    }
    mean = .random(exponents: -140...(-110), &generator)
    beta = .random(exponents: -140...(-110), &generator)
    gamma = .random(
      exponents: [-130...(-110), -4...4].randomElement(using: &generator) ?? 0...1, &generator)
    if Bool.random(using: &generator) {
      beta = 0
      mean = 0
    }
  }

  private mutating func shrinkScale(_ generator: inout SplitMix64) {
    cancel(&generator)
    let power = Float(Foundation.exp2(Double.random(in: 20...56, using: &generator)))
    for k in x.indices where !readsImage { x[k] *= power }
    for k in w.indices { w[k] *= power }
    mean = Bool.random(using: &generator) ? 0 : Float(productSum)
    gamma = .random(exponents: -148...(-120), &generator)
    beta = 0
  }

  private mutating func approachMean(_ generator: inout SplitMix64) {
    mean = Float(productSum)
    for _ in 0..<Int.random(in: 0...3, using: &generator) { mean = mean.nextUp }
    beta = [0, 1e-6, 1e6, mean * Float(scale)].randomElement(using: &generator) ?? 0
  }

  /// A border of the image: the window's first or last taps.
  private mutating func pad(_ generator: inout SplitMix64) {
    guard x.count == 9, Bool.random(using: &generator) else { return }
    for k in [[0, 1, 2], [0, 3, 6], [6, 7, 8], [2, 5, 8]].randomElement(using: &generator) ?? [] {
      x[k] = 0
    }
  }
}
