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
}
