/// G4, clamp exactness: where ReLU6 holds an element for certain, it is 0 or 6 exactly.
///
/// Formula: the number of elements with a reference pre-activation outside [-16 σ, 6 + 16 σ] whose
/// value is neither 0 nor 6, at most 0; the layer isolated, σ from ``RoundingModel``. G2 forbids single
/// errors as large as that, so a correct engine has saturated there.
///
/// A comparison with a tolerance sees a clamp at 5.9999995 as rounding. It is not rounding: no engine
/// that computes min(max(y, 0), 6) can miss these values. A -0 is the value 0: G8 counts it. A missing
/// upper clamp is otherwise blamed on the next layer, where it becomes visible.
extension Gate {
  func judgeClampExactness(_ measurement: Measurement, _ profile: Profile) -> GateResult {
    guard let clamp = measurement.isolated?.clamp else {
      return GateResult(self, status: .notRun, note: measurement.missing)
    }
    return GateResult(
      self,
      criteria: [
        GateResult.Criterion(
          measure: "elements beyond the clamp that are not 0 or 6",
          value: Double(clamp.deviations), limit: profile.clampDeviations)
      ])
  }
}
