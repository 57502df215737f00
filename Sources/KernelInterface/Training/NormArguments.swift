/// `output = relu6((input - mean) scale + offset)` for pixels that lie one behind the other.
package struct NormalizeArguments {
  package var input: UnsafePointer<Float>
  /// A ``NormTable`` of `channels`.
  package var norm: UnsafePointer<Float>
  /// A vector of zeros, then one of sixes.
  package var bounds: UnsafePointer<Float>
  package var output: UnsafeMutablePointer<Float>
  package var pixels: Int
  /// A whole number of vectors.
  package var channels: Int

  package init(
    input: UnsafePointer<Float>, norm: UnsafePointer<Float>, bounds: UnsafePointer<Float>,
    output: UnsafeMutablePointer<Float>, pixels: Int, channels: Int
  ) {
    self.input = input
    self.norm = norm
    self.bounds = bounds
    self.output = output
    self.pixels = pixels
    self.channels = channels
  }
}

/// Moments of some pixels around a center near their mean, by channel, in two passes: from these three
/// numbers mean and variance follow without a loss, whatever rounding did to the center.
package struct MomentsArguments {
  package var input: UnsafePointer<Float>
  /// Floats from one pixel to the next.
  package var stride: Int
  /// At least 1.
  package var pixels: Int
  /// Channels to treat, in vectors.
  package var vectors: Int
  /// Three rows: the center, `Σ (x - center)`, `Σ (x - center)²`.
  package var output: UnsafeMutablePointer<Float>
  /// Floats from one row of the output to the next.
  package var outputStride: Int

  package init(
    input: UnsafePointer<Float>, stride: Int, pixels: Int, vectors: Int,
    output: UnsafeMutablePointer<Float>, outputStride: Int
  ) {
    self.input = input
    self.stride = stride
    self.pixels = pixels
    self.vectors = vectors
    self.output = output
    self.outputStride = outputStride
  }
}

/// The gradient on its way back through ReLU6 and batch norm: `g` is `gradient` where the ReLU6's
/// input is above 0 and below 6, and 0 elsewhere.
package struct NormGradientArguments {
  /// With respect to the activation.
  package var gradient: UnsafePointer<Float>
  /// What the batch norm read.
  package var input: UnsafePointer<Float>
  /// A ``NormTable`` of `channels`.
  package var norm: UnsafePointer<Float>
  /// A vector of zeros, then one of sixes.
  package var bounds: UnsafePointer<Float>
  /// For the sums: a row of `Σ g`, then one of `Σ g (x - mean)`. For the gradient: with respect to
  /// what the batch norm read; may be `gradient` itself.
  package var output: UnsafeMutablePointer<Float>
  package var pixels: Int
  /// A whole number of vectors.
  package var channels: Int
  /// Channels to treat, in vectors.
  package var vectors: Range<Int>

  package init(
    gradient: UnsafePointer<Float>, input: UnsafePointer<Float>, norm: UnsafePointer<Float>,
    bounds: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, pixels: Int, channels: Int,
    vectors: Range<Int>
  ) {
    self.gradient = gradient
    self.input = input
    self.norm = norm
    self.bounds = bounds
    self.output = output
    self.pixels = pixels
    self.channels = channels
    self.vectors = vectors
  }
}
