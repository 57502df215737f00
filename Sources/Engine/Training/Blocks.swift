import MobileNet

/// How the rows of a batch of images are cut into units of work, whose sums are added in order.
///
/// The cut depends on the shape alone, never on the number of threads: that makes every sum the same
/// for any number of them.
struct Blocks {
  /// Units that a step should have at least, so that some threads find work.
  private static let minimum = 8
  /// Floats of a unit's input: 96 KB, as for inference.
  private static let floats = 24_576
  /// Terms of a sum in float32 at most, as long as there is more than one row.
  private static let pixels = 256

  let images: Int
  let height: Int
  let width: Int
  /// Rows per block but the last one of an image.
  let size: Int

  private var perImage: Int { (height + size - 1) / size }
  var count: Int { images * perImage }

  /// Rows of images, for what looks at neighbours.
  init(rowsOf activation: Activation) {
    let row = activation.width * activation.paddedChannels
    let share = (activation.batch * activation.height + Self.minimum - 1) / Self.minimum
    self.init(
      images: activation.batch, height: activation.height, width: activation.width,
      limit: min(Self.floats / row, share))
  }

  /// Pixels of all images in a row, for what does not; `depth` floats are in the near cache for each.
  init(pixelsOf activation: Activation, depth: Int) {
    self.init(
      images: 1, height: activation.pixels, width: 1, limit: min(Self.floats / depth, Self.pixels))
  }

  init(images: Int, height: Int, width: Int, limit: Int) {
    self.images = images
    self.height = height
    self.width = width
    let parts = (height + max(limit, 1) - 1) / max(limit, 1)
    size = (height + parts - 1) / parts
  }

  /// Parts to cut the channels into, so that there is work for some threads.
  func parts(panels: Int) -> Int {
    min(panels, max(1, (Self.minimum + count - 1) / count))
  }

  func rows(_ block: Int) -> (image: Int, rows: Range<Int>) {
    let image = block / perImage
    let first = (block - image * perImage) * size
    return (image, first..<min(first + size, height))
  }

  func pixels(_ block: Int) -> Range<Int> {
    let (image, rows) = rows(block)
    let start = image * height
    return (start + rows.lowerBound) * width..<(start + rows.upperBound) * width
  }
}
