import MobileNet

extension Operations {
  /// The sum that a global mean divides: Σ_y Σ_x input[n, y, x, c].
  ///
  /// - Parameter input: `[batch, height, width, channels]`.
  /// - Returns: `[batch, 1, 1, channels]`; divide by height · width for the mean.
  @specialized(where Terms == Sum<Double>)
  @specialized(where Terms == Sum<Float>)
  @specialized(where Terms == Moments)
  public static func globalSum<Terms: Accumulator>(
    _ input: Tensor<Terms.Scalar>, accumulating: Terms.Type
  ) -> Tensor<Terms> {
    let (batch, height, width, depth) = extents(input)
    let one = Tensor(repeating: Terms.Scalar(1), shape: [1])

    return withElements(input, one, shape: [batch, 1, 1, depth]) { input, one, output in
      for n in 0..<batch {
        for c in 0..<depth {
          var terms = Terms()
          for y in 0..<height {
            for x in 0..<width {
              terms.add(input[((n * height + y) * width + x) * depth + c], times: one[0])
            }
          }
          output[n * depth + c] = terms
        }
      }
    }
  }
}
