/// G5, exact integers: where no operation rounds, no error is admissible.
///
/// Formula: the number of elements that are not the exact result, at most 0. Weights and inputs are
/// integers times a power of two, chosen so that every product and every partial sum, in any order,
/// is below 2^24 units and so has no rounding: ``IntegerData``. Every correct engine yields the same
/// bits, whatever its blocking, its threads or its use of fused multiply-add. Source: oneDNN's
/// benchdnn, whose convolution tests have the threshold 0 for the same reason.
///
/// It sees what rounding can hide: operands or sums kept in fewer bits (bf16, tf32, fp16), a product
/// counted with a slightly wrong factor, an element computed twice. It covers the linear parts,
/// clamp included; batch norm is the identity but for an offset.
extension Gate {
  func judgeExactIntegers(_ measurement: Measurement, _ profile: Profile) -> GateResult {
    guard let inexact = measurement.inexact else {
      return GateResult(self, status: .notRun, note: "the layer was not run on integers")
    }
    return GateResult(
      self,
      criteria: [
        GateResult.Criterion(
          measure: "elements that are not exact", value: Double(inexact),
          limit: profile.integerDeviations)
      ])
  }
}
