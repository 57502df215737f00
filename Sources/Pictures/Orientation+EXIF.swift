extension Orientation {
  /// The orientation that a file's EXIF data ask for; upright if there are none, or damaged ones: a
  /// picture is worth showing without them.
  package init(of file: [UInt8], _ format: PictureFormat) {
    let exif =
      switch format {
      case .jpeg: Self.jpegExif(file)
      case .png: Self.pngExif(file)
      }
    self = exif.flatMap(Self.init(tiff:)) ?? .topLeft
  }

  /// What the first APP1 segment with EXIF data holds. Segments end where the scan starts.
  private static func jpegExif(_ file: [UInt8]) -> ArraySlice<UInt8>? {
    let (startOfScan, endOfImage, app1): (UInt8, UInt8, UInt8) = (0xDA, 0xD9, 0xE1)
    let name = Array("Exif\0\0".utf8)
    var reader = ByteReader(file[...], isBigEndian: true, at: 2)
    while let first = reader.byte(), first == 0xFF, var marker = reader.byte() {
      while marker == 0xFF, let next = reader.byte() { marker = next }
      if marker == startOfScan || marker == endOfImage { return nil }
      guard let length = reader.uint16(), length >= 2, let segment = reader.bytes(length - 2)
      else { return nil }
      if marker == app1, segment.starts(with: name) { return segment.dropFirst(name.count) }
    }
    return nil
  }

  /// What the chunk `eXIf` holds, before the pixels or after.
  private static func pngExif(_ file: [UInt8]) -> ArraySlice<UInt8>? {
    let checksumBytes = 4
    var reader = ByteReader(file[...], isBigEndian: true, at: PictureFormat.png.signature.count)
    while let length = reader.uint32(), let type = reader.bytes(4),
      let data = reader.bytes(length), reader.bytes(checksumBytes) != nil
    {
      if type.elementsEqual("eXIf".utf8) { return data }
    }
    return nil
  }

  /// The tag 274 of the first directory of a TIFF structure, which is what EXIF data are.
  private init?(tiff: ArraySlice<UInt8>) {
    let (tag, short, magic) = (274, 3, 42)
    var reader: ByteReader
    if tiff.starts(with: "II".utf8) {
      reader = ByteReader(tiff, isBigEndian: false, at: 2)
    } else if tiff.starts(with: "MM".utf8) {
      reader = ByteReader(tiff, isBigEndian: true, at: 2)
    } else {
      return nil
    }
    guard reader.uint16() == magic, let directory = reader.uint32(), reader.move(to: directory),
      let entries = reader.uint16()
    else { return nil }
    for _ in 0..<entries {
      guard let entryTag = reader.uint16(), let type = reader.uint16(), let count = reader.uint32(),
        let value = reader.uint16(), reader.bytes(2) != nil
      else { return nil }
      if entryTag == tag, type == short, count == 1 {
        self.init(rawValue: value)
        return
      }
    }
    return nil
  }
}

/// Reads numbers from bytes that may lie about their lengths: past the end there is `nil`.
private struct ByteReader {
  private let source: ArraySlice<UInt8>
  private let isBigEndian: Bool
  private var offset: Int

  init(_ source: ArraySlice<UInt8>, isBigEndian: Bool, at offset: Int) {
    self.source = source
    self.isBigEndian = isBigEndian
    self.offset = offset
  }

  /// Goes on at an offset from the start, if there is such a place.
  mutating func move(to offset: Int) -> Bool {
    guard offset <= source.count else { return false }
    self.offset = offset
    return true
  }

  mutating func bytes(_ count: Int) -> ArraySlice<UInt8>? {
    guard count <= source.count - offset else { return nil }
    let start = source.startIndex + offset
    offset += count
    return source[start..<start + count]
  }

  mutating func byte() -> UInt8? { bytes(1)?.first }
  mutating func uint16() -> Int? { number(2) }
  mutating func uint32() -> Int? { number(4) }

  private mutating func number(_ count: Int) -> Int? {
    guard let bytes = bytes(count) else { return nil }
    let ordered = isBigEndian ? Array(bytes) : bytes.reversed()
    return ordered.reduce(0) { $0 << 8 | Int($1) }
  }
}
