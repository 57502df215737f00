import MobileNet

extension Operations {
  /// Convolution of every channel with a kernel of its own, `SAME` padding.
  ///
  ///     z[n, y, x, c] = Σ_i Σ_j input[n, y·s + i - top, x·s + j - left, c] · weights[i, j, c, 0]
  ///
  /// Taps outside the input are skipped.
  ///
  /// - Parameters:
  ///   - input: `[batch, height, width, channels]`.
  ///   - weights: `[kernel, kernel, channels, 1]`.
  /// - Returns: One accumulator per output element, `[batch, ⌈height/s⌉, ⌈width/s⌉, channels]`.
  @specialized(where Terms == Sum<Double>)
  @specialized(where Terms == Sum<Float>)
  @specialized(where Terms == Moments)
  public static func depthwiseConvolution<Terms: Accumulator>(
    _ input: Tensor<Terms.Scalar>, weights: Tensor<Terms.Scalar>, stride: Int,
    accumulating: Terms.Type
  ) -> Tensor<Terms> {
    let (batch, height, width, depth) = extents(input)
    let kernel = weights.shape[0]
    precondition(weights.shape == [kernel, kernel, depth, 1])
    let rows = SamePadding(inputSize: height, kernelSize: kernel, stride: stride)
    let columns = SamePadding(inputSize: width, kernelSize: kernel, stride: stride)
    let shape = [batch, rows.outputSize, columns.outputSize, depth]

    return withElements(input, weights, shape: shape) { input, weights, output in
      var index = 0
      for n in 0..<batch {
        for y in 0..<rows.outputSize {
          for x in 0..<columns.outputSize {
            for c in 0..<depth {
              var terms = Terms()
              for i in 0..<kernel {
                let v = y * stride + i - rows.before
                guard v >= 0, v < height else { continue }
                for j in 0..<kernel {
                  let u = x * stride + j - columns.before
                  guard u >= 0, u < width else { continue }
                  terms.add(
                    input[((n * height + v) * width + u) * depth + c],
                    times: weights[(i * kernel + j) * depth + c])
                }
              }
              output[index] = terms
              index += 1
            }
          }
        }
      }
    }
  }
}
