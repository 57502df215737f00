/// The doors of one build of the kernels, and the sizes it wants its data packed in.
///
/// The same kernel sources are built once per instruction set; the engine holds one table and never
/// knows which build it talks to. Nothing here may be inlined into a caller: code on the other side
/// of a door may use instructions that this processor lacks.
package struct KernelTable: Sendable {
  /// Floats per vector. Channel counts are padded to whole vectors.
  package let vectorWidth: Int
  /// Vectors per full panel of packed weights.
  package let panelVectors: Int
  /// Rows per full tile of a matrix product.
  package let tileRows: Int

  package let multiply: @Sendable (UnsafePointer<MatrixArguments>) -> Void
  package let depthwise: @Sendable (UnsafePointer<DepthwiseArguments>) -> Void
  package let prepareRow: @Sendable (UnsafePointer<PrepareRowArguments>) -> Void
  package let average: @Sendable (UnsafePointer<AverageArguments>) -> Void
  /// Multiply-adds at the peak rate; see ``ProbeArguments``.
  package let probeMultiplyAdd: @Sendable (UnsafePointer<ProbeArguments>) -> Void
  /// Reading at the peak rate.
  package let probeRead: @Sendable (UnsafePointer<ProbeArguments>) -> Void

  package init(
    vectorWidth: Int, panelVectors: Int, tileRows: Int,
    multiply: @escaping @Sendable (UnsafePointer<MatrixArguments>) -> Void,
    depthwise: @escaping @Sendable (UnsafePointer<DepthwiseArguments>) -> Void,
    prepareRow: @escaping @Sendable (UnsafePointer<PrepareRowArguments>) -> Void,
    average: @escaping @Sendable (UnsafePointer<AverageArguments>) -> Void,
    probeMultiplyAdd: @escaping @Sendable (UnsafePointer<ProbeArguments>) -> Void,
    probeRead: @escaping @Sendable (UnsafePointer<ProbeArguments>) -> Void
  ) {
    self.vectorWidth = vectorWidth
    self.panelVectors = panelVectors
    self.tileRows = tileRows
    self.multiply = multiply
    self.depthwise = depthwise
    self.prepareRow = prepareRow
    self.average = average
    self.probeMultiplyAdd = probeMultiplyAdd
    self.probeRead = probeRead
  }
}
