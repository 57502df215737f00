import MobileNet

extension Operations {
  /// Gradient of a depthwise convolution's weights.
  ///
  ///     dW[i, j, c, 0] = Σ_n Σ_y Σ_x input[n, y·s + i - top, x·s + j - left, c] · dz[n, y, x, c]
  ///
  /// Every position of `dz` adds its term to every weight that it was reached through, so the terms
  /// of one weight come in the order of n, y, x. Taps outside the input are skipped.
  ///
  /// - Parameters:
  ///   - input: What the convolution read, `[batch, height, width, channels]`.
  ///   - gradient: dz, of the shape of what it yielded.
  /// - Returns: `[kernel, kernel, channels, 1]`.
  @specialized(where Terms == Sum<Double>)
  @specialized(where Terms == Sum<Float>)
  @specialized(where Terms == Moments)
  public static func depthwiseConvolutionWeightsGradient<Terms: Accumulator>(
    _ input: Tensor<Terms.Scalar>, gradient: Tensor<Terms.Scalar>, kernelSize kernel: Int,
    stride: Int, accumulating: Terms.Type
  ) -> Tensor<Terms> {
    let (batch, height, width, depth) = extents(input)
    let rows = SamePadding(inputSize: height, kernelSize: kernel, stride: stride)
    let columns = SamePadding(inputSize: width, kernelSize: kernel, stride: stride)
    precondition(gradient.shape == [batch, rows.outputSize, columns.outputSize, depth])

    return withElements(input, gradient, shape: [kernel, kernel, depth, 1]) {
      input, gradient, weights in
      var output = 0
      for n in 0..<batch {
        for y in 0..<rows.outputSize {
          for x in 0..<columns.outputSize {
            for i in 0..<kernel {
              let v = y * stride + i - rows.before
              guard v >= 0, v < height else { continue }
              for j in 0..<kernel {
                let u = x * stride + j - columns.before
                guard u >= 0, u < width else { continue }
                let pixel = ((n * height + v) * width + u) * depth
                for c in 0..<depth {
                  weights[(i * kernel + j) * depth + c].add(
                    input[pixel + c], times: gradient[output + c])
                }
              }
            }
            output += depth
          }
        }
      }
    }
  }

  /// Gradient of a depthwise convolution's input.
  ///
  ///     dX[n, v, u, c] = Σ_i Σ_j dz[n, y, x, c] · weights[i, j, c, 0]
  ///                      with y·s + i - top = v and x·s + j - left = u
  ///
  /// Taps through which no output reads (v, u) are skipped; a pixel that none reads has gradient 0.
  ///
  /// - Parameters:
  ///   - gradient: dz, of the shape of what the convolution yielded.
  ///   - weights: `[kernel, kernel, channels, 1]`.
  ///   - inputShape: Of what it read, `[batch, height, width, channels]`.
  /// - Returns: Of `inputShape`.
  @specialized(where Terms == Sum<Double>)
  @specialized(where Terms == Sum<Float>)
  @specialized(where Terms == Moments)
  public static func depthwiseConvolutionInputGradient<Terms: Accumulator>(
    _ gradient: Tensor<Terms.Scalar>, weights: Tensor<Terms.Scalar>, inputShape: [Int],
    stride: Int, accumulating: Terms.Type
  ) -> Tensor<Terms> {
    let (batch, outputHeight, outputWidth, depth) = extents(gradient)
    let (height, width) = (inputShape[1], inputShape[2])
    let kernel = weights.shape[0]
    precondition(weights.shape == [kernel, kernel, depth, 1])
    let rows = SamePadding(inputSize: height, kernelSize: kernel, stride: stride)
    let columns = SamePadding(inputSize: width, kernelSize: kernel, stride: stride)
    precondition(
      inputShape == [batch, height, width, depth] && rows.outputSize == outputHeight
        && columns.outputSize == outputWidth)

    return withElements(gradient, weights, shape: inputShape) { gradient, weights, output in
      var index = 0
      for n in 0..<batch {
        for v in 0..<height {
          for u in 0..<width {
            for c in 0..<depth {
              var terms = Terms()
              for i in 0..<kernel {
                guard let y = position(reading: v, tap: i, stride: stride, rows) else { continue }
                for j in 0..<kernel {
                  guard let x = position(reading: u, tap: j, stride: stride, columns)
                  else { continue }
                  terms.add(
                    gradient[((n * outputHeight + y) * outputWidth + x) * depth + c],
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
