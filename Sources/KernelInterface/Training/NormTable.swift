/// What a training step knows about one batch norm: rows of one float per padded channel, one after
/// the other. Padded channels hold zeros, apart from the inverse deviation.
package enum NormTable {
  /// Mean of the batch.
  @inlinable package static var mean: Int { 0 }
  /// `gamma / sqrt(variance + epsilon)`.
  @inlinable package static var scale: Int { 1 }
  /// `beta`, as the forward pass used it.
  @inlinable package static var offset: Int { 2 }
  /// What the backward pass adds to the gradient of the norm's input, `-scale Σ g / n`.
  @inlinable package static var constant: Int { 3 }
  /// What it adds per deviation from the mean, `-scale Σ g (x - mean) / (n (variance + epsilon))`.
  @inlinable package static var slope: Int { 4 }
  /// Biased variance of the batch.
  @inlinable package static var variance: Int { 5 }
  /// `1 / sqrt(variance + epsilon)`.
  @inlinable package static var inverseDeviation: Int { 6 }
  /// Number of rows.
  @inlinable package static var rows: Int { 7 }
}
