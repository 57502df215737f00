extension String {
  /// One line of what can be seen: line breaks and tabs are spaces, and scalars that would be obeyed
  /// instead of shown (control characters, escape sequences, marks of direction) go by their number.
  package var oneLine: String {
    var result = String.UnicodeScalarView()
    for scalar in unicodeScalars {
      switch scalar {
      case "\n", "\r", "\t", "\u{2028}", "\u{2029}", "\u{85}": result.append(" ")
      case _ where HTMLEscaping.mustBeNamed(scalar):
        result.append(contentsOf: HTMLEscaping.named(scalar).unicodeScalars)
      default: result.append(scalar)
      }
    }
    return String(result)
  }
}
