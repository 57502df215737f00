import MobileNet
import Reference

/// What the network itself does to a small change of its input, whoever computes it.
///
/// Every pixel is moved by one unit in the last place of float32, up or down at random, and the
/// reference computes its chain once more. At each end point
///
///     κ = (‖change of the end point‖ / ‖end point‖) / (‖change of the images‖ / ‖images‖)
///
/// says how much relative errors grow on their way there. A layer that errs by u where κ is 1000 has
/// passed on what it was given; the same error where κ is 1 it has made. One random direction is an
/// estimate from below, good enough to tell those apart.
struct Conditioning {
  private var value: Tensor<Double>
  private let inputChange: Double

  /// - Returns: `nil` if every pixel is zero: there is no last place to change.
  init?(images: Tensor<Float>) {
    var generator = SplitMix64(seed: 1)
    let moved = images.map { pixel in
      guard pixel != 0 else { return 0.0 }
      let isUp = Bool.random(using: &generator)
      return Double(isUp ? pixel.nextUp : pixel.nextDown)
    }
    let change = Self.distance(moved, Tensor(images))
    guard change > 0 else { return nil }
    value = moved
    inputChange = change
  }

  /// Follows the moved images through a layer.
  ///
  /// - Parameter reference: The layer's output on the unmoved images.
  /// - Returns: κ; `nil` where the reference is zero everywhere.
  mutating func advance(
    through index: Int, of network: ReferenceNetwork<Double>, reference: Tensor<Double>
  ) -> Double? {
    value = network.output(layer: index, input: value)
    let factor = Self.distance(value, reference) / inputChange
    return factor.isFinite ? factor : nil
  }

  /// ‖left - right‖ / ‖right‖.
  private static func distance(_ left: Tensor<Double>, _ right: Tensor<Double>) -> Double {
    var (difference, norm) = (0.0, 0.0)
    for index in 0..<right.count {
      let step = left[flat: index] - right[flat: index]
      difference += step * step
      norm += right[flat: index] * right[flat: index]
    }
    return (difference / norm).squareRoot()
  }
}
