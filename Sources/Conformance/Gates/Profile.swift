/// The limits that the gates apply. Nothing else in the suite is a threshold.
public struct Profile: Hashable, Sendable, Codable {
  public var name: String
  /// G1 and G6: largest |error| / bound. The bound is a theorem, so the limit is 1.
  public var boundUtilisation: Double
  /// G2: largest rms(error) / rms(sigma) of a layer by itself.
  public var isolatedBudgetRatio: Double
  /// G2: largest |error| / sigma of a layer by itself.
  public var isolatedMaxSigma: Double
  /// G3 and G6: largest rms(error) / rms(sigma) along the chain.
  public var accumulatedBudgetRatio: Double
  /// G3 and G6: largest |error| / sigma along the chain.
  public var accumulatedMaxSigma: Double
  /// Largest share of zeros in an end point's reference values, over all cases, that may still be
  /// judged by; beyond it, MISTRUSTED.
  public var zeroFraction: Double
  /// G6: largest relative L2 distance of the reference from TensorFlow's float64.
  public var referenceDistance: Double

  /// The limits that conformance means, with where each comes from.
  public static let standard = Profile(
    name: "standard",
    boundUtilisation: 1,
    isolatedBudgetRatio: 1.5,
    isolatedMaxSigma: 16,
    accumulatedBudgetRatio: 3,
    accumulatedMaxSigma: 32,
    zeroFraction: 0.99,
    referenceDistance: 1e-12)
}
