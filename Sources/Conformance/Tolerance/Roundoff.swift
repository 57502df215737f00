/// Constants of float32 arithmetic that bounds and budgets are made of.
public enum Roundoff {
  /// u, the unit roundoff of float32: rounding to nearest is off by at most u times the result.
  public static let unit = 0x1p-24

  /// c, the mean square of one rounding error in units of (u · result)².
  ///
  /// An error is uniform within half a unit in the last place, so its mean square is (1/3)(u/m)²
  /// times the squared result, with m in [1, 2) the result's mantissa. For mantissas distributed
  /// by Benford's law E[1/m²] = 3/(8 ln 2) ≈ 0.541, hence c = 0.541/3 ≈ 0.18.
  public static let meanSquare = 0.18

  /// c u²: variance of one rounding of 1.
  package static let variance = meanSquare * unit * unit

  /// Below the smallest normal number a subject may round to zero. Every operation may lose this
  /// much to underflow.
  public static let smallestNormal = 0x1p-126

  /// γ_n = n u / (1 - n u): the relative growth of n successive roundings (Higham, section 3.1).
  ///
  /// Infinite where n u reaches 1: no bound of this form exists then.
  public static func gamma(_ n: Int) -> Double {
    let growth = Double(n) * unit
    return growth < 1 ? growth / (1 - growth) : .infinity
  }
}
