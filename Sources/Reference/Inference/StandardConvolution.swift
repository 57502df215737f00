import MobileNet

extension Operations {
  /// Convolution of every input channel into every output channel, `SAME` padding.
  ///
  ///     z[n, y, x, o] = Σ_i Σ_j Σ_c input[n, y·s + i - top, x·s + j - left, c] · weights[i, j, c, o]
  ///
  /// Taps outside the input are skipped: a zero adds nothing. A pointwise convolution is the case of
  /// a 1 x 1 kernel, where no tap is ever outside.
  ///
  /// - Parameters:
  ///   - input: `[batch, height, width, inputChannels]`.
  ///   - weights: HWIO, `[kernel, kernel, inputChannels, outputChannels]`.
  /// - Returns: One accumulator per output element, `[batch, ⌈height/s⌉, ⌈width/s⌉, outputChannels]`.
  @specialized(where Terms == Sum<Double>)
  @specialized(where Terms == Sum<Float>)
  @specialized(where Terms == Moments)
  public static func standardConvolution<Terms: Accumulator>(
    _ input: Tensor<Terms.Scalar>, weights: Tensor<Terms.Scalar>, stride: Int,
    accumulating: Terms.Type
  ) -> Tensor<Terms> {
    let (batch, height, width, depth) = extents(input)
    let (kernel, outputDepth) = (weights.shape[0], weights.shape[3])
    precondition(weights.shape == [kernel, kernel, depth, outputDepth])
    let rows = SamePadding(inputSize: height, kernelSize: kernel, stride: stride)
    let columns = SamePadding(inputSize: width, kernelSize: kernel, stride: stride)
    let shape = [batch, rows.outputSize, columns.outputSize, outputDepth]

    return withElements(input, outputChannelsFirst(weights), shape: shape) {
      input, weights, output in
      var index = 0
      for n in 0..<batch {
        for y in 0..<rows.outputSize {
          for x in 0..<columns.outputSize {
            for o in 0..<outputDepth {
              var terms = Terms()
              for i in 0..<kernel {
                let v = y * stride + i - rows.before
                guard v >= 0, v < height else { continue }
                for j in 0..<kernel {
                  let u = x * stride + j - columns.before
                  guard u >= 0, u < width else { continue }
                  let pixel = ((n * height + v) * width + u) * depth
                  let tap = ((o * kernel + i) * kernel + j) * depth
                  for c in 0..<depth {
                    terms.add(input[pixel + c], times: weights[tap + c])
                  }
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

  /// HWIO to OHWI, so that the dot product of one output reads its weights in order. With HWIO the
  /// loops are the same and four times slower, waiting for memory.
  @specialized(where Scalar == Double)
  @specialized(where Scalar == Float)
  private static func outputChannelsFirst<Scalar: AdditiveArithmetic & Sendable>(
    _ weights: Tensor<Scalar>
  ) -> Tensor<Scalar> {
    let (outputs, taps) = (weights.shape[3], weights.count / weights.shape[3])
    var scalars = [Scalar](repeating: .zero, count: weights.count)
    for o in 0..<outputs {
      for tap in 0..<taps {
        scalars[o * taps + tap] = weights[flat: tap * outputs + o]
      }
    }
    return Tensor(shape: [outputs] + weights.shape.dropLast(), scalars: scalars)
  }
}
