import PictureDecoders

extension Picture {
  /// Decodes a JPEG or a PNG.
  ///
  /// The pixels are those of TensorFlow's `tf.io.decode_image(channels=3)`: grey is expanded, alpha is
  /// dropped (not blended), of 16 bits the high 8 are kept, CMYK is converted without a colour profile,
  /// gamma and colour profiles are ignored. Unlike TensorFlow, this turns the picture as its EXIF
  /// orientation says, and refuses a JPEG whose data are damaged instead of making pixels up.
  ///
  /// - Parameter file: All bytes of the file.
  /// - Throws: ``PictureError`` if they are no such picture. Nothing is allocated for a picture of more
  ///   than ``mostPixels``.
  package init(decoding file: [UInt8]) throws(PictureError) {
    guard let format = PictureFormat(of: file) else { throw .unknownFormat }
    let size = try Self.size(file, format)
    let (width, height) = (Int(size.width), Int(size.height))
    guard width > 0, height > 0, width <= Self.mostPixels / height else {
      throw .tooLarge(width: width, height: height)
    }
    let stored = Picture(
      width: width, height: height, pixels: try Self.pixels(file, format, size: size))
    self = stored.turned(Orientation(of: file, format))
  }

  private static func size(
    _ file: [UInt8], _ format: PictureFormat
  ) throws(PictureError) -> picture_size {
    var size = picture_size()
    try call(file, format) { file, message in
      switch format {
      case .jpeg: picture_jpeg_size(file, &size, message)
      case .png: picture_png_size(file, &size, message)
      }
    }
    return size
  }

  private static func pixels(
    _ file: [UInt8], _ format: PictureFormat, size: picture_size
  ) throws(PictureError) -> [UInt8] {
    let count = Int(size.width) * Int(size.height) * channels
    var outcome: Result<Void, PictureError> = .success(())
    // Not filled first: a file of a few bytes may claim half a gigabyte, and then has no data.
    let pixels = [UInt8](unsafeUninitializedCapacity: count) { target, filled in
      outcome = Result { () throws(PictureError) in
        try call(file, format) { file, message in
          switch format {
          case .jpeg: picture_jpeg_decode(file, size, target.baseAddress, message)
          case .png: picture_png_decode(file, size, target.baseAddress, message)
          }
        }
        filled = count
      }
    }
    try outcome.get()
    return pixels
  }

  /// Calls a function of the C target, with its message as an error.
  private static func call(
    _ file: [UInt8], _ format: PictureFormat,
    _ body: (picture_file, UnsafeMutablePointer<CChar>?) -> Bool
  ) throws(PictureError) {
    var message = [CChar](repeating: 0, count: Int(PICTURE_MESSAGE_BYTES))
    let isDone = file.withUnsafeBufferPointer { bytes in
      message.withUnsafeMutableBufferPointer { message in
        body(picture_file(bytes: bytes.baseAddress, count: bytes.count), message.baseAddress)
      }
    }
    guard isDone else {
      let text = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      throw .undecodable(format, String(decoding: text, as: UTF8.self))
    }
  }
}
