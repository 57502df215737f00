/// `output = clamp(A · B + bias)`, for a pointwise convolution, the stem and the logits.
///
/// A row of A is `segments` runs of `depth` consecutive floats, `segmentStride` apart: one run for a
/// pointwise convolution, one per kernel row for the stem. Every output element is one chain of
/// `segments * depth` multiply-adds in that order, started at zero, plus the bias at the end,
/// whatever the tile it falls in.
package struct MatrixArguments {
  package var a: UnsafePointer<Float>
  /// Floats from one row of A to the next.
  package var rowStride: Int
  /// 9 if there are several segments.
  package var depth: Int
  package var segments: Int
  package var segmentStride: Int
  /// Packed weights of all columns: panels of `panelVectors` vectors, in each of them the vectors of
  /// the first k, then those of the second. The last panel may have fewer vectors.
  package var weights: UnsafePointer<Float>
  /// One float per padded column.
  package var bias: UnsafePointer<Float>
  package var output: UnsafeMutablePointer<Float>
  /// Floats from one output row to the next.
  package var outputStride: Int
  package var rows: Int
  /// Columns to compute, in vectors; the first is the start of a panel.
  package var vectors: Range<Int>
  /// Columns of the whole product that are no padding. The others' results are zero, or what packed
  /// zeros make of them; nobody reads them.
  package var columns: Int
  /// A vector of lower bounds of the result, then one of upper bounds. What is not a number passes.
  package var bounds: UnsafePointer<Float>
  /// What to fetch meanwhile, evenly over all rows of A and, with a single segment, all panels; any
  /// address will do.
  package var ahead: UnsafePointer<Float>?
  /// Floats to fetch per segment of a row, in each panel.
  package var aheadPace: Int

  package init(
    a: UnsafePointer<Float>, rowStride: Int, depth: Int, segments: Int, segmentStride: Int,
    weights: UnsafePointer<Float>, bias: UnsafePointer<Float>,
    output: UnsafeMutablePointer<Float>, outputStride: Int, rows: Int, vectors: Range<Int>,
    columns: Int = .max, bounds: UnsafePointer<Float>, ahead: UnsafePointer<Float>? = nil,
    aheadPace: Int = 0
  ) {
    self.a = a
    self.rowStride = rowStride
    self.depth = depth
    self.segments = segments
    self.segmentStride = segmentStride
    self.weights = weights
    self.bias = bias
    self.output = output
    self.outputStride = outputStride
    self.rows = rows
    self.vectors = vectors
    self.columns = columns
    self.bounds = bounds
    self.ahead = ahead
    self.aheadPace = aheadPace
  }
}

/// A 3 x 3 depthwise convolution with bias and clamp, for a range of output pixels.
package struct DepthwiseArguments {
  /// All images, `[batch, inputHeight, inputWidth, channels]`.
  package var input: UnsafePointer<Float>
  /// For every vector of channels its 9 taps, row by row.
  package var weights: UnsafePointer<Float>
  package var bias: UnsafePointer<Float>
  /// Where the first pixel of the range goes; pixels are `channels` apart.
  package var output: UnsafeMutablePointer<Float>
  package var inputHeight: Int
  package var inputWidth: Int
  package var outputHeight: Int
  package var outputWidth: Int
  /// A whole number of vectors.
  package var channels: Int
  /// 1 or 2.
  package var stride: Int
  /// Zeros above and left of the data.
  package var paddingTop: Int
  package var paddingLeft: Int
  /// Output pixels of the whole batch, row by row, image by image.
  package var pixels: Range<Int>
  /// As in ``MatrixArguments``.
  package var bounds: UnsafePointer<Float>

  package init(
    input: UnsafePointer<Float>, weights: UnsafePointer<Float>,
    bias: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, inputHeight: Int,
    inputWidth: Int, outputHeight: Int, outputWidth: Int, channels: Int, stride: Int,
    paddingTop: Int, paddingLeft: Int, pixels: Range<Int>,
    bounds: UnsafePointer<Float>
  ) {
    self.input = input
    self.weights = weights
    self.bias = bias
    self.output = output
    self.inputHeight = inputHeight
    self.inputWidth = inputWidth
    self.outputHeight = outputHeight
    self.outputWidth = outputWidth
    self.channels = channels
    self.stride = stride
    self.paddingTop = paddingTop
    self.paddingLeft = paddingLeft
    self.pixels = pixels
    self.bounds = bounds
  }
}

/// `output = 2 * input - 1`, between zeros: one image row as the stem reads it.
package struct PrepareRowArguments {
  package var input: UnsafePointer<Float>
  package var output: UnsafeMutablePointer<Float>
  /// Floats of data.
  package var count: Int
  /// Zeros before and after the data.
  package var before: Int
  package var after: Int

  package init(
    input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, count: Int, before: Int,
    after: Int
  ) {
    self.input = input
    self.output = output
    self.count = count
    self.before = before
    self.after = after
  }
}

/// The mean over the pixels of one image: a sum in the order of the pixels, then one division.
package struct AverageArguments {
  /// `[pixels, channels]`.
  package var input: UnsafePointer<Float>
  package var output: UnsafeMutablePointer<Float>
  package var pixels: Int
  /// A whole number of vectors.
  package var channels: Int

  package init(
    input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, pixels: Int, channels: Int
  ) {
    self.input = input
    self.output = output
    self.pixels = pixels
    self.channels = channels
  }
}

/// A measurement of what the processor can do at best; the values mean nothing.
package struct ProbeArguments {
  /// For multiply-adds 12 vectors, for reading `count` floats.
  package var input: UnsafePointer<Float>
  /// Room for 6 vectors.
  package var output: UnsafeMutablePointer<Float>
  /// Rounds of 12 vector multiply-adds, or floats to read.
  package var count: Int

  package init(input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, count: Int) {
    self.input = input
    self.output = output
    self.count = count
  }
}
