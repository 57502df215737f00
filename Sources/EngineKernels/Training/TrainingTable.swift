import KernelInterface

/// This build's doors for training.
@inline(never)
package func makeTrainingKernels() -> TrainingKernels {
  TrainingKernels(
    transposedScratch: TransposedPass.depthLimit * FullColumns.count * Vector.width,
    normalize: normalize, moments: moments, normGradientSums: normGradientSums,
    normGradient: normGradient, multiplyTransposed: multiplyTransposed,
    depthwiseInputGradient: depthwiseInputGradient,
    depthwiseWeightGradient: depthwiseWeightGradient, transpose: transpose, add: add,
    sumOfSquares: sumOfSquares, descend: descend)
}
