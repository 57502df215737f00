import Conformance

/// Columns of a text table.
extension String {
  /// The text at the left of a column, with at least one space after it.
  package func leftAligned(_ width: Int) -> String {
    self + String(repeating: " ", count: max(width - count, 1))
  }

  /// The text at the right of a column, with at least one space before it.
  package func rightAligned(_ width: Int) -> String {
    String(repeating: " ", count: max(width - count, 1)) + self
  }

  /// The text, whatever it holds, in a column of this width: cut where it is too long.
  func cell(_ width: Int) -> String {
    // One for the space after it, one for the mark of omission.
    let text = oneLine
    return (text.count < width ? text : text.shortened(to: width - 2)).leftAligned(width)
  }
}

/// What all text reports have in common.
enum TextColumns {
  /// Columns that every report fits into.
  static let width = 100
  private static let termWidth = 12

  /// A text, whatever it holds, behind a word that says what it is. What does not fit goes on below.
  static func fact(_ term: String, _ text: String) -> [String] {
    let lines = folded(text.oneLine.shortened(to: 500), width: width - termWidth)
    return lines.enumerated().map { index, line in
      (index == 0 ? term : "").leftAligned(termWidth) + line
    }
  }

  /// Lines of at most `width` characters, broken at spaces where there are any.
  static func folded(_ text: String, width: Int) -> [String] {
    var lines: [String] = []
    var rest = text[...]
    while rest.count > width {
      let head = rest.prefix(width + 1)
      let end = head.lastIndex(of: " ").flatMap { $0 > rest.startIndex ? $0 : nil }
      let line = end.map { rest[..<$0] } ?? rest.prefix(width)
      lines.append(String(line))
      rest = rest[(end.map { rest.index(after: $0) } ?? line.endIndex)...]
    }
    return lines + [String(rest)]
  }

  /// A status, green, yellow or red, and as many of the gates that do not pass as there is room for:
  /// `FAIL G1 G2 +3`.
  static func status(
    _ status: Status, gates: [Gate] = [], width: Int = .max, usesColor: Bool
  ) -> String {
    let word = status.rawValue
    let lists = (0...gates.count).reversed().map { shown in
      let rest = gates.count - shown
      return gates.prefix(shown).map { " \($0.rawValue)" }.joined() + (rest > 0 ? " +\(rest)" : "")
    }
    let list = lists.first { word.count + $0.count <= width } ?? ""
    return colored(word, status, usesColor: usesColor) + list
  }

  /// A text in the colour of a status.
  static func colored(_ text: String, _ status: Status, usesColor: Bool) -> String {
    guard usesColor else { return text }
    let code = status == .pass ? "32" : status == .waived ? "33" : "31"
    return "\u{1B}[\(code)m\(text)\u{1B}[0m"
  }
}
