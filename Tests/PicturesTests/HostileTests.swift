import Pictures
import Testing

/// Broken and hostile files: an error in one line, or pixels, but never a crash.
@Suite struct HostileTests {
  /// Reads a file that must be refused and returns the reason.
  private func refusal(_ file: [UInt8]) -> String {
    do throws(PictureError) {
      let picture = try Picture(decoding: file)
      return "read as \(picture.width) x \(picture.height)"
    } catch {
      return "\(error)"
    }
  }

  @Test(arguments: ["", "GIF89a", "RIFF....WEBPVP8 ", "<svg/>", "\u{89}PNG"])
  func `what is neither JPEG nor PNG is refused`(text: String) {
    #expect(throws: PictureError.unknownFormat) { try Picture(decoding: Array(text.utf8)) }
  }

  @Test(arguments: ["jpeg_420", "jpeg_progressive", "png_rgb", "png_interlaced"])
  func `a file that ends anywhere too early is refused`(name: String) throws {
    let file = try TensorFlowPictures.file(name)
    let whole = try Picture(decoding: file)
    for count in 0..<file.count {
      let reason = refusal(Array(file.prefix(count)))
      // A JPEG's last marker says nothing that is not known by then.
      if reason.hasPrefix("read as") {
        #expect(count >= file.count - 2 && name.hasPrefix("jpeg"), "\(name) of \(count) bytes")
        #expect(try Picture(decoding: Array(file.prefix(count))) == whole)
      }
      #expect(!reason.contains("\n"))
    }
  }

  @Test(arguments: [
    "jpeg_420", "jpeg_progressive", "jpeg_cmyk_adobe", "jpeg_exif_6", "jpeg_restarts",
    "png_palette_transparent", "png_grey_1", "png_rgb_alpha_16", "png_palette_interlaced",
    "png_exif_6",
  ])
  func `flipped bytes are refused or read, and nothing else`(name: String) throws {
    let file = try TensorFlowPictures.file(name)
    var refused = 0
    for place in file.indices {
      for change: UInt8 in [0x01, 0x80, 0xFF] {
        var damaged = file
        damaged[place] ^= change
        let reason = refusal(damaged)
        #expect(!reason.isEmpty && !reason.contains("\n"))
        if !reason.hasPrefix("read as") { refused += 1 }
      }
    }
    // PNG's checksums cover everything; a JPEG has none, and many a byte is only a colour.
    #expect(refused > file.count / 20)
  }

  @Test func `damage in a JPEG's data is not made up for`() throws {
    var file = try TensorFlowPictures.file("jpeg_restarts")
    let restart = try #require(
      file.indices.dropLast().first { file[$0] == 0xFF && file[$0 + 1] == 0xD0 })
    file[restart + 1] = 0xD3
    #expect(refusal(file).contains("JPEG"))
    #expect(!refusal(file).hasPrefix("read as"))
  }

  // MARK: Sizes

  /// A JPEG that claims any size, and has no data.
  private func jpeg(width: Int, height: Int, progressive: Bool = false) throws -> [UInt8] {
    var file = try TensorFlowPictures.file(progressive ? "jpeg_progressive" : "jpeg_420")
    let start: [UInt8] = [0xFF, progressive ? 0xC2 : 0xC0, 0x00, 0x11, 0x08]
    let place = try #require(
      file.indices.dropLast(9).first { file[$0..<$0 + 5].elementsEqual(start) })
    let size = [height >> 8, height & 0xFF, width >> 8, width & 0xFF]
    file.replaceSubrange(place + 5..<place + 9, with: size.map { UInt8($0) })
    return file
  }

  /// A PNG that claims any size, and has no data.
  private func png(width: UInt32, height: UInt32, depth: UInt8 = 8, color: UInt8 = 2) -> [UInt8] {
    func bytes(_ number: UInt32) -> [UInt8] {
      (0..<4).reversed().map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }
    func chunk(_ kind: String, _ data: [UInt8]) -> [UInt8] {
      let body = Array(kind.utf8) + data
      return bytes(UInt32(data.count)) + body + bytes(Self.checksum(body))
    }
    return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
      + chunk("IHDR", bytes(width) + bytes(height) + [depth, color, 0, 0, 0])
      + chunk("IDAT", []) + chunk("IEND", [])
  }

  /// PNG's CRC-32.
  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(~0) { sum, byte in
      (0..<8).reduce(sum ^ UInt32(byte)) { value, _ in
        value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1
      }
    }
  }

  @Test func `a picture of 65535 x 65535 is refused before anything is allocated`() throws {
    #expect(throws: PictureError.tooLarge(width: 65535, height: 65535)) {
      try Picture(decoding: png(width: 65535, height: 65535))
    }
    #expect(throws: PictureError.tooLarge(width: 0x7FFF_FFFF, height: 0x7FFF_FFFF)) {
      try Picture(decoding: png(width: 0x7FFF_FFFF, height: 0x7FFF_FFFF))
    }
    #expect(throws: PictureError.tooLarge(width: 65500, height: 65500)) {
      try Picture(decoding: jpeg(width: 65500, height: 65500))
    }
    // libjpeg has a limit of its own, on each side.
    #expect(refusal(try jpeg(width: 65535, height: 65535)).contains("65500"))
  }

  @Test func `a large claim without the data is refused`() throws {
    for file in [
      try jpeg(width: 9000, height: 9000), try jpeg(width: 3000, height: 3000, progressive: true),
      png(width: 9000, height: 9000), png(width: 0, height: 5), try jpeg(width: 0, height: 5),
      png(width: 5, height: 5, depth: 3), png(width: 5, height: 5, color: 9),
    ] {
      #expect(refusal(file).contains("that can be decoded ("))
    }
  }
}
