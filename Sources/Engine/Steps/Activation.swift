import KernelInterface

/// A tensor in the engine's memory: `[batch, height, width, channels]` with the channels padded to
/// whole vectors. What is in the padding is never used.
struct Activation {
  var memory: UnsafeMutablePointer<Float>
  let batch: Int
  let height: Int
  let width: Int
  let channels: Int
  let paddedChannels: Int

  /// - Parameter shape: `[batch, height, width, channels]` or `[batch, channels]`.
  init(_ shape: [Int], _ kernels: KernelTable, memory: UnsafeMutablePointer<Float>) {
    self.memory = memory
    batch = shape[0]
    height = shape.count == 4 ? shape[1] : 1
    width = shape.count == 4 ? shape[2] : 1
    channels = shape[shape.count - 1]
    paddedChannels = kernels.paddedChannels(channels)
  }

  /// Pixels of the whole batch.
  var pixels: Int { batch * height * width }

  /// Floats of a row.
  var rowPitch: Int { width * paddedChannels }

  subscript(pixel pixel: Int) -> UnsafeMutablePointer<Float> {
    memory + pixel * paddedChannels
  }

  subscript(image image: Int, row row: Int) -> UnsafeMutablePointer<Float> {
    memory + (image * height + row) * rowPitch
  }

  /// The memory of some pixels.
  func memory(of pixels: Range<Int>) -> Range<UnsafeMutablePointer<Float>> {
    self[pixel: pixels.lowerBound]..<self[pixel: pixels.upperBound]
  }

  /// The pixels of some rows of one image.
  func pixels(image: Int, _ rows: Range<Int>) -> Range<Int> {
    let first = image * height * width
    return first + rows.lowerBound * width..<first + rows.upperBound * width
  }

  /// Copies a dense tensor of the same shape into this one.
  func fill(from source: UnsafePointer<Float>) {
    for pixel in 0..<pixels {
      self[pixel: pixel].update(from: source + pixel * channels, count: channels)
    }
  }

  /// Copies a range of pixels to a dense tensor of the same shape.
  func copy(_ pixels: Range<Int>, to target: UnsafeMutablePointer<Float>) {
    copy(pixels, from: self[pixel: pixels.lowerBound], to: target)
  }

  /// The same for pixels that have been computed elsewhere.
  func copy(
    _ pixels: Range<Int>, from source: UnsafePointer<Float>,
    to target: UnsafeMutablePointer<Float>
  ) {
    let target = target + pixels.lowerBound * channels
    if channels == paddedChannels {
      target.update(from: source, count: pixels.count * channels)
    } else {
      for pixel in 0..<pixels.count {
        (target + pixel * channels).update(
          from: source + pixel * paddedChannels, count: channels)
      }
    }
  }
}
