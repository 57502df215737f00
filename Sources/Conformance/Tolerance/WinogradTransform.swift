/// The matrices of Winograd's minimal filtering F(m x m, 3 x 3), and a number's way through them.
///
/// Source: Lavin and Gray, *Fast Algorithms for Convolutional Neural Networks*, 2016, section 4, with
/// the interpolation points 0, ±1, ∞ and 0, ±1, ±2, ∞.
struct WinogradTransform: Hashable, Sendable {
  /// m: outputs of a tile along each axis.
  let tile: Int
  /// α = m + 2: inputs of a tile along each axis.
  var size: Int { tile + 2 }
  /// Bᵀ, of the data.
  private let data: [[Double]]
  /// G, of the kernel.
  private let filter: [[Double]]
  /// Aᵀ, of the products.
  private let inverse: [[Double]]

  static let f2x3 = WinogradTransform(
    tile: 2,
    data: [[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]],
    filter: [[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]],
    inverse: [[1, 1, 1, 0], [0, 1, -1, -1]])

  static let f4x3 = WinogradTransform(
    tile: 4,
    data: [
      [4, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0], [0, -2, -1, 2, 1, 0],
      [0, 2, -1, -2, 1, 0], [0, 4, 0, -5, 0, 1],
    ],
    filter: [
      [1.0 / 4, 0, 0], [-1.0 / 6, -1.0 / 6, -1.0 / 6], [-1.0 / 6, 1.0 / 6, -1.0 / 6],
      [1.0 / 24, 1.0 / 12, 1.0 / 6], [1.0 / 24, -1.0 / 12, 1.0 / 6], [0, 0, 1],
    ],
    inverse: [
      [1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1],
    ])

  /// A number with the magnitudes behind it and the variance of its error in units of c u².
  struct Tracked {
    var value = 0.0
    var absolute = 0.0
    var squares = 0.0

    init() {}

    /// An operand that is given: it has no error.
    init(_ value: Double) {
      self.value = value
      absolute = abs(value)
    }

    /// The rounded product of two numbers with independent errors.
    static func * (left: Tracked, right: Tracked) -> Tracked {
      var product = Tracked()
      product.value = left.value * right.value
      product.absolute = left.absolute * right.absolute
      product.squares =
        product.value * product.value + left.value * left.value * right.squares
        + right.value * right.value * left.squares
      return product
    }

    /// Adds `factor · term`, each rounding its result unless it is exact.
    mutating func add(_ term: Tracked, times factor: Double) {
      guard factor != 0 else { return }
      let product = factor * term.value
      let isExact = absolute == 0
      value += product
      absolute += abs(factor) * term.absolute
      squares += factor * factor * term.squares
      // A power of two multiplies exactly.
      if abs(factor).significand != 1 { squares += product * product }
      if !isExact { squares += value * value }
    }
  }

  /// G g Gᵀ.
  func kernel(_ g: (Int, Int) -> Double) -> [[Tracked]] {
    transform(filter, (0..<3).map { i in (0..<3).map { Tracked(g(i, $0)) } })
  }

  /// Aᵀ (kernel ⊙ Bᵀ d B) A, m x m.
  func outputs(_ kernel: [[Tracked]], _ d: (Int, Int) -> Double) -> [[Tracked]] {
    let transformed = transform(
      data, (0..<size).map { y in (0..<size).map { Tracked(d(y, $0)) } })
    let products = (0..<size).map { y in (0..<size).map { kernel[y][$0] * transformed[y][$0] } }
    return transform(inverse, products)
  }

  /// M x Mᵀ.
  private func transform(_ matrix: [[Double]], _ x: [[Tracked]]) -> [[Tracked]] {
    multiply(matrix, transposed(multiply(matrix, transposed(x))))
  }

  private func multiply(_ matrix: [[Double]], _ x: [[Tracked]]) -> [[Tracked]] {
    matrix.map { row in
      (0..<x[0].count).map { column in
        row.indices.reduce(into: Tracked()) { $0.add(x[$1][column], times: row[$1]) }
      }
    }
  }

  private func transposed(_ x: [[Tracked]]) -> [[Tracked]] {
    (0..<x[0].count).map { column in x.map { $0[column] } }
  }
}
