/// G3, accumulated budget: in the subject's own chain, errors may grow only as rounding predicts.
///
/// Formula: rms(error) / rms(sigma) and max |error| / sigma along the chain, with variances carried
/// from layer to layer through squared weights. It judges what users get, the optimised network as it
/// runs, and sees small faults add up. Worst-case bounds cannot do this: after 27 layers they exceed
/// real errors by twenty orders of magnitude.
///
/// In training an element that crosses a kink of ReLU6 takes its whole gradient along, so single
/// elements say nothing there; the whole is judged, and the largest is noted.
///
/// Errors of neighbouring channels and pixels are correlated, and the propagation does not know it:
/// correct engines exceed the prediction more with every layer. The limits stand above the worst that
/// correct engines show; the README of this module has the measurements.
extension Gate {
  func judgeAccumulatedBudget(_ measurement: Measurement, _ profile: Profile) -> GateResult {
    guard let statistics = measurement.accumulated, let maxSigma = statistics.maxSigma,
      let ratio = GateResult.budgetCriterion(
        "rms(error) / rms(sigma)", statistics, limit: profile.accumulatedBudgetRatio)
    else {
      return GateResult(
        self, status: .notRun, note: "the subject does not show this \(measurement.place)")
    }
    guard measurement.training == nil else {
      return GateResult(
        self, criteria: [ratio],
        note: maxSigma > profile.accumulatedMaxSigma
          ? "one error is \(format(maxSigma)) sigma, as an element makes that crosses a kink: the "
            + "whole is judged" : nil)
    }
    return GateResult(
      self,
      criteria: [
        ratio,
        GateResult.Criterion(
          measure: "max |error| / sigma", value: maxSigma, limit: profile.accumulatedMaxSigma),
      ])
  }
}
