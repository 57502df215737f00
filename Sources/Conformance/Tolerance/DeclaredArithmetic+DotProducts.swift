import MobileNet
import Reference

extension DeclaredArithmetic {
  /// The sums of a layer as this arithmetic has them; `nil` where it does not apply.
  func dotProducts(
    of layer: Layer, at index: Int, in network: ReferenceNetwork<Double>,
    _ evaluation: LayerEvaluation, input: Tensor<Double>
  ) -> DotProductForm? {
    guard let convolution = layer.convolution, let weights = network.weights(layer: index) else {
      return nil
    }
    switch self {
    case .foldedInputScaling where convolution.kind == .standard:
      return .foldedInputScaling(convolution, evaluation, images: input, weights: weights)
    case .winogradF2x3 where convolution.isWinograd:
      return .winograd(.f2x3, evaluation, input: input, weights: weights)
    case .winogradF4x3 where convolution.isWinograd:
      return .winograd(.f4x3, evaluation, input: input, weights: weights)
    default:
      return nil
    }
  }
}

extension Convolution {
  /// Whether Winograd's transforms for 3 x 3 kernels of single channels apply.
  fileprivate var isWinograd: Bool { kind == .depthwise && stride == 1 && kernelSize == 3 }
}

extension DotProductForm {
  /// Σ w (2x - 1) as Σ 2w x - Σ w, with images padded by 1/2.
  ///
  /// 2w is exact and nothing rounds before it is multiplied. But A is that of the new sum, Σ 2|w||x| with
  /// the padding, which does not vanish on grey; and Σ w is a sum of n rounded terms.
  fileprivate static func foldedInputScaling(
    _ convolution: Convolution, _ evaluation: LayerEvaluation, images: Tensor<Double>,
    weights: Tensor<Double>
  ) -> DotProductForm? {
    guard let norm = evaluation.norm else { return nil }
    let (height, width, depth) = (images.shape[1], images.shape[2], images.shape[3])
    let (kernel, outputs) = (convolution.kernelSize, convolution.outputChannels)
    let rows = convolution.padding(inputSize: height)
    let columns = convolution.padding(inputSize: width)
    var moments = Tensor(repeating: Moments(), shape: evaluation.output.shape)
    var constants = [(sum: Double, absolute: Double)](repeating: (0, 0), count: outputs)
    for index in 0..<weights.count {
      constants[index % outputs].sum -= weights[flat: index]
      constants[index % outputs].absolute += abs(weights[flat: index])
    }
    for index in 0..<moments.count {
      let place = moments.coordinates(of: index)
      for i in 0..<kernel {
        for j in 0..<kernel {
          let v = place[1] * convolution.stride + i - rows.before
          let u = place[2] * convolution.stride + j - columns.before
          let isInside = 0..<height ~= v && 0..<width ~= u
          for c in 0..<depth {
            let x = isInside ? images[place[0], v, u, c] : 0.5
            moments[flat: index].add(x, times: 2 * weights[i, j, c, place[3]])
          }
        }
      }
    }
    return DotProductForm(
      .foldedInputScaling, moments: moments, roundings: convolution.dotProductLength + 2,
      length: convolution.dotProductLength + 1, norm: norm, constants: constants)
  }

  /// Depthwise dot products as Y = Aᵀ ((G g Gᵀ) ⊙ (Bᵀ d B)) A, tile by tile.
  ///
  /// A term of Y passes at most α roundings in each of the four transforms of data and products (α - 1
  /// additions and a coefficient), eight in those of the kernel (two additions, a coefficient that need
  /// not be a float32 number, and the product with it, twice), and one product: 4α + 9, relative to the
  /// same transforms of magnitudes. Two more pay for folding.
  fileprivate static func winograd(
    _ transform: WinogradTransform, _ evaluation: LayerEvaluation, input: Tensor<Double>,
    weights: Tensor<Double>
  ) -> DotProductForm? {
    guard let norm = evaluation.norm, let sums = evaluation.moments else { return nil }
    let (batch, height, width, depth) = (
      input.shape[0], input.shape[1], input.shape[2], input.shape[3]
    )
    let tile = transform.tile
    var moments = sums
    for c in 0..<depth {
      let kernel = transform.kernel { weights[$0, $1, c, 0] }
      for n in 0..<batch {
        for top in stride(from: 0, to: height, by: tile) {
          for left in stride(from: 0, to: width, by: tile) {
            let outputs = transform.outputs(kernel) { y, x in
              let (v, u) = (top + y - 1, left + x - 1)
              return 0..<height ~= v && 0..<width ~= u ? input[n, v, u, c] : 0
            }
            for y in 0..<min(tile, height - top) {
              for x in 0..<min(tile, width - left) {
                let output = outputs[y][x]
                moments[n, top + y, left + x, c] = Moments(
                  value: sums[n, top + y, left + x, c].value, absolute: output.absolute,
                  squares: output.squares)
              }
            }
          }
        }
      }
    }
    let size = transform.size
    return DotProductForm(
      transform == .f2x3 ? .winogradF2x3 : .winogradF4x3, moments: moments,
      roundings: 4 * size + 11, length: 2 * size, norm: norm)
  }
}
