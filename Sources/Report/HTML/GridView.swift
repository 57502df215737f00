/// One line of what a page says of itself: `Checkpoint  stand_in.ckpt`.
struct FactView {
  let term: String
  let text: String
}

/// A row of a table whose cells are coloured.
struct GridRow {
  let name: String
  let cells: [GridCell]
}

struct GridCell {
  let text: String
  /// Classes of the style sheet.
  let style: String
  /// The same in words.
  let words: String
}
