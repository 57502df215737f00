#if os(Linux)
  #if canImport(Musl)
    import Musl
  #else
    import Glibc
  #endif
#endif

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
  /// Bytes of a large page. Weights are read once per call from one end to the other; in pages of
  /// 4 KB that takes more entries than the processor's page tables have in their caches, and the
  /// streams that it recognises end with each page.
  private static let largePage = 1 << 21
  /// Bytes from which on memory is in large pages. Small ones are wherever the system had some, and
  /// what is near in the address may displace each other in a second-level cache.
  private static let leastLarge = 1 << 18

  /// Floats in all pieces.
  private(set) var floatCount = 0
  private var block: UnsafeMutableRawPointer?

  deinit {
    block?.deallocate()
  }

  /// Bytes that the block takes, in whole large pages if it is in any.
  var byteCount: Int {
    (max(leastByteCount, 1) + alignment - 1) / alignment * alignment
  }

  private var leastByteCount: Int { floatCount * MemoryLayout<Float>.stride }
  private var isLarge: Bool { leastByteCount >= Self.leastLarge }
  private var alignment: Int { isLarge ? Self.largePage : Self.line }

  /// Sets `count` floats aside.
  func reserve(_ count: Int) -> Piece {
    precondition(block == nil, "the arena is already allocated")
    let piece = Piece(offset: floatCount, count: count)
    let step = Self.line / MemoryLayout<Float>.stride
    floatCount += (count + step - 1) / step * step
    return piece
  }

  /// Gets the memory, filled with zeros.
  func allocate() {
    precondition(block == nil, "the arena is already allocated")
    let block = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: alignment)
    #if os(Linux)
      // Only a request: where the system refuses, small pages do.
      if isLarge { madvise(block, byteCount, Int32(MADV_HUGEPAGE)) }
    #endif
    block.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
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
