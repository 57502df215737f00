import Conformance

/// What the ratios of an ``ErrorDetail`` are called, and how much of them is allowed.
struct RatioScale {
  /// `|e| / bound`
  let label: String
  /// The most that a ratio may be; 0 where no error is allowed at all.
  let limit: Double

  init(_ yardstick: ErrorDetail.Yardstick, _ family: Figure.Family, _ profile: Profile) {
    switch yardstick {
    case .bound: (label, limit) = ("|e| / bound", profile.boundUtilisation)
    case .sigma:
      label = "|e| / σ"
      limit = family == .isolated ? profile.isolatedMaxSigma : profile.accumulatedMaxSigma
    case .one: (label, limit) = ("|e|", 0)
    }
  }

  /// How much of what is allowed a ratio uses.
  func share(_ ratio: Double) -> Double {
    ratio == 0 ? 0 : limit > 0 ? ratio / limit : .infinity
  }
}
