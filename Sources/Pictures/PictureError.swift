/// Why the bytes of a file are no picture that can be read.
package enum PictureError: Error, Hashable, CustomStringConvertible {
  /// Neither of the formats that are read.
  case unknownFormat
  /// More than ``Picture/mostPixels``.
  case tooLarge(width: Int, height: Int)
  /// Truncated, damaged or of a kind that the decoder does not read, with its own words.
  case undecodable(PictureFormat, String)

  package var description: String {
    switch self {
    case .unknownFormat:
      "is neither JPEG nor PNG; convert it to one of them"
    case .tooLarge(let width, let height):
      "has \(width) x \(height) pixels, at most \(Picture.mostPixels) in all are read; "
        + "make it smaller"
    case .undecodable(let format, let reason):
      "is no \(format.rawValue) that can be decoded (\(reason)); copy it again or convert it"
    }
  }
}

/// The formats that are read, told apart by a file's first bytes.
package enum PictureFormat: String, Hashable, Sendable, CaseIterable {
  case jpeg = "JPEG"
  case png = "PNG"

  /// What every file of the format starts with.
  var signature: [UInt8] {
    switch self {
    case .jpeg: [0xFF, 0xD8, 0xFF]
    case .png: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    }
  }

  /// The format of a whole file, `nil` if it is none of these.
  package init?(of file: [UInt8]) {
    guard let format = Self.allCases.first(where: { file.starts(with: $0.signature) }) else {
      return nil
    }
    self = format
  }
}
