/// G9, repeatability: the same layer on the same input yields the same bits.
///
/// Formula: elements that differ between two runs ≤ 0. Results that depend on which thread finishes
/// first may each be within the bound and still make every measurement of a subject, and every
/// comparison with an earlier one, worthless.
extension Gate {
  func judgeRepeatability(_ measurement: Measurement, _ profile: Profile) -> GateResult {
    guard let changed = measurement.changed else {
      return GateResult(self, status: .notRun, note: "the subject cannot run single layers")
    }
    return GateResult(
      self,
      criteria: [
        GateResult.Criterion(
          measure: "elements that differ between two runs", value: Double(changed), limit: 0)
      ])
  }
}
