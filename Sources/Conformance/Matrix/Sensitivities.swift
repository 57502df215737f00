import MobileNet

extension LayerBench {
  /// The smallest mistakes that are still seen in this layer, one for each that comes in sizes.
  func sensitivities() -> [FaultRecord.Sensitivity] {
    let kinds: [any ScalableFault.Type] = [
      WeightOff.self, BetaOff.self, ClampOff.self, EpsilonOff.self,
    ]
    return kinds.filter { $0.init(by: 1).applies(to: layer) }.map { kind in
      FaultRecord.Sensitivity(
        measure: kind.measure, endPoint: layer.endPoint, smallest: smallest(kind))
    }
  }

  /// Bisects over the powers of two from 1 down to half a unit in the last place.
  private func smallest(_ kind: any ScalableFault.Type) -> Double? {
    func size(_ exponent: Int) -> Double { 1 / Double(1 << exponent) }
    guard isSeen(kind.init(by: size(0))) else { return nil }
    var (seen, unseen) = (0, 25)
    while unseen - seen > 1 {
      let middle = (seen + unseen) / 2
      if isSeen(kind.init(by: size(middle))) { seen = middle } else { unseen = middle }
    }
    return size(seen)
  }
}
