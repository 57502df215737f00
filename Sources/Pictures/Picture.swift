/// A picture in memory: red, green and blue, 8 bits each.
package struct Picture: Hashable, Sendable {
  /// Extents in pixels, as people see the picture.
  package let width: Int
  package let height: Int
  /// `height * width * 3` bytes, row by row from the top, red, green, blue.
  package let pixels: [UInt8]

  /// - Precondition: There are as many bytes as the size says.
  package init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(
      pixels.count == width * height * Self.channels,
      "\(pixels.count) bytes are no picture of \(width) x \(height)")
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// Red, green and blue.
  package static let channels = 3

  /// The largest picture that is decoded, in pixels. Pillow draws the same line: a file of a few bytes
  /// can claim to hold billions.
  package static let mostPixels = 178_956_970
}
