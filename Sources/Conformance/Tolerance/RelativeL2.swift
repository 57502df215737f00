import MobileNet

/// ‖value - exact‖ / ‖exact‖.
func relativeL2(_ value: Tensor<Double>, _ exact: Tensor<Double>) -> Double {
  guard value.shape == exact.shape else { return .infinity }
  var (difference, norm) = (0.0, 0.0)
  for index in 0..<exact.count {
    let distance = value[flat: index] - exact[flat: index]
    difference += distance * distance
    norm += exact[flat: index] * exact[flat: index]
  }
  return ErrorStatistics.ratio(difference.squareRoot(), norm.squareRoot())
}
