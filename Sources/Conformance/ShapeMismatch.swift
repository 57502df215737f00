import MobileNet

/// A value that has another shape than it must have, and what may be the cause.
///
/// Nothing in it can be compared, so there are no figures; the shape alone often tells the mistake.
public struct ShapeMismatch: Hashable, Sendable, Codable {
  public var found: [Int]
  public var expected: [Int]
  /// What is likely to have made it, in a few words: `VALID padding in place of SAME`.
  public var cause: String?

  /// `its shape is 1x63x63x24, expected 1x64x64x24: VALID padding in place of SAME`
  public var description: String {
    "its shape is \(describe(shape: found)), expected \(describe(shape: expected))"
      + (cause.map { ": \($0)" } ?? "")
  }
}

extension ShapeMismatch {
  /// `nil` if the shapes are the same.
  init?(_ found: [Int], for expected: [Int], cause: @autoclosure () -> String? = nil) {
    guard found != expected else { return nil }
    self.init(found: found, expected: expected, cause: cause())
  }

  /// The mismatch of a layer's value; `nil` if it has the shape that its input makes it.
  ///
  /// - Parameter input: Shape of what the layer read.
  init?(found: [Int], of layer: Layer, at index: Int, in architecture: Architecture, input: [Int]) {
    let clue = ShapeClue(
      found: found, expected: layer.outputShape(input: input), layer: layer, index: index,
      architecture: architecture)
    self.init(
      found, for: clue.expected,
      cause: clue.arrangement ?? clue.channels ?? clue.positions(input: input) ?? clue.batch)
  }

  /// The mismatch of a value in the subject's own run, where an earlier layer may have made it.
  ///
  /// - Parameter images: Shape of the case's images.
  init?(
    found: [Int], of layer: Layer, at index: Int, in architecture: Architecture, images: [Int]
  ) {
    let clue = ShapeClue(
      found: found, expected: architecture.shapes(images: images)[index], layer: layer,
      index: index, architecture: architecture)
    self.init(
      found, for: clue.expected,
      cause: clue.arrangement ?? clue.channels ?? clue.positions(images: images) ?? clue.batch)
  }
}

extension Layer {
  /// Whether the layer can read a tensor of this shape, whatever its batch, height and width.
  func reads(_ shape: [Int]) -> Bool {
    guard !shape.contains(where: { $0 < 1 }) else { return false }
    switch operation {
    case .convolution(let convolution):
      return shape.count == 4 && shape[3] == convolution.inputChannels
    case .globalPool(let channels):
      return shape.count == 4 && shape[3] == channels
    case .logits(let channels, _):
      return shape.count == 4 && shape[1] == 1 && shape[2] == 1 && shape[3] == channels
    case .softmax(let classes):
      return shape.count == 2 && shape[1] == classes
    }
  }
}

/// What a shape tells of how it came about.
private struct ShapeClue {
  let found: [Int]
  let expected: [Int]
  let layer: Layer
  let index: Int
  let architecture: Architecture

  // MARK: The same numbers, arranged otherwise

  /// Axes that are missing, too many, or in another order.
  var arrangement: String? {
    let hasBatch = found.first == expected[0]
    if expected[0] == 1, found == Array(expected.dropFirst()) {
      return "the batch dimension is missing"
    }
    if expected.count == 4 {
      let (n, h, w, c) = (expected[0], expected[1], expected[2], expected[3])
      if found == [n, c, h, w] { return "NCHW in place of NHWC" }
      if n == 1, found == [c, h, w] { return "NCHW in place of NHWC, and the batch is missing" }
      if found == [n, w, h, c] { return "height and width are exchanged" }
      if found == [n, c, w, h] { return "NCHW in place of NHWC, height and width exchanged" }
      if found == [h, w, c, n] { return "the batch is the last axis" }
      if hasBatch, found == [n, h * w * c], h * w > 1 { return "all but the batch is flattened" }
    }
    let (plain, wanted) = (found.filter { $0 != 1 }, expected.filter { $0 != 1 })
    if plain == wanted {
      return found.count > expected.count
        ? "axes of length 1 are kept: \(names(found)) for \(names(expected))"
        : found.count < expected.count
          ? "axes of length 1 are dropped: \(names(found)) for \(names(expected))"
          : "the axes are in another order: \(names(found)) for \(names(expected))"
    }
    if found.reduce(1, *) == expected.reduce(1, *) {
      return found.count == 1
        ? "the tensor is flattened"
        : found.sorted() == expected.sorted()
          ? "the axes are in another order" : "the same number of elements, arranged otherwise"
    }
    return nil
  }

  /// `N x 1 x 1 x K`, by what the extents are.
  private func names(_ shape: [Int]) -> String {
    var hasBatch = false
    return shape.map { extent in
      if extent == expected[0], !hasBatch {
        hasBatch = true
        return "N"
      }
      return extent == expected[expected.count - 1] ? "K" : "\(extent)"
    }.joined(separator: " x ")
  }

  // MARK: Channels

  /// Another number of channels or classes at the same positions.
  var channels: String? {
    guard found.count == expected.count, found.dropLast() == expected.dropLast(),
      let count = found.last, let wanted = expected.last
    else { return nil }
    if layer.endPoint == .logits || layer.endPoint == .predictions {
      switch count - wanted {
      case -1: return "\(count) classes: without the background class"
      case 1: return "\(count) classes: with a background class too many"
      default: return "\(count) classes in place of \(wanted)"
      }
    }
    let multipliers = [0.25, 0.35, 0.5, 0.75, 1, 1.25, 1.4].filter {
      guard $0 != architecture.depthMultiplier,
        let other = try? Architecture(depthMultiplier: $0, numClasses: architecture.numClasses)
      else { return false }
      return other.shapes(images: [1, 224, 224, 3])[index].last == count
    }
    if let first = multipliers.first {
      return "the channels of depth multiplier \(first)"
        + multipliers.dropFirst().map { " or \($0)" }.joined()
    }
    if let block = [4, 8, 16, 32, 64].first(where: {
      count > wanted && (wanted + $0 - 1) / $0 * $0 == count
    }) {
      return "channels padded to a multiple of \(block)"
    }
    return nil
  }

  // MARK: Positions

  /// How a window may go over its input by mistake.
  private enum Mistake: CaseIterable {
    case valid, floor, stride1, stride2, wide

    var summary: String {
      switch self {
      case .valid: "VALID padding in place of SAME"
      case .floor: "rounded down at stride 2 where SAME rounds up"
      case .stride1: "stride 1 in place of 2"
      case .stride2: "stride 2 in place of 1"
      case .wide: "padding of 2 in place of 1"
      }
    }

    /// Positions along one axis; `nil` where the mistake cannot be made.
    func size(_ input: Int, _ convolution: Convolution) -> Int? {
      let (kernel, stride) = (convolution.kernelSize, convolution.stride)
      switch self {
      case .valid: return kernel > 1 ? Swift.max((input - kernel + stride) / stride, 0) : nil
      case .floor: return stride == 2 ? input / 2 : nil
      case .stride1: return stride == 2 ? input : nil
      case .stride2: return kernel > 1 && stride == 1 ? (input + 1) / 2 : nil
      case .wide: return kernel > 1 ? (input + 4 - kernel) / stride + 1 : nil
      }
    }
  }

  /// A mistake of the layer on what it read.
  func positions(input: [Int]) -> String? {
    guard let convolution = layer.convolution else { return unpooled(input: input) }
    guard isElsewhere else { return nil }
    return Mistake.allCases.first {
      size(input: input, convolution, $0) == Array(found[1...2])
    }?.summary
  }

  /// A mistake of this or an earlier layer, or of all.
  func positions(images: [Int]) -> String? {
    guard layer.convolution != nil else {
      return unpooled(input: index == 0 ? images : architecture.shapes(images: images)[index - 1])
    }
    guard isElsewhere else { return nil }
    for mistake in Mistake.allCases {
      if let own = positions(mistake, images: images, in: [index]), own == Array(found[1...2]) {
        return mistake.summary
      }
      if positions(mistake, images: images, in: Array(0...index)) == Array(found[1...2]) {
        return "\(mistake.summary), in this and all earlier layers"
      }
    }
    for mistake in Mistake.allCases {
      let place = (0..<index).first {
        positions(mistake, images: images, in: [$0]) == Array(found[1...2])
      }
      if let place { return "\(mistake.summary), in \(architecture.endPoints[place]) or later" }
    }
    return nil
  }

  /// Whether batch and channels are right, and the positions are others.
  private var isElsewhere: Bool {
    found.count == 4 && found[0] == expected[0] && found[3] == expected[3]
  }

  /// Height and width after this layer, the mistake made in some; `nil` if it can be made in none.
  private func positions(_ mistake: Mistake, images: [Int], in places: [Int]) -> [Int]? {
    var shape = Array(images[1...2])
    var isMade = false
    for place in 0...index {
      guard let convolution = architecture.layers[place].convolution else { return nil }
      if places.contains(place), let other = size(shape, convolution, mistake) {
        shape = other
        isMade = true
      } else {
        shape = shape.map { convolution.padding(inputSize: max($0, 1)).outputSize }
      }
    }
    return isMade ? shape : nil
  }

  private func size(input: [Int], _ convolution: Convolution, _ mistake: Mistake) -> [Int]? {
    size(Array(input[1...2]), convolution, mistake)
  }

  private func size(_ input: [Int], _ convolution: Convolution, _ mistake: Mistake) -> [Int]? {
    let sizes = input.compactMap { mistake.size($0, convolution) }
    return sizes.count == 2 ? sizes : nil
  }

  /// A head that was not averaged over all positions.
  private func unpooled(input: [Int]) -> String? {
    guard found.count == 4, found[0] == expected[0], found[3] == expected[expected.count - 1],
      found[1] * found[2] > 1
    else { return nil }
    return layer.endPoint == .globalPool && input.count == 4 && found == input
      ? "not averaged over height and width" : "more than one position left: not a global mean"
  }

  // MARK: Batch

  /// Another number of images.
  var batch: String? {
    guard found.count == expected.count, found.dropFirst() == expected.dropFirst() else {
      return nil
    }
    return "\(found[0]) \(found[0] == 1 ? "image" : "images") in place of \(expected[0])"
  }
}
