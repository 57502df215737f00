import MobileNet

/// The part of the images that one element depends on.
public struct ReceptiveField: Hashable, Sendable {
  /// Pixel rows and columns, padding left out.
  public var rows: ClosedRange<Int>
  public var columns: ClosedRange<Int>
  /// Layers on the way whose window reaches into padding, in order of computation.
  public var paddedLayers: [EndPoint]
}

extension ReceptiveField {
  /// - Parameters:
  ///   - index: The layer that has the element.
  ///   - coordinates: Where it is, `[n, y, x, c]`; of the last two layers `[n, class]`.
  ///   - images: Shape of the images.
  init(_ architecture: Architecture, layer index: Int, at coordinates: [Int], images: [Int]) {
    let inputs = [images] + architecture.shapes(images: images)
    let isPosition = coordinates.count == 4
    rows = isPosition ? coordinates[1]...coordinates[1] : 0...0
    columns = isPosition ? coordinates[2]...coordinates[2] : 0...0
    var padded: [EndPoint] = []
    for place in (0...index).reversed() {
      let layer = architecture.layers[place]
      let input = inputs[place]
      switch layer.operation {
      case .convolution(let convolution):
        let vertical = Self.window(rows, convolution, size: input[1])
        let horizontal = Self.window(columns, convolution, size: input[2])
        (rows, columns) = (vertical.range, horizontal.range)
        if vertical.isPadded || horizontal.isPadded { padded.append(layer.endPoint) }
      case .globalPool:
        (rows, columns) = (0...input[1] - 1, 0...input[2] - 1)
      case .logits, .softmax:
        break
      }
    }
    paddedLayers = padded.reversed()
  }

  /// What a convolution reads along one axis to yield `outputs`.
  private static func window(
    _ outputs: ClosedRange<Int>, _ convolution: Convolution, size: Int
  ) -> (range: ClosedRange<Int>, isPadded: Bool) {
    let padding = convolution.padding(inputSize: size)
    let first = outputs.lowerBound * convolution.stride - padding.before
    let last =
      outputs.upperBound * convolution.stride - padding.before + convolution.kernelSize - 1
    let range = max(first, 0)...min(last, size - 1)
    return (range, first < 0 || last >= size)
  }
}
