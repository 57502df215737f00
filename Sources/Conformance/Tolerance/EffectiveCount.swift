import MobileNet

/// How many independent errors a set of variances stands for.
///
/// Elements whose reference value is the same to the bit come from equal operands and err equally, so
/// their variances add up to one error's. With V_g the sum of a group,
///
///     (Σ V_g)² / Σ V_g²
///
/// is n for n equal variances that are all by themselves, and 1 where one group dominates.
package enum EffectiveCount {
  /// - Parameters:
  ///   - variances: Of the shape of `reference`; elements with none, or no finite one, do not count.
  ///   - isCommon: Whether all elements of one image err together, whatever their values.
  package static func count(
    _ variances: Tensor<Double>, reference: Tensor<Double>, isCommon: Bool
  ) -> Double {
    isCommon ? byImage(variances) : byValue(variances, reference)
  }

  private static func byImage(_ variances: Tensor<Double>) -> Double {
    let images = max(variances.shape.first ?? 1, 1)
    let size = variances.count / images
    return ratio(
      (0..<images).map { n in
        (n * size..<(n + 1) * size).reduce(0.0) { sum, index in
          let variance = variances[flat: index]
          return variance > 0 && variance.isFinite ? sum + variance : sum
        }
      })
  }

  /// A hash table with open addressing. `Dictionary` does the same and takes most of a
  /// verification's time.
  private static func byValue(_ variances: Tensor<Double>, _ reference: Tensor<Double>) -> Double {
    let capacity = max(16, variances.count * 2).nextPowerOfTwo
    var keys = [UInt64](repeating: 0, count: capacity)
    // A slot is free while its sum is 0: only positive variances are entered.
    var sums = [Double](repeating: 0, count: capacity)
    for index in 0..<variances.count {
      let variance = variances[flat: index]
      guard variance > 0, variance.isFinite else { continue }
      let key = reference[flat: index].bitPattern
      // Fibonacci hashing: the upper bits of the product depend on all bits of the key.
      var slot = Int((key &* 0x9E37_79B9_7F4A_7C15) >> 20) & (capacity - 1)
      while sums[slot] != 0, keys[slot] != key { slot = (slot + 1) & (capacity - 1) }
      keys[slot] = key
      sums[slot] += variance
    }
    return ratio(sums)
  }

  private static func ratio(_ sums: [Double]) -> Double {
    var (total, squares) = (0.0, 0.0)
    for sum in sums {
      total += sum
      squares += sum * sum
    }
    return squares > 0 ? total * total / squares : 0
  }
}

extension Int {
  fileprivate var nextPowerOfTwo: Int {
    self <= 1 ? 1 : 1 << (Int.bitWidth - (self - 1).leadingZeroBitCount)
  }
}
