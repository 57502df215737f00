/// Random bits by their place, not in a sequence: SplitMix64's output function of a counter.
///
/// Any place can be asked for in any order, and any language computes the same. The golden files'
/// README has the definition.
package enum CounterHash {
  /// 2^64 over the golden ratio, odd: SplitMix64's distance between two states.
  package static let goldenGamma: UInt64 = 0x9E37_79B9_7F4A_7C15

  /// The bits at `index` of `row`, both below 2^24 and 2^40.
  package static func bits(seed: UInt64, row: Int, index: Int) -> UInt64 {
    mix(seed &+ (UInt64(row) << 40 &+ UInt64(index)) &* goldenGamma)
  }

  /// SplitMix64's output for a state (Steele, Lea, Flood 2014).
  package static func mix(_ state: UInt64) -> UInt64 {
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
