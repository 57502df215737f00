/// TensorFlow's `SAME` padding along one axis.
///
/// The output has `ceil(input / stride)` positions. The zeros that this needs are split evenly, the
/// surplus one goes *after* the data: with a 3-wide kernel and stride 2, an even input is padded
/// (0, 1) and an odd one (1, 1). Engines that pad (1, 1) always produce the right shape and wrong
/// values.
///
/// Source: TensorFlow's `GetWindowedOutputSizeVerbose` (core/framework/kernel_shape_util.cc).
public struct SamePadding: Hashable, Sendable {
  /// Number of output positions.
  public let outputSize: Int
  /// Zeros before the first input element.
  public let before: Int
  /// Zeros after the last input element.
  public let after: Int

  /// - Parameters:
  ///   - inputSize: Input positions along this axis, at least 1.
  ///   - kernelSize: Taps of the kernel along this axis, at least 1.
  ///   - stride: Input positions from one output to the next, at least 1.
  public init(inputSize: Int, kernelSize: Int, stride: Int) {
    precondition(inputSize >= 1 && kernelSize >= 1 && stride >= 1)
    outputSize = (inputSize + stride - 1) / stride
    let total = max((outputSize - 1) * stride + kernelSize - inputSize, 0)
    before = total / 2
    after = total - before
  }
}
