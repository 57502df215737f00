import Foundation

/// A row of bars as text.
struct Sparkline {
  /// Bars at most; where there are more figures, a bar stands for the largest of several.
  private static let width = 42
  private static let bars: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

  let text: String
  /// The figures of the lowest and the highest bar.
  let low: String
  let high: String

  /// Bars whose heights are logarithms. What is missing or not above zero is a gap; what is not finite
  /// reaches the top. `nil` if there is nothing to draw.
  static func logarithmic(_ all: [Double?]) -> Sparkline? {
    let values = gathered(all)
    let finite = values.compactMap { $0 }.filter { $0 > 0 && $0.isFinite }
    guard let low = finite.min(), let high = finite.max() else { return nil }
    let span = log(high) - log(low)
    let bars = values.map { value -> Character in
      guard let value, !(value <= 0) else { return "·" }
      guard value.isFinite, span > 0 else { return Self.bars[value.isFinite ? 0 : 7] }
      let height = ((log(value) - log(low)) / span * 7).rounded()
      return Self.bars[min(max(Int(height), 0), 7)]
    }
    return Sparkline(text: String(bars), low: Wording.figure(low), high: Wording.figure(high))
  }

  private static func gathered(_ values: [Double?]) -> [Double?] {
    guard values.count > width else { return values }
    return (0..<width).map { bar in
      let range = bar * values.count / width..<(bar + 1) * values.count / width
      let present = values[range].compactMap { $0 }
      return present.contains { $0.isNaN } ? .nan : present.max()
    }
  }
}
