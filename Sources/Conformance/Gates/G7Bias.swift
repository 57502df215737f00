/// G7, bias and variance: rounding errors scatter around zero, and no wider than rounding explains.
///
/// Formulas, the layer by itself, from ``RoundingStatistics``: |Σ m_c| / √(Σ m_c²) over the channels'
/// mean errors, and √(mean (e/σ)²). After the statistical tests of TOSA's conformance suite
/// (`verify_dot_product.cc`: |Σ e/b| ≤ √(10 V T) and Σ (e/b)² ≤ V T), with two differences. TOSA
/// generates operands that are independent; here all positions of a channel share weights, so the
/// channels' means are summed, and a self-normalised sum needs no assumed V. And σ is predicted from
/// the data, where TOSA scales a worst case.
///
/// The first sees truncation in place of rounding, even in one operation per element, which the rms
/// in G2 drowns. It says nothing with fewer channels than the square of its limit, so such layers are
/// judged by the second alone. The second weighs every element alike, where G2's ratio looks at the
/// large ones.
extension Gate {
  func judgeBias(_ measurement: Measurement, _ profile: Profile) -> GateResult {
    guard let statistics = measurement.isolated, let rounding = statistics.rounding else {
      return GateResult(self, status: .notRun, note: measurement.missing)
    }
    // Few independent errors scatter more; see `budgetCriterion`.
    let count = max(statistics.effectiveCount ?? 1, 1)
    var criteria = [
      GateResult.Criterion(
        measure: "rms(error / sigma)", value: rounding.rms,
        limit: profile.normalizedRMS * (1 + 4 / (2 * count).squareRoot()))
    ]
    if Double(rounding.channels) > profile.bias * profile.bias {
      criteria.append(
        GateResult.Criterion(
          measure: "bias of the channels' errors", value: rounding.bias, limit: profile.bias))
    }
    return GateResult(self, criteria: criteria)
  }
}
