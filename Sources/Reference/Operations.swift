import MobileNet

/// The network's operations, one file each: plain loops beside the formula, nothing clever.
///
/// They are meant to be read and to be right. Nothing here is shared with the engine.
public enum Operations {
  /// The four extents of an NHWC tensor.
  static func extents<Scalar>(
    _ input: Tensor<Scalar>
  ) -> (batch: Int, height: Int, width: Int, depth: Int) {
    precondition(input.shape.count == 4, "expected NHWC, found \(describe(shape: input.shape))")
    return (input.shape[0], input.shape[1], input.shape[2], input.shape[3])
  }

  /// Hands the loops their elements without a bounds check at every tap, and an output to fill.
  @inline(__always)
  static func withElements<Scalar, Terms: Accumulator>(
    _ input: Tensor<Scalar>, _ weights: Tensor<Scalar>, shape: [Int],
    _ body: (
      UnsafeBufferPointer<Scalar>, UnsafeBufferPointer<Scalar>, UnsafeMutableBufferPointer<Terms>
    ) -> Void
  ) -> Tensor<Terms> {
    let count = shape.reduce(1, *)
    let scalars = input.scalars.withUnsafeBufferPointer { input in
      weights.scalars.withUnsafeBufferPointer { weights in
        [Terms](unsafeUninitializedCapacity: count) { output, initialized in
          output.initialize(repeating: Terms())
          body(input, weights, output)
          initialized = count
        }
      }
    }
    return Tensor(shape: shape, scalars: scalars)
  }
}
