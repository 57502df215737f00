/// `output = Aᵀ · B`, the gradient of a matrix product's weights: a sum over `depth` pixels.
///
/// Every output element is one chain of multiply-adds in the order of the pixels, whatever the tile it
/// falls in.
package struct TransposedArguments {
  package var a: UnsafePointer<Float>
  /// Floats of A from one pixel to the next.
  package var aStride: Int
  /// Columns of A to use: rows of the output.
  package var rows: Int
  package var b: UnsafePointer<Float>
  /// Floats of B from one pixel to the next.
  package var bStride: Int
  /// Columns of B to use, in vectors; the first is the start of a panel.
  package var vectors: Range<Int>
  package var depth: Int
  /// Packed like the weights of ``MatrixArguments``, all columns.
  package var output: UnsafeMutablePointer<Float>
  /// Rows of the packed output, and which of them is the first to compute.
  package var outputRows: Int
  package var firstRow: Int
  /// Whether the sums go on from what the output holds.
  package var accumulates: Bool
  /// This thread's memory for `transposedScratch` floats; see ``TrainingKernels``.
  package var scratch: UnsafeMutablePointer<Float>

  package init(
    a: UnsafePointer<Float>, aStride: Int, rows: Int, b: UnsafePointer<Float>, bStride: Int,
    vectors: Range<Int>, depth: Int, output: UnsafeMutablePointer<Float>, outputRows: Int,
    firstRow: Int, accumulates: Bool, scratch: UnsafeMutablePointer<Float>
  ) {
    self.a = a
    self.aStride = aStride
    self.rows = rows
    self.b = b
    self.bStride = bStride
    self.vectors = vectors
    self.depth = depth
    self.output = output
    self.outputRows = outputRows
    self.firstRow = firstRow
    self.accumulates = accumulates
    self.scratch = scratch
  }
}

/// Some rows of a 3 x 3 depthwise convolution, backward, in one image.
///
/// Rows count from the image's first; the pointers are where row 0 is or would be, so that a caller
/// may have only some of them in memory.
package struct DepthwiseGradientArguments {
  /// What the convolution read; only for the gradient of the weights.
  package var input: UnsafePointer<Float>
  /// With respect to what it yielded.
  package var gradient: UnsafePointer<Float>
  /// As in ``DepthwiseArguments``; only for the gradient of the input.
  package var weights: UnsafePointer<Float>
  /// The gradient of the weights, packed like them, or of the input, row 0.
  package var output: UnsafeMutablePointer<Float>
  /// A row of the input's zeros; only for the gradient of the weights.
  package var zeros: UnsafePointer<Float>
  package var inputHeight: Int
  package var inputWidth: Int
  package var outputHeight: Int
  package var outputWidth: Int
  /// A whole number of vectors.
  package var channels: Int
  package var stride: Int
  package var paddingTop: Int
  package var paddingLeft: Int
  /// Rows that the convolution yielded, for the gradient of the weights, or read, for that of the
  /// input.
  package var rows: Range<Int>

  package init(
    input: UnsafePointer<Float>, gradient: UnsafePointer<Float>, weights: UnsafePointer<Float>,
    output: UnsafeMutablePointer<Float>, zeros: UnsafePointer<Float>, inputHeight: Int,
    inputWidth: Int, outputHeight: Int, outputWidth: Int, channels: Int, stride: Int,
    paddingTop: Int, paddingLeft: Int, rows: Range<Int>
  ) {
    self.input = input
    self.gradient = gradient
    self.weights = weights
    self.output = output
    self.zeros = zeros
    self.inputHeight = inputHeight
    self.inputWidth = inputWidth
    self.outputHeight = outputHeight
    self.outputWidth = outputWidth
    self.channels = channels
    self.stride = stride
    self.paddingTop = paddingTop
    self.paddingLeft = paddingLeft
    self.rows = rows
  }
}
