import Foundation

/// A logarithmic vertical axis.
struct LogScale {
  /// Powers of ten at the lower and the upper end.
  let low: Int
  let high: Int
  /// Pixels of the upper and the lower end.
  let top: Double
  let bottom: Double

  /// Spans the given values.
  ///
  /// - Parameter floor: Decades below the largest value that are shown at most.
  init(values: some Sequence<Double>, top: Double, bottom: Double, floor: Int = 14) {
    let powers = values.filter { $0 > 0 && $0.isFinite }.map { log10($0) }
    // A little room above the highest value.
    let highest = Int(((powers.max() ?? 0) + 0.1).rounded(.up))
    let lowest = Int((powers.min() ?? -1).rounded(.down))
    high = highest
    low = min(max(lowest, highest - floor), highest - 1)
    self.top = top
    self.bottom = bottom
  }

  /// Zero lies on the lower end, what is infinite or not a number on the upper.
  func position(_ value: Double) -> Double {
    guard value.isFinite else { return value == -.infinity ? bottom : top }
    guard value > 0 else { return bottom }
    let share = (log10(value) - Double(low)) / Double(high - low)
    // Values far below the axis are cut off by the plot's edge.
    return bottom - max(share, -1) * (bottom - top)
  }

  /// Where to draw lines, and which of them to label.
  var ticks: [(value: Double, label: String)] {
    let step = max(1, (high - low + 6) / 7)
    return (low...high).flatMap { power -> [(value: Double, label: String)] in
      let value = pow(10, Double(power))
      let isLabelled = (high - power) % step == 0
      var ticks = [(value, isLabelled ? Self.label(power) : "")]
      if high - low <= 2 && power < high {
        ticks += [(2 * value, Self.label(2 * value)), (5 * value, Self.label(5 * value))]
      }
      return ticks
    }
  }

  /// Of a power of ten: `0.01`, `100`, `1e6`.
  static func label(_ power: Int) -> String {
    (-2...3).contains(power) ? label(pow(10, Double(power))) : "1e\(power)"
  }

  private static func label(_ value: Double) -> String {
    value >= 1e4 || value < 9e-3 ? String(format: "%.0e", value) : String(format: "%g", value)
  }
}
