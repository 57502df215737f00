import Conformance
import Foundation

/// How often errors of which size occur, on logarithmic axes: a single element is still a visible bar
/// beside a hundred thousand.
struct HistogramView {
  let title: String
  let about: String
  let words: String
  let width: Int
  let left = Layout.left
  let right: Int
  let bottom = Layout.bottom
  /// The bars up to the limit, as one path, and those that reach beyond it.
  let within: String
  let beyond: ShadedCells
  let counts: [Tick]
  let values: [Tick]
  /// Where the limit is; `nil` if there is none or it is not in the picture.
  let limit: Int?

  /// A number on an axis.
  struct Tick {
    let place: Int
    let text: String
  }

  private enum Layout {
    static let left = 44
    static let top = 14
    static let bottom = 118
    static let pitch = 9
    /// Room for the bar of what has no logarithm, and a gap.
    static let aside = 20
    /// Where the bars of the octaves start.
    static let start = left + aside
  }

  /// - Parameter limit: The most that a value may be; `nil` if nothing limits it.
  /// - Returns: `nil` if the record's numbers cannot be counts of octaves.
  init?(_ histogram: LogHistogram, name: String, limit: Double?) {
    guard Self.isPlausible(histogram) else { return nil }
    let span = Octaves(histogram, limit: limit)
    let heights = Heights(max(histogram.zero, histogram.infinite, span.counts.max() ?? 0))
    let end = Layout.start + span.counts.count * Layout.pitch
    let bars = Self.bars(histogram, span, heights, end: end, limit: limit)
    within = ShadedCells.shape(bars.filter { $0.share <= 1 })
    beyond = ShadedCells(bars.filter { $0.share > 1 })
    right = histogram.infinite > 0 ? end + Layout.aside : end + 4
    width = right + 16
    counts = heights.ticks.map {
      Tick(place: Layout.bottom - heights.height($0), text: Self.short($0))
    }
    let decades = span.decades.map { octave, label in
      Tick(place: Layout.start + Int((octave * Double(Layout.pitch)).rounded()), text: label)
    }
    values =
      (histogram.zero > 0 ? [Tick(place: Layout.left + 8, text: "0")] : [])
      // Labels at the very left would touch the zero.
      + decades.filter { $0.place >= Layout.start + 10 }
      + (histogram.infinite > 0 ? [Tick(place: end + 10, text: "∞")] : [])
    self.limit = limit.flatMap(span.octave).map {
      Layout.start + Int(($0 * Double(Layout.pitch)).rounded())
    }
    title = "How often: \(name)"
    let about = Self.summary(histogram, limit: limit)
    self.about = about
    words = "Histogram of \(name). \(about)."
  }

  private static func isPlausible(_ histogram: LogHistogram) -> Bool {
    let exponents = LogHistogram.exponents
    return exponents.contains(histogram.first)
      && histogram.counts.count <= exponents.upperBound - histogram.first + 1
      && ([histogram.zero, histogram.infinite] + histogram.counts).allSatisfy {
        0...(1 << 40) ~= $0
      }
  }

  /// Zero, the octaves, what is infinite. Of an octave the upper edge decides, so that one that reaches
  /// up to the limit is within it.
  private static func bars(
    _ histogram: LogHistogram, _ span: Octaves, _ heights: Heights, end: Int, limit: Double?
  ) -> [ShadedCells.Cell] {
    let octaves = span.counts.enumerated().map { index, count in
      (count, Layout.start + index * Layout.pitch, exp2(Double(span.first + index + 1)))
    }
    let all =
      [(histogram.zero, Layout.left + 4, 0.0)] + octaves
      + [(histogram.infinite, end + 6, Double.infinity)]
    return all.filter { $0.0 > 0 }.map { count, x, value in
      let height = heights.height(count)
      return ShadedCells.Cell(
        x: x, y: Layout.bottom - height, width: Layout.pitch - 1, height: height,
        share: limit.map { value == 0 ? 0 : value / $0 } ?? 0)
    }
  }

  /// `98,304 elements, 48,616 exact, 3 in bars that reach beyond the limit`
  private static func summary(_ histogram: LogHistogram, limit: Double?) -> String {
    var parts = ["\(Wording.grouped(histogram.total)) elements"]
    if histogram.zero > 0 { parts.append("\(Wording.grouped(histogram.zero)) exact") }
    if let limit {
      let beyond = histogram.counts.enumerated().reduce(histogram.infinite) { sum, entry in
        exp2(Double(histogram.first + entry.offset + 1)) > limit ? sum + entry.element : sum
      }
      parts.append(
        beyond == 0
          ? "none beyond the limit"
          : "\(Wording.grouped(beyond)) in bars that reach beyond the limit")
    }
    if histogram.infinite > 0 { parts.append("\(Wording.grouped(histogram.infinite)) infinite") }
    return parts.joined(separator: ", ")
  }

  /// `1`, `100`, `10k`, `1M`
  private static func short(_ power: Int) -> String {
    switch power {
    case ..<1000: "\(power)"
    case ..<1_000_000: "\(power / 1000)k"
    default: "\(power / 1_000_000)M"
    }
  }

  /// The octaves that are shown: the same in every picture of a kind as far as that can be, so that
  /// pictures can be compared. The outermost bars hold what lies outside.
  private struct Octaves {
    let first: Int
    let counts: [Int]

    init(_ histogram: LogHistogram, limit: Double?) {
      let last = histogram.first + histogram.counts.count - 1
      let window: ClosedRange<Int>
      if let limit, limit > 0, limit.isFinite {
        // From a thousandth of the limit to beyond it, as far as there is anything.
        let octave = Int(log2(limit).rounded(.down))
        window = octave - 11...min(max(octave + 2, last), octave + 26)
      } else if limit != nil {
        window = max(last, 8) - 27...max(last, 8)
      } else {
        // No digit is right from 2^24 units in the last place on.
        window = -4...24
      }
      var counts = [Int](repeating: 0, count: window.count)
      for (index, count) in histogram.counts.enumerated() {
        let octave = min(max(histogram.first + index, window.lowerBound), window.upperBound)
        counts[octave - window.lowerBound] += count
      }
      first = window.lowerBound
      self.counts = counts
    }

    /// Place of a value in octaves from the left; `nil` if it is not in the picture.
    func octave(_ value: Double) -> Double? {
      guard value > 0, value.isFinite else { return nil }
      let octave = log2(value) - Double(first)
      return 0...Double(counts.count) ~= octave ? octave : nil
    }

    /// Powers of ten, as many as can be labelled.
    var decades: [(octave: Double, label: String)] {
      let low = Int((Double(first) * log10(2)).rounded(.up))
      let high = Int((Double(first + counts.count) * log10(2)).rounded(.down))
      guard low <= high else { return [] }
      let step = high - low > 3 ? 3 : 1
      return (low...high).filter { $0 % step == 0 }.map {
        (Double($0) / log10(2) - Double(first), LogScale.label($0))
      }
    }
  }

  /// Logarithmic: one element is a bar, and each decade is as high as the next.
  private struct Heights {
    let decades: Double

    init(_ largest: Int) { decades = log10(Double(max(largest, 1))) + 0.5 }

    func height(_ count: Int) -> Int {
      let room = Double(Layout.bottom - Layout.top)
      return Int(((log10(Double(count)) + 0.5) / decades * room).rounded())
    }

    /// Powers of ten, every other if there are many.
    var ticks: [Int] {
      let powers = Array(
        sequence(first: 1) { $0 * 10 }.prefix { log10(Double($0)) + 0.5 <= decades })
      return stride(from: 0, to: powers.count, by: powers.count > 4 ? 2 : 1).map { powers[$0] }
    }
  }
}

extension HistogramView {
  static let template = """
    <figure class="plot">
    <figcaption>{{title}}</figcaption>
    <svg class="histogram" viewBox="0 0 {{width}} 136" style="width:{{width}}px" role="img" aria-label="{{words}}">
    {{#counts}}<line class="grid" x1="{{left}}" y1="{{place}}" x2="{{right}}" y2="{{place}}"/><text class="end" x="{{left}}" dx="-4" y="{{place}}" dy="4">{{text}}</text>{{/counts}}
    <path class="within" d="{{within}}"/>{{#beyond}}{{> shadedCells}}{{/beyond}}
    {{#values}}<text class="mid" x="{{place}}" y="132">{{text}}</text>{{/values}}
    {{#.limit}}<line class="edge-of-limit" x1="{{.}}" y1="8" x2="{{.}}" y2="{{bottom}}"/><text class="mid" x="{{.}}" y="8">limit</text>{{/.limit}}
    </svg>
    <p class="note">{{about}}</p>
    </figure>
    """
}
