/// How text of the record enters Markdown.
enum MarkdownText {
  /// Keeps a text in its cell: no markup, no line breaks, no marks that turn what follows around.
  ///
  /// Scalar by scalar, because a combining mark would make another character of a bar, and none for
  /// Markdown.
  static func escape(_ text: String, limit: Int = 200) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.oneLine.shortened(to: limit).unicodeScalars {
      switch scalar {
      case "|", "*", "_", "`", "\\", "#", "[", "]", "~", "$":
        result.append(contentsOf: ["\\", scalar])
      // A name after it would be told of this report; a number would become a link.
      case "@": result.append(contentsOf: "&#64;".unicodeScalars)
      case "<": result.append(contentsOf: "&lt;".unicodeScalars)
      case ">": result.append(contentsOf: "&gt;".unicodeScalars)
      case "&": result.append(contentsOf: "&amp;".unicodeScalars)
      default: result.append(scalar)
      }
    }
    return String(result)
  }

  /// `| a | b |`; the cells are escaped already.
  static func row(_ cells: [String]) -> String { "| \(cells.joined(separator: " | ")) |" }
}
