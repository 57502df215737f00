import Conformance
import Foundation

/// Figures in words and digits, the same all over the page.
enum Wording {
  /// What stands where there is no figure.
  static let none = "–"

  /// Three significant digits: `0.384`, `8.12e-07`, `infinite`, `not a number`.
  static func figure(_ value: Double?) -> String {
    guard let value else { return none }
    if value.isNaN { return "not a number" }
    if value == -.infinity { return "-infinite" }
    return format(value)
  }

  /// All digits that tell the number from its neighbours; float32 if it is one.
  static func exact(_ value: Double) -> String {
    if !value.isFinite { return figure(value) }
    let narrow = Float(value)
    return Double(narrow) == value ? "\(narrow)" : "\(value)"
  }

  /// The number's float32 bits: `0x3F800000`.
  static func bits(_ value: Double) -> String {
    String(format: "0x%08X", Float(value).bitPattern)
  }

  /// A figure for JavaScript's `Number()`.
  static func machine(_ value: Double?) -> String {
    guard let value else { return "" }
    if value.isNaN { return "NaN" }
    return value.isInfinite ? (value > 0 ? "Infinity" : "-Infinity") : "\(value)"
  }

  /// How much of what is allowed was used, in few characters: `38%`, `<1%`, `1.2×`, `12k×`, `10⁷×`, `∞`.
  static func share(_ utilisation: Double?) -> String {
    guard let utilisation else { return none }
    if utilisation.isNaN || utilisation.isInfinite { return "∞" }
    switch utilisation {
    case 0: return "0"
    case ..<0.01: return "<1%"
    case ...1: return "\(Int((utilisation * 100).rounded(.down)))%"
    case ..<9.95: return String(format: "%.1f×", utilisation)
    case ..<999.5: return String(format: "%.0f×", utilisation)
    case ..<999_500: return String(format: "%.0fk×", utilisation / 1000)
    default: return "10\(superscript(Int(log10(utilisation))))×"
    }
  }

  /// Digits small and raised, for powers.
  private static func superscript(_ number: Int) -> String {
    let digits = Array("⁰¹²³⁴⁵⁶⁷⁸⁹")
    return String(String(number).compactMap { $0.wholeNumberValue.map { digits[$0] } })
  }

  /// `1 × 64 × 64 × 24`
  static func shape(_ shape: [Int]) -> String {
    shape.map(String.init).joined(separator: " × ")
  }

  /// `1 case`, `13 cases`
  static func count(_ count: Int, _ one: String, _ many: String) -> String {
    "\(grouped(count)) \(count == 1 ? one : many)"
  }

  /// `12,345`
  static func grouped(_ number: Int) -> String {
    var digits = String(abs(number))
    var groups: [Substring] = []
    while digits.count > 3 {
      groups.insert(digits.suffix(3), at: 0)
      digits = String(digits.dropLast(3))
    }
    return (number < 0 ? "-" : "") + ([digits[...]] + groups).joined(separator: ",")
  }

  static func seconds(_ seconds: Double) -> String {
    seconds.isFinite ? String(format: seconds < 10 ? "%.2f s" : "%.0f s", seconds) : figure(seconds)
  }
}

extension String {
  /// At most `limit` characters, with a mark of omission where some are left out.
  package func shortened(to limit: Int) -> String {
    // Cut by scalars as well: a single character may have any number of combining marks.
    let characters = self.prefix(limit)
    let scalars = characters.unicodeScalars.prefix(limit * 4)
    let result = String(scalars)
    return result.unicodeScalars.count == unicodeScalars.count ? self : result + "…"
  }
}

/// The look of a status: a sign that does not need colour, and a class for the style sheet.
struct StatusView {
  let name: String
  let sign: String
  let style: String

  init(_ status: Status) {
    name = status.rawValue
    switch status {
    case .pass: (sign, style) = ("✓", "pass")
    case .waived: (sign, style) = ("~", "warn")
    case .fail: (sign, style) = ("✕", "fail")
    case .mistrusted: (sign, style) = ("?", "warn")
    case .notRun: (sign, style) = ("○", "warn")
    case .harnessError: (sign, style) = ("!", "fail")
    }
  }
}

/// Colour of a share of a limit: octaves below the limit, decades above it.
enum Shade {
  /// Upper ends of the steps; beyond the last is one more.
  static let steps: [(limit: Double, label: String)] = [
    (1 / 32.0, "≤ 3%"), (1 / 16.0, "≤ 6%"), (1 / 8.0, "≤ 12%"), (1 / 4.0, "≤ 25%"),
    (1 / 2.0, "≤ 50%"), (1, "≤ 100%"), (10, "≤ 10×"), (1000, "≤ 1000×"),
  ]

  /// Class for the style sheet.
  static func style(_ utilisation: Double?) -> String {
    guard let utilisation else { return "u-none" }
    return "u\(steps.firstIndex { utilisation <= $0.limit } ?? steps.count)"
  }

  /// Whether the limit does not hold. A value that is not a number never holds.
  static func isBeyond(_ utilisation: Double?) -> Bool {
    utilisation.map { !($0 <= 1) } ?? false
  }

  /// What the colours mean, for a legend.
  static let legend =
    steps.enumerated().map { LegendEntry(style: "u\($0)", label: $1.label) }
    + [LegendEntry(style: "u\(steps.count)", label: "more")]

  struct LegendEntry {
    let style: String
    let label: String
  }

  /// A list of the colours, from the view's `legend`.
  static let template = """
    <ul class="legend" aria-label="Share of the limit that was used">
    <li>share of the limit used:</li>
    {{#legend}}
    <li><span class="swatch {{style}}" aria-hidden="true"></span>{{label}}</li>
    {{/legend}}
    </ul>
    """
}
