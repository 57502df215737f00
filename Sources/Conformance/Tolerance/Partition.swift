/// Divides positions along an axis among at most so many cells of nearly the same size.
package struct Partition: Hashable, Sendable {
  /// Positions.
  package let extent: Int
  /// Cells: one for each position while there are few enough.
  package let count: Int

  package init(_ extent: Int, into largest: Int) {
    self.extent = extent
    count = min(extent, largest)
  }

  /// The cell that a position is in.
  package func cell(of position: Int) -> Int { position * count / extent }

  /// The positions in a cell; never none.
  package func positions(in cell: Int) -> Range<Int> {
    // The first position p with p · count / extent ≥ cell, rounded down.
    let start = { (cell: Int) in (cell * extent + count - 1) / count }
    return start(cell)..<start(cell + 1)
  }
}
