/// G1, isolated bound: no element of a layer may err by more than any correct float32 evaluation can.
///
/// Formula: max |subject - reference| / bound ≤ 1, both fed the same input; bounds from
/// ``ErrorBound``. Source: Higham, *Accuracy and Stability of Numerical Algorithms*, 2nd ed.,
/// lemma 3.1 and section 3.1.
///
/// A failure is proof of a fault in this very layer. The bound allows for the worst case, so for long
/// dot products it is loose by about √n; what it lets through is for G2 to find.
extension Gate {
  func judgeIsolatedBound(_ measurement: Measurement, _ profile: Profile) -> GateResult {
    guard let utilisation = measurement.isolated?.utilisation else {
      return GateResult(self, status: .notRun, note: measurement.missing)
    }
    let kinks = measurement.training?.kinks ?? 0
    return GateResult(
      self,
      criteria: [
        GateResult.Criterion(
          measure: "max |error| / bound", value: utilisation, limit: profile.boundUtilisation)
      ],
      note: kinks > 0
        ? "\(kinks) elements within their own error of 0 or 6: the subject's output says which of "
          + "them pass a gradient" : nil)
  }
}
