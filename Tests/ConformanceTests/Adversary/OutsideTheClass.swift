import Conformance
import Foundation
import MobileNet

/// Ways to compute a convolution in float32 that the class does not admit.
enum OutsideEvaluation: CaseIterable {
  /// Products and sums rounded towards zero.
  case truncated
  /// Weights of 8 significant bits.
  case bfloat16Weights
  /// A reciprocal root of 12 bits.
  case approximateRoot
  /// Winograd's F(4, 3) over a tile of 6 x 6.
  case winograd

  /// Before the clamp.
  func value(of tile: Tile) -> Float {
    var element = tile.element
    let scale = element.gamma / (element.variance + 0.001).squareRoot()
    switch self {
    case .truncated:
      let weights = element.w.map { truncated(Double($0) * Double(scale)) }
      let bias = element.beta - element.mean * scale
      return zip(element.x, weights).reduce(bias) { sum, term in
        truncated(Double(sum) + Double(truncated(Double(term.0) * Double(term.1))))
      }
    case .bfloat16Weights:
      element.w = element.w.map { Float(bitPattern: ($0.bitPattern &+ 0x8000) & 0xffff_0000) }
      return Float(element.exact)
    case .approximateRoot:
      let coarse = scale * (1 + 0x1p-12)
      let sum = zip(element.x, element.w).reduce(Float(0)) { $0.addingProduct($1.0, $1.1) }
      return (sum - element.mean) * coarse + element.beta
    case .winograd:
      return (Winograd.value(tile.inputs, element.w) - element.mean) * scale + element.beta
    }
  }

  private func truncated(_ value: Double) -> Float {
    let nearest = Float(value)
    return abs(Double(nearest)) > abs(value) ? nearest.nextToward0 : nearest
  }
}

extension Float {
  fileprivate var nextToward0: Float { self > 0 ? nextDown : nextUp }
}

/// A depthwise element, or any other, and what lies around its window.
struct Tile {
  /// Of a depthwise layer 6 x 6 values, of which the window is a corner; else nothing.
  var inputs: [Float]
  var element: ConvolutionElement

  static func random(terms: Int, _ generator: inout SplitMix64) -> Tile {
    let family: DataFamily = Bool.random(using: &generator) ? .plain : .biasLadder
    var tile = Tile(
      inputs: (0..<36).map { _ in .random(in: 0...6, using: &generator) },
      element: .random(family, terms: terms, readsImage: false, &generator))
    if terms == 9 { tile.readWindow() }
    return tile
  }

  mutating func mutate(_ generator: inout SplitMix64) {
    element.mutate(&generator)
    guard element.x.count == 9 else { return }
    inputs[.random(in: 0..<36, using: &generator)].mutate(&generator)
    readWindow()
  }

  private mutating func readWindow() {
    for k in 0..<9 { element.x[k] = inputs[k / 3 * 6 + k % 3] }
  }
}

/// One such evaluation of one tile.
struct OutsideCase: AdversaryCase {
  var tile: Tile
  let evaluation: OutsideEvaluation
  let subject: ConvolutionSubject

  mutating func mutate(_ generator: inout SplitMix64) { tile.mutate(&generator) }

  var ratio: Double? { subject.ratio(of: evaluation.value(of: tile), tile.element) }

  var name: String { "\(evaluation)" }
}

/// F(4, 3) in two dimensions, points 0, ±1, ±2 and infinity (Lavin and Gray, *Fast Algorithms for
/// Convolutional Neural Networks*, 2015, section 4.3).
enum Winograd {
  private static let input: [[Float]] = [
    [4, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0],
    [0, -2, -1, 2, 1, 0], [0, 2, -1, -2, 1, 0], [0, 4, 0, -5, 0, 1],
  ]
  private static let kernel: [[Float]] = [
    [1 / 4, 0, 0], [-1 / 6, -1 / 6, -1 / 6], [-1 / 6, 1 / 6, -1 / 6],
    [1 / 24, 1 / 12, 1 / 6], [1 / 24, -1 / 12, 1 / 6], [0, 0, 1],
  ]
  private static let output: [[Float]] = [
    [1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1],
  ]

  /// The first of the tile's 4 x 4 results.
  static func value(_ tile: [Float], _ weights: [Float]) -> Float {
    let d = transform(input, rows(tile, 6))
    let g = transform(kernel, rows(weights, 3))
    let products = zip(d, g).map { zip($0, $1).map { $0 * $1 } }
    return transform(output, products)[0][0]
  }

  private static func rows(_ values: [Float], _ columns: Int) -> [[Float]] {
    stride(from: 0, to: values.count, by: columns).map { Array(values[$0..<$0 + columns]) }
  }

  /// M X Mᵀ.
  private static func transform(_ m: [[Float]], _ x: [[Float]]) -> [[Float]] {
    let left = m.map { row in
      x[0].indices.map { column in
        zip(row, x).reduce(Float(0)) { $0 + $1.0 * $1.1[column] }
      }
    }
    return left.map { row in m.map { zip(row, $0).reduce(Float(0)) { $0 + $1.0 * $1.1 } } }
  }
}
