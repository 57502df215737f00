/// A cut of a layer's pixels into units of nearly the same size.
///
/// Units of a fixed size would leave a short one at the end, and the thread that has no part of it
/// waiting: at 14 x 14 pixels, in units of 64, two threads would do 128 and 68. Threads get the same
/// number of pixels; within a thread's share units end with a row, because the depthwise layer
/// computes neighbours together.
package struct PixelCut {
  private let pixels: Int
  private let tile: Int
  private let limit: Int
  private let threads: Int
  /// What units end with a multiple of: pixels of a row, or 1 where rows are too long for that.
  private let grain: Int
  /// Number of units.
  package let units: Int

  /// - Parameters:
  ///   - pixels: Pixels of the whole batch, at least 1.
  ///   - row: Pixels of a row; 1 if rows do not matter.
  ///   - tile: Pixels of a unit at least, if there are as many.
  ///   - limit: Pixels of a unit at most, but for ``capacity``.
  ///   - threads: What the number of units is a multiple of, if there are enough pixels.
  package init(pixels: Int, row: Int, tile: Int, limit: Int, threads: Int) {
    self.pixels = pixels
    self.tile = tile
    self.limit = limit
    self.threads = threads
    let hasRows = 2 * row <= limit
    let perUnit = hasRows ? limit / row * row : max(limit, 1)
    let least = (pixels + perUnit - 1) / perUnit
    units = min((least + threads - 1) / threads * threads, max(pixels / tile, 1))
    grain = hasRows && units % threads == 0 ? row : 1
  }

  /// All pixels in one unit.
  package init(whole pixels: Int) {
    self.init(pixels: pixels, row: 1, tile: pixels, limit: pixels, threads: 1)
  }

  /// The same for another number of pixels and a single thread.
  package func cutting(_ pixels: Int) -> PixelCut {
    PixelCut(pixels: pixels, row: 1, tile: 1, limit: limit, threads: 1)
  }

  /// Pixels that no unit of this cut or of ``cutting(_:)`` exceeds: a thread's share need not end
  /// with a row, and no unit is smaller than a tile.
  package var capacity: Int { max(limit, 2 * tile) + grain }

  package subscript(unit unit: Int) -> Range<Int> {
    end(of: unit - 1)..<end(of: unit)
  }

  private func end(of unit: Int) -> Int {
    let end = (unit + 1) * pixels / units
    return (unit + 1) * threads % units == 0 ? end : end / grain * grain
  }
}
