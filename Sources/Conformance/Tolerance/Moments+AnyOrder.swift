import Reference

extension Moments {
  /// Q of a sum that no program has to take in the order of the loops, from a start that every partial
  /// sum carries.
  ///
  /// Over all orders of n terms with the sum s and the sum of squares P the partial sums have
  ///
  ///     E Σ s_k = s (n + 1) / 2        E Σ s_k² = (P / 6 + s² / 3) (n + 1)
  ///
  /// on average. Where neighbours cancel, the loops' own partial sums are much smaller than that, and
  /// those of blocked or interleaved sums are not; so the larger of both counts. Terms that are zero
  /// round nowhere and do not count.
  package func squaresInAnyOrder(startingWith start: Double = 0) -> Double {
    let own = start == 0 ? squares : squares(startingWith: start)
    let mean: Double = (productSquares / 6 + value * value / 3 + start * value) * (count + 1)
    return max(own, productSquares + mean + start * start * count)
  }
}
