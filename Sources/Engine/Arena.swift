/// One block of memory, cut into pieces that each start on a cache line, zero to begin with.
///
/// First the pieces are reserved, then `allocate` gets the block once, then the pieces have places.
final class Arena: @unchecked Sendable {
  /// A reserved piece.
  struct Piece: Hashable {
    fileprivate let offset: Int
    /// Floats asked for.
    let count: Int
  }

  private static let line = 64

  private var floats = 0
  private var block: UnsafeMutableRawPointer?

  deinit {
    block?.deallocate()
  }

  /// Bytes in all.
  var byteCount: Int { floats * MemoryLayout<Float>.stride }

  /// Sets `count` floats aside.
  func reserve(_ count: Int) -> Piece {
    precondition(block == nil, "the arena is already allocated")
    let piece = Piece(offset: floats, count: count)
    let step = Self.line / MemoryLayout<Float>.stride
    floats += (count + step - 1) / step * step
    return piece
  }

  /// Gets the memory, filled with zeros.
  func allocate() {
    precondition(block == nil, "the arena is already allocated")
    let count = max(byteCount, Self.line)
    let block = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: Self.line)
    block.initializeMemory(as: UInt8.self, repeating: 0, count: count)
    self.block = block
  }

  /// Where the block starts; valid as long as the arena lives.
  var start: UnsafePointer<Float> {
    guard let block else { preconditionFailure("the arena is not allocated yet") }
    return UnsafePointer(block.assumingMemoryBound(to: Float.self))
  }

  /// Where a piece starts; valid as long as the arena lives.
  subscript(piece: Piece) -> UnsafeMutablePointer<Float> {
    guard let block else { preconditionFailure("the arena is not allocated yet") }
    let start = block + piece.offset * MemoryLayout<Float>.stride
    return start.assumingMemoryBound(to: Float.self)
  }
}
