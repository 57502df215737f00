/// G2, isolated budget: a layer by itself may not err by more than its rounding explains.
///
/// Formula: rms(error) / rms(sigma) and max |error| / sigma, sigma from ``ErrorBudget``. The first
/// sees a loss of precision all over a layer (bf16 weights, a truncating unit), the second a single
/// wrong weight. Sigma is that of the form of evaluation that makes the errors likeliest
/// (``RoundingModel``), so it fits every correct engine: they measure 0.6…1.3 and at most 8.4.
extension Gate {
  func judgeIsolatedBudget(_ measurement: Measurement, _ profile: Profile) -> GateResult {
    guard let statistics = measurement.isolated, let maxSigma = statistics.maxSigma,
      let ratio = GateResult.budgetCriterion(
        "rms(error) / rms(sigma)", statistics, limit: profile.isolatedBudgetRatio)
    else {
      return GateResult(self, status: .notRun, note: measurement.missing)
    }
    return GateResult(
      self,
      criteria: [
        ratio,
        GateResult.Criterion(
          measure: "max |error| / sigma", value: maxSigma, limit: profile.isolatedMaxSigma),
      ])
  }
}
