/// How a picture has to be turned to be seen upright: EXIF's tag 274.
///
/// The raw value says where the first stored row and column are seen. Source: Exif 2.32, 4.6.4 A.
package enum Orientation: Int, Hashable, Sendable, CaseIterable {
  case topLeft = 1
  case topRight
  case bottomRight
  case bottomLeft
  case leftTop
  case rightTop
  case rightBottom
  case leftBottom

  /// Whether stored rows are seen as columns.
  package var swapsAxes: Bool { rawValue >= 5 }

  /// Whether stored columns count from the other end.
  var reversesColumns: Bool { [2, 3, 7, 8].contains(rawValue) }

  /// Whether stored rows count from the other end.
  var reversesRows: Bool { [3, 4, 6, 7].contains(rawValue) }
}

extension Picture {
  /// The picture as it is to be seen, if it is stored in this orientation.
  package func turned(_ orientation: Orientation) -> Picture {
    guard orientation != .topLeft else { return self }
    let (seenWidth, seenHeight) = orientation.swapsAxes ? (height, width) : (width, height)
    let seen = [UInt8](unsafeUninitializedCapacity: pixels.count) { target, count in
      for y in 0..<seenHeight {
        for x in 0..<seenWidth {
          var (column, row) = orientation.swapsAxes ? (y, x) : (x, y)
          if orientation.reversesColumns { column = width - 1 - column }
          if orientation.reversesRows { row = height - 1 - row }
          let source = (row * width + column) * Self.channels
          for channel in 0..<Self.channels {
            target.initializeElement(at: count, to: pixels[source + channel])
            count += 1
          }
        }
      }
    }
    return Picture(width: seenWidth, height: seenHeight, pixels: seen)
  }
}
