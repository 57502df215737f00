/// Packs the transpose of packed weights, some panels of it.
package struct TransposeArguments {
  /// `[rows, columns]`, packed as ``MatrixArguments`` has it.
  package var weights: UnsafePointer<Float>
  package var rows: Int
  package var columns: Int
  /// `[columns, rows]`, packed alike. Padding is left as it is.
  package var output: UnsafeMutablePointer<Float>
  /// Rows of the weights to treat, in vectors; the first is the start of a panel of the output.
  package var vectors: Range<Int>

  package init(
    weights: UnsafePointer<Float>, rows: Int, columns: Int, output: UnsafeMutablePointer<Float>,
    vectors: Range<Int>
  ) {
    self.weights = weights
    self.rows = rows
    self.columns = columns
    self.output = output
    self.vectors = vectors
  }
}

/// Elementwise work on runs of floats, whole vectors: `target += factor * source` and what is like it.
package struct RunArguments {
  package var target: UnsafeMutablePointer<Float>
  package var source: UnsafePointer<Float>
  package var factor: Float
  package var count: Int

  package init(
    target: UnsafeMutablePointer<Float>, source: UnsafePointer<Float>, factor: Float, count: Int
  ) {
    self.target = target
    self.source = source
    self.factor = factor
    self.count = count
  }
}

/// One step of stochastic gradient descent: `v = momentum v + g`, `w = w - rate v`.
package struct DescentArguments {
  package var weights: UnsafeMutablePointer<Float>
  package var gradient: UnsafePointer<Float>
  package var velocity: UnsafeMutablePointer<Float>
  package var rate: Float
  package var momentum: Float
  /// Whole vectors.
  package var count: Int

  package init(
    weights: UnsafeMutablePointer<Float>, gradient: UnsafePointer<Float>,
    velocity: UnsafeMutablePointer<Float>, rate: Float, momentum: Float, count: Int
  ) {
    self.weights = weights
    self.gradient = gradient
    self.velocity = velocity
    self.rate = rate
    self.momentum = momentum
    self.count = count
  }
}
