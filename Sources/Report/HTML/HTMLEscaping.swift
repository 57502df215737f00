import Mustache

/// How text of the record enters the page.
///
/// Works scalar by scalar, as browsers read. The library's own escaping goes by characters in Swift's
/// sense and overlooks a `<` that is followed by a combining mark.
///
/// Control characters, which XML forbids, and marks that change the direction of what comes after
/// them are shown by their number instead of obeyed.
struct HTMLEscaping: MustacheContentType {
  private static let name = "ASSAY-HTML"

  /// Put first in a template, it makes the template use this escaping.
  static let pragma = "{{% CONTENT_TYPE:\(name)}}"

  static func register() {
    MustacheContentTypes.register(HTMLEscaping(), named: name)
  }

  func escapeText(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "<": result.append(contentsOf: "&lt;".unicodeScalars)
      case ">": result.append(contentsOf: "&gt;".unicodeScalars)
      case "&": result.append(contentsOf: "&amp;".unicodeScalars)
      case "\"": result.append(contentsOf: "&quot;".unicodeScalars)
      case "'": result.append(contentsOf: "&#39;".unicodeScalars)
      case _ where Self.mustBeNamed(scalar):
        result.append(contentsOf: Self.named(scalar).unicodeScalars)
      default: result.append(scalar)
      }
    }
    return String(result)
  }

  /// Whether a scalar would be obeyed instead of shown, or is forbidden in XML.
  static func mustBeNamed(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0A: false
    case 0x00...0x1F, 0x7F...0x9F: true
    // Marks, embeddings, overrides and isolates of direction.
    case 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
    case 0xFFFE, 0xFFFF: true
    default: scalar.properties.isNoncharacterCodePoint
    }
  }

  /// `[U+202E]`
  static func named(_ scalar: Unicode.Scalar) -> String {
    let digits = String(scalar.value, radix: 16, uppercase: true)
    return "[U+" + String(repeating: "0", count: max(4 - digits.count, 0)) + digits + "]"
  }
}
