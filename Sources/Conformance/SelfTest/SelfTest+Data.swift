import MobileNet
import Reference

extension SelfTest {
  /// A pointwise layer of three channels into one, with numbers that fit on a hand.
  static let layer: (layer: Layer, evaluation: LayerEvaluation, input: Tensor<Double>) = {
    let convolution = Convolution(
      kind: .pointwise, kernelSize: 1, stride: 1, inputChannels: 3, outputChannels: 1)
    let input = Tensor(shape: [1, 1, 1, 3], scalars: [1.0, 2, 3])
    let moments = Operations.products(
      convolution, input, weights: Tensor(shape: [1, 1, 3, 1], scalars: [4.0, -5, 6]),
      accumulating: Moments.self)
    // In float32 1 - 0.001 and 0.001 do not add up to 1 in float64, but to within 1e-8.
    let norm = BatchNorm<Double>(
      ConvolutionParameters(
        weights: Tensor(shape: [1, 1, 3, 1], scalars: [4, -5, 6]), gamma: [2], beta: [1],
        movingMean: [8], movingVariance: [1 - 0.001]))
    let y = Operations.batchNorm(moments.map(\.value), norm)
    let evaluation = LayerEvaluation(
      output: Operations.relu6(y), preActivation: y, moments: moments, norm: norm)
    return (
      Layer(endPoint: EndPoint("self-test"), operation: .convolution(convolution)), evaluation,
      input
    )
  }()

  func tensor<Scalar>(_ scalars: [Scalar]) -> Tensor<Scalar> {
    Tensor(shape: [1, 1, 1, scalars.count], scalars: scalars)
  }

  /// Equal to the precision of the self-test's layer, whose scale is 2 to within 1e-7.
  func isNear(_ value: Double, _ expected: Double) -> Bool {
    abs(value - expected) <= 1e-6 * abs(expected)
  }

  /// Clamp and bias on planted values.
  func clampAndBias() -> [(String, Bool)] {
    let beyond = evaluation([-1.0, 7, 3])
    let tiny = tensor([1e-14, 1e-14, 1e-14])
    func deviations(_ values: [Float]) -> Int {
      ClampStatistics(tensor(values), beyond, variance: tiny).deviations
    }
    let channels = 64
    let level = evaluation([Double](repeating: 3, count: channels))
    func bias(_ error: (Int) -> Float) -> RoundingStatistics {
      RoundingStatistics(
        tensor((0..<channels).map { 3 + error($0) }), level, variance: { _ in 0x1p-30 },
        isClamped: true)
    }
    let shifted = bias { _ in -0x1p-16 }
    let scattered = bias { $0.isMultiple(of: 2) ? 0x1p-16 : -0x1p-16 }
    return [
      ("the clamp", deviations([0, 6, 3]) == 0),
      ("a clamp at 5.9999995", deviations([0, Float(6).nextDown, 3]) == 1),
      ("a negative zero from the clamp", deviations([-0.0, 6, 3]) == 0),
      ("no clamp", deviations([-1, 7, 3]) == 2),
      ("a bias", isNear(shifted.bias, 8) && isNear(shifted.mean, -0.5)),
      ("scatter without bias", scattered.bias == 0 && isNear(scattered.rms, 0.5)),
    ]
  }

  /// A planted error is seen in its cell of the map, its strip of channels, its bins and the list,
  /// and nowhere else.
  func details() -> [(String, Bool)] {
    let shape = [2, 19, 33, 70]
    let flat = Tensor(repeating: 1.0, shape: shape)
    let bounds = Tensor(repeating: 0.25, shape: shape)
    // 19 rows and 33 columns in 16 x 16 cells, 70 channels in 64 strips.
    let planted: [(place: [Int], row: Int, column: Int, strip: Int)] = [
      ([0, 0, 0, 0], 0, 0, 0), ([0, 18, 0, 69], 15, 0, 63), ([1, 0, 32, 1], 0, 15, 0),
      ([1, 9, 17, 35], 7, 8, 32), ([1, 18, 32, 69], 15, 15, 63),
    ]
    return planted.map { place, row, column, strip in
      var values = Tensor(repeating: Float(1), shape: shape)
      values[place[0], place[1], place[2], place[3]] = 1.75
      var cells = [Double](repeating: 0, count: 256)
      cells[row * 16 + column] = 3
      var channels = [Double](repeating: 0, count: 64)
      channels[strip] = 3
      let bins = { LogHistogram(zero: flat.count - 1, infinite: 0, first: $0, counts: [1]) }
      let detail = compare(values, flat, bounds, nil).detail
      let isSeen =
        detail?.map == ErrorMap(rows: 16, columns: 16, cells: cells)
        && detail?.channels == channels && detail?.worst.map(\.index) == [place]
        // 3 bounds; 0.75 · 2^23 units in the last place.
        && detail?.ratios == bins(1) && detail?.ulps == bins(22)
      return ("the picture of an error planted at \(place)", isSeen)
    }
  }

  private func evaluation(_ preActivation: [Double]) -> LayerEvaluation {
    let y = tensor(preActivation)
    return LayerEvaluation(
      output: Operations.relu6(y), preActivation: y, moments: nil, norm: nil)
  }
}
