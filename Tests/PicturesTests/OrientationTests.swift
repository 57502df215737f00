import Testing

import Pictures

/// The part of EXIF that is read.
@Suite struct OrientationTests {
  /// A TIFF structure with one entry, the orientation.
  private static func exif(
    _ order: String, tag: UInt16 = 274, type: UInt16 = 3, count: UInt32 = 1, value: UInt16 = 6,
    directory: UInt32 = 8, entries: UInt16 = 1
  ) -> [UInt8] {
    func bytes(_ number: some FixedWidthInteger) -> [UInt8] {
      withUnsafeBytes(of: order == "MM" ? number.bigEndian : number.littleEndian) { Array($0) }
    }
    return Array(order.utf8) + bytes(UInt16(42)) + bytes(directory) + bytes(entries) + bytes(tag)
      + bytes(type) + bytes(count) + bytes(value) + [0, 0] + bytes(UInt32(0))
  }

  /// The start of a JPEG with a segment.
  private static func jpeg(_ marker: UInt8, _ data: [UInt8], length: Int? = nil) -> [UInt8] {
    let length = length ?? data.count + 2
    return [0xFF, 0xD8, 0xFF, marker, UInt8(length >> 8), UInt8(length & 0xFF)] + data
      + [0xFF, 0xDA]
  }

  private static let name = Array("Exif\0\0".utf8)

  private func orientation(_ file: [UInt8]) -> Orientation { Orientation(of: file, .jpeg) }

  @Test(arguments: ["II", "MM"], Orientation.allCases)
  func `both byte orders are read`(order: String, expected: Orientation) {
    let exif = Self.exif(order, value: UInt16(expected.rawValue))
    #expect(orientation(Self.jpeg(0xE1, Self.name + exif)) == expected)
  }

  @Test func `it may come after other segments and padding`() {
    let first = Self.jpeg(0xE0, Array("JFIF\0".utf8)).dropLast(2)
    let second = Self.jpeg(0xE1, Self.name + Self.exif("MM")).dropFirst(2)
    #expect(orientation(first + [0xFF, 0xFF] + second) == .rightTop)
  }

  @Test func `what is no orientation counts as upright`() {
    let right = Self.exif("MM")
    #expect(orientation(Self.jpeg(0xE1, Self.name + right)) == .rightTop)
    for wrong in [
      [], Array(right.prefix(9)), Array(right.prefix(19)), Array("XX".utf8) + right.dropFirst(2),
      Self.exif("MM", tag: 275), Self.exif("MM", type: 4), Self.exif("MM", count: 2),
      Self.exif("MM", value: 0), Self.exif("MM", value: 9), Self.exif("MM", directory: .max),
      Self.exif("MM", directory: 2), Self.exif("MM", tag: 1, entries: .max),
    ] {
      #expect(orientation(Self.jpeg(0xE1, Self.name + wrong)) == .topLeft)
    }
    #expect(orientation(Self.jpeg(0xE2, Self.name + right)) == .topLeft)
    #expect(orientation(Self.jpeg(0xE1, right)) == .topLeft)
    for length in [0, 1, 2, 0xFFFF] {
      #expect(orientation(Self.jpeg(0xE1, Self.name + right, length: length)) == .topLeft)
    }
  }

  @Test func `turning four times by a quarter changes nothing`() {
    let picture = Picture(width: 3, height: 2, pixels: Array(0..<18))
    let quarter = picture.turned(.rightTop)
    #expect(quarter.width == 2)
    #expect(quarter.height == 3)
    #expect(quarter.turned(.rightTop).turned(.rightTop).turned(.rightTop) == picture)
    #expect(quarter.turned(.leftBottom) == picture)
    #expect(quarter.turned(.rightTop) == picture.turned(.bottomRight))
  }
}
