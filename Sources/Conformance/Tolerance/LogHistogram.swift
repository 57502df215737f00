/// How often values of which magnitude occur, counted in octaves.
///
/// The edges of the bins are the powers of two, the same in every histogram, so that two of them can
/// be compared bin by bin. Zero and infinity, which have no logarithm, are counted by themselves.
public struct LogHistogram: Hashable, Sendable, Codable {
  /// Values that are exactly zero.
  public var zero: Int
  /// Values that are infinite or not a number.
  public var infinite: Int
  /// Exponent of the first bin that is not empty; 0 if all are.
  public var first: Int
  /// Values from 2^(first + i) up to, but not including, 2^(first + i + 1), as far as the last bin
  /// that is not empty.
  public var counts: [Int]

  /// Exponents of the lowest and the highest bin. These hold what lies beyond them as well.
  public static let exponents = -30...60

  /// All values that were counted.
  public var total: Int { zero + infinite + counts.reduce(0, +) }
}

extension LogHistogram {
  /// Counts values one by one.
  struct Tally {
    private var zero = 0
    private var infinite = 0
    private var counts = [Int](repeating: 0, count: LogHistogram.exponents.count)

    /// - Parameter value: Not negative.
    mutating func add(_ value: Double) {
      if value == 0 {
        zero += 1
      } else if !value.isFinite {
        infinite += 1
      } else {
        let exponents = LogHistogram.exponents
        // Subnormal numbers have no exponent of their own here; they are in the lowest bin anyway.
        let exponent = Int(value.exponentBitPattern) - 1023
        let bin = min(max(exponent, exponents.lowerBound), exponents.upperBound)
        counts[bin - exponents.lowerBound] += 1
      }
    }

    /// What was counted, without the empty bins at either end.
    var histogram: LogHistogram {
      guard let low = counts.firstIndex(where: { $0 > 0 }),
        let high = counts.lastIndex(where: { $0 > 0 })
      else { return LogHistogram(zero: zero, infinite: infinite, first: 0, counts: []) }
      return LogHistogram(
        zero: zero, infinite: infinite, first: LogHistogram.exponents.lowerBound + low,
        counts: Array(counts[low...high]))
    }
  }
}
