import MobileNet

extension Picture {
  /// The picture as a module takes it: `[1, height, width, 3]`, float32 in [0, 1].
  ///
  /// Each value is the byte times 1/255 rounded to float32, as `tf.image.convert_image_dtype` has it.
  package var image: Tensor<Float> {
    Tensor(shape: [1, height, width, Self.channels], scalars: pixels.map { $0.unitValue })
  }

  /// The picture in another size, as `tf.image.resize` makes it: bilinear with half-pixel centres,
  /// without antialias and without regard to the aspect ratio. Bit for bit, for this is the order in
  /// which TensorFlow's kernel rounds.
  ///
  /// - Parameters:
  ///   - height: At least 1, as is `width`.
  /// - Returns: `[1, height, width, 3]`, float32 in [0, 1].
  package func image(height: Int, width: Int) -> Tensor<Float> {
    let rows = Interpolation.places(from: self.height, to: height)
    let columns = Interpolation.places(from: self.width, to: width)
    var values: [Float] = []
    values.reserveCapacity(height * width * Self.channels)
    for row in rows {
      let (upper, lower) = (row.before * self.width, row.after * self.width)
      for column in columns {
        for channel in 0..<Self.channels {
          func value(_ start: Int, _ x: Int) -> Float {
            pixels[(start + x) * Self.channels + channel].unitValue
          }
          let top = column.between(value(upper, column.before), value(upper, column.after))
          let bottom = column.between(value(lower, column.before), value(lower, column.after))
          values.append(row.between(top, bottom))
        }
      }
    }
    return Tensor(shape: [1, height, width, Self.channels], scalars: values)
  }
}

extension UInt8 {
  fileprivate var unitValue: Float { Float(self) * Float(1.0 / 255) }
}

/// Where one output position lies between two input positions, along one axis.
private struct Interpolation {
  let before: Int
  let after: Int
  /// 0 at `before`, 1 at `after`.
  let weight: Float

  /// One for each of `count` output positions.
  static func places(from inputCount: Int, to count: Int) -> [Interpolation] {
    let scale = Float(inputCount) / Float(count)
    return (0..<count).map { index in
      let place = (Float(index) + 0.5) * scale - 0.5
      let floor = place.rounded(.down)
      return Interpolation(
        before: max(Int(floor), 0), after: min(Int(place.rounded(.up)), inputCount - 1),
        weight: place - floor)
    }
  }

  func between(_ first: Float, _ second: Float) -> Float { first + (second - first) * weight }
}
