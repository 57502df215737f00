import MobileNet
import Reference

/// A known mistake in training, which a subject can be given to see whether it is caught, and which
/// explains a failure if the reference with it yields what the subject does.
public enum TrainingFault: String, CaseIterable, Sendable {
  case biasedMovingVariance = "biased-moving-variance"
  case swappedMomentum = "swapped-momentum"
  case staleAverages = "stale-averages"
  case statisticsByImage = "statistics-by-image"
  case detachedStatistics = "detached-statistics"
  case batchNormEpsilon = "training-epsilon"
  case dropoutUnscaled = "dropout-unscaled"
  case dropoutRate = "dropout-rate"
  case decayMissing = "decay-missing"
  case decayDoubled = "decay-doubled"
  case decayDepthwise = "decay-depthwise"
  case clampGradient = "clamp-gradient"
  case sumForMean = "sum-for-mean"
  case transposedGradient = "transposed-gradient"
  case borderGradient = "border-gradient"

  /// What goes wrong, in a few words.
  public var summary: String {
    switch self {
    case .biasedMovingVariance: "a moving variance that follows the biased variance"
    case .swappedMomentum: "momentum and 1 - momentum swapped"
    case .staleAverages: "moving averages that stay as they were"
    case .statisticsByImage: "statistics of every image by itself"
    case .detachedStatistics: "mean and variance taken for constants on the way back"
    case .batchNormEpsilon: "an epsilon of 1e-5 for 1e-3"
    case .dropoutUnscaled: "features not divided by the keep probability"
    case .dropoutRate: "the keep probability taken for the share to drop"
    case .decayMissing: "a gradient without weight decay"
    case .decayDoubled: "weight decay counted twice in a gradient"
    case .decayDepthwise: "weight decay of a depthwise kernel"
    case .clampGradient: "a gradient through clamped units"
    case .sumForMean: "the sum over the batch for the mean"
    case .transposedGradient: "a weight gradient with input and output channels exchanged"
    case .borderGradient: "positions at the border missing from the gradient of the weights"
    }
  }

  /// Whether the mistake can be made in a layer.
  func applies(to layer: Layer) -> Bool {
    switch self {
    case .biasedMovingVariance, .swappedMomentum, .staleAverages, .statisticsByImage,
      .detachedStatistics, .batchNormEpsilon, .clampGradient:
      layer.convolution != nil
    case .dropoutUnscaled, .dropoutRate: layer.endPoint == .logits
    case .decayMissing, .decayDoubled: layer.hasWeightDecay
    case .decayDepthwise: layer.convolution?.kind == .depthwise
    case .sumForMean: layer.endPoint == .predictions
    case .transposedGradient: layer.convolution?.kind == .pointwise || layer.endPoint == .logits
    case .borderGradient: (layer.convolution?.kernelSize ?? 1) > 1
    }
  }
}
