import MobileNet

extension Operations {
  /// Gradient of a convolution's weights.
  ///
  ///     dW[i, j, c, o] = Σ_n Σ_y Σ_x input[n, y·s + i - top, x·s + j - left, c] · dz[n, y, x, o]
  ///
  /// Every position of `dz` adds its term to every weight that it was reached through, so the terms
  /// of one weight come in the order of n, y, x. Taps outside the input are skipped.
  ///
  /// - Parameters:
  ///   - input: What the convolution read, `[batch, height, width, inputChannels]`.
  ///   - gradient: dz, of the shape of what it yielded.
  /// - Returns: HWIO, `[kernel, kernel, inputChannels, outputChannels]`.
  @specialized(where Terms == Sum<Double>)
  @specialized(where Terms == Sum<Float>)
  @specialized(where Terms == Moments)
  public static func standardConvolutionWeightsGradient<Terms: Accumulator>(
    _ input: Tensor<Terms.Scalar>, gradient: Tensor<Terms.Scalar>, kernelSize kernel: Int,
    stride: Int, accumulating: Terms.Type
  ) -> Tensor<Terms> {
    let (batch, height, width, depth) = extents(input)
    let rows = SamePadding(inputSize: height, kernelSize: kernel, stride: stride)
    let columns = SamePadding(inputSize: width, kernelSize: kernel, stride: stride)
    let outputDepth = gradient.shape[3]
    precondition(gradient.shape == [batch, rows.outputSize, columns.outputSize, outputDepth])
    let shape = [kernel, kernel, depth, outputDepth]

    return withElements(input, gradient, shape: shape) { input, gradient, weights in
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
                let tap = (i * kernel + j) * depth * outputDepth
                for c in 0..<depth {
                  for o in 0..<outputDepth {
                    weights[tap + c * outputDepth + o].add(
                      input[pixel + c], times: gradient[output + o])
                  }
                }
              }
            }
            output += outputDepth
          }
        }
      }
    }
  }

  /// Gradient of a convolution's input.
  ///
  ///     dX[n, v, u, c] = Σ_i Σ_j Σ_o dz[n, y, x, o] · weights[i, j, c, o]
  ///                      with y·s + i - top = v and x·s + j - left = u
  ///
  /// Taps through which no output reads (v, u) are skipped; a pixel that none reads has gradient 0.
  ///
  /// - Parameters:
  ///   - gradient: dz, of the shape of what the convolution yielded.
  ///   - weights: HWIO, `[kernel, kernel, inputChannels, outputChannels]`.
  ///   - inputShape: Of what it read, `[batch, height, width, inputChannels]`.
  /// - Returns: Of `inputShape`.
  @specialized(where Terms == Sum<Double>)
  @specialized(where Terms == Sum<Float>)
  @specialized(where Terms == Moments)
  public static func standardConvolutionInputGradient<Terms: Accumulator>(
    _ gradient: Tensor<Terms.Scalar>, weights: Tensor<Terms.Scalar>, inputShape: [Int],
    stride: Int, accumulating: Terms.Type
  ) -> Tensor<Terms> {
    let (batch, outputHeight, outputWidth, outputDepth) = extents(gradient)
    let (height, width, depth) = (inputShape[1], inputShape[2], inputShape[3])
    let kernel = weights.shape[0]
    precondition(weights.shape == [kernel, kernel, depth, outputDepth])
    let rows = SamePadding(inputSize: height, kernelSize: kernel, stride: stride)
    let columns = SamePadding(inputSize: width, kernelSize: kernel, stride: stride)
    precondition(
      inputShape[0] == batch && rows.outputSize == outputHeight
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
                  let pixel = ((n * outputHeight + y) * outputWidth + x) * outputDepth
                  let tap = ((i * kernel + j) * depth + c) * outputDepth
                  for o in 0..<outputDepth {
                    terms.add(gradient[pixel + o], times: weights[tap + o])
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

  /// The output position y that reads the input position `v` with the given tap, if there is one:
  /// y·s + tap - before = v.
  @inline(__always)
  static func position(
    reading v: Int, tap: Int, stride: Int, _ padding: SamePadding
  ) -> Int? {
    let distance = v + padding.before - tap
    guard distance >= 0, distance % stride == 0 else { return nil }
    let y = distance / stride
    return y < padding.outputSize ? y : nil
  }
}
