/// A cut of a layer's pixels into units of nearly the same size, in whole tiles.
///
/// Units of a fixed size would leave a short one at the end, and the thread that has no part of it
/// waiting: at 14 x 14 pixels, in units of 64, two threads would do 128 and 68.
package struct PixelCut {
  private let pixels: Int
  private let tile: Int
  private let tiles: Int
  /// Pixels that no unit of this cut or of ``cutting(_:)`` exceeds, whole tiles.
  package let capacity: Int
  /// Number of units.
  package let units: Int

  /// - Parameters:
  ///   - pixels: Pixels of the whole batch, at least 1.
  ///   - tile: Pixels of a tile.
  ///   - limit: Pixels of a unit at most, if that is a tile or more.
  ///   - threads: What the number of units is a multiple of, if there are enough tiles.
  package init(pixels: Int, tile: Int, limit: Int, threads: Int) {
    self.pixels = pixels
    self.tile = tile
    capacity = max(limit / tile, 1) * tile
    tiles = (pixels + tile - 1) / tile
    let perUnit = capacity / tile
    let least = (tiles + perUnit - 1) / perUnit
    units = min((least + threads - 1) / threads * threads, tiles)
  }

  /// All pixels in one unit.
  package init(whole pixels: Int) {
    self.init(pixels: pixels, tile: pixels, limit: pixels, threads: 1)
  }

  /// The same for another number of pixels and a single thread.
  package func cutting(_ pixels: Int) -> PixelCut {
    PixelCut(pixels: pixels, tile: tile, limit: capacity, threads: 1)
  }

  package subscript(unit unit: Int) -> Range<Int> {
    let first = unit * tiles / units * tile
    let end = (unit + 1) * tiles / units * tile
    return first..<min(end, pixels)
  }
}
