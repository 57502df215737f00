/// What a training step knows about one batch norm: rows of one float per padded channel, one after
/// the other. Padded channels hold zeros, apart from the inverse deviation.
package enum NormTable {
  /// Mean of the batch.
  package static let mean = 0
  /// `gamma / sqrt(variance + epsilon)`.
  package static let scale = 1
  /// `beta`, as the forward pass used it.
  package static let offset = 2
  /// What the backward pass adds to the gradient of the norm's input, `-scale Σ g / n`.
  package static let constant = 3
  /// What it adds per deviation from the mean, `-scale Σ g (x - mean) / (n (variance + epsilon))`.
  package static let slope = 4
  /// Biased variance of the batch.
  package static let variance = 5
  /// `1 / sqrt(variance + epsilon)`.
  package static let inverseDeviation = 6
  /// Number of rows.
  package static let rows = 7
}
