/// The doors of one build of the kernels for training, beside those of ``KernelTable``.
package struct TrainingKernels: Sendable {
  /// Floats of scratch memory that ``multiplyTransposed`` needs.
  package let transposedScratch: Int

  package let normalize: @Sendable (UnsafePointer<NormalizeArguments>) -> Void
  package let moments: @Sendable (UnsafePointer<MomentsArguments>) -> Void
  /// The two sums of a batch norm's backward pass.
  package let normGradientSums: @Sendable (UnsafePointer<NormGradientArguments>) -> Void
  /// The gradient with respect to what the batch norm read.
  package let normGradient: @Sendable (UnsafePointer<NormGradientArguments>) -> Void
  package let multiplyTransposed: @Sendable (UnsafePointer<TransposedArguments>) -> Void
  package let depthwiseInputGradient: @Sendable (UnsafePointer<DepthwiseGradientArguments>) -> Void
  package let depthwiseWeightGradient: @Sendable (UnsafePointer<DepthwiseGradientArguments>) -> Void
  package let transpose: @Sendable (UnsafePointer<TransposeArguments>) -> Void
  /// `target += factor * source`.
  package let add: @Sendable (UnsafePointer<RunArguments>) -> Void
  /// `Σ source²`, in chains of a few hundred, added in float64.
  package let sumOfSquares: @Sendable (UnsafePointer<RunArguments>) -> Double
  package let descend: @Sendable (UnsafePointer<DescentArguments>) -> Void

  package init(
    transposedScratch: Int,
    normalize: @escaping @Sendable (UnsafePointer<NormalizeArguments>) -> Void,
    moments: @escaping @Sendable (UnsafePointer<MomentsArguments>) -> Void,
    normGradientSums: @escaping @Sendable (UnsafePointer<NormGradientArguments>) -> Void,
    normGradient: @escaping @Sendable (UnsafePointer<NormGradientArguments>) -> Void,
    multiplyTransposed: @escaping @Sendable (UnsafePointer<TransposedArguments>) -> Void,
    depthwiseInputGradient:
      @escaping @Sendable (UnsafePointer<DepthwiseGradientArguments>) -> Void,
    depthwiseWeightGradient:
      @escaping @Sendable (UnsafePointer<DepthwiseGradientArguments>) -> Void,
    transpose: @escaping @Sendable (UnsafePointer<TransposeArguments>) -> Void,
    add: @escaping @Sendable (UnsafePointer<RunArguments>) -> Void,
    sumOfSquares: @escaping @Sendable (UnsafePointer<RunArguments>) -> Double,
    descend: @escaping @Sendable (UnsafePointer<DescentArguments>) -> Void
  ) {
    self.transposedScratch = transposedScratch
    self.normalize = normalize
    self.moments = moments
    self.normGradientSums = normGradientSums
    self.normGradient = normGradient
    self.multiplyTransposed = multiplyTransposed
    self.depthwiseInputGradient = depthwiseInputGradient
    self.depthwiseWeightGradient = depthwiseWeightGradient
    self.transpose = transpose
    self.add = add
    self.sumOfSquares = sumOfSquares
    self.descend = descend
  }
}
