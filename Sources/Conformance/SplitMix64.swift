import Golden

/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers on every machine.
package struct SplitMix64: RandomNumberGenerator {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= CounterHash.goldenGamma
    return CounterHash.mix(state)
  }
}
