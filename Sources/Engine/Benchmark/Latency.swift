/// Times of repeated calls, in microseconds.
package struct Latency: Sendable {
  /// In the order of the calls.
  package let samples: [Double]
  private let sorted: [Double]

  /// - Precondition: There is at least one sample.
  init(samples: [Double]) {
    precondition(!samples.isEmpty, "nothing was measured")
    self.samples = samples
    sorted = samples.sorted()
  }

  package var minimum: Double { sorted[0] }
  package var median: Double { percentile(0.5) }

  /// The sample that a share of all samples does not exceed.
  package func percentile(_ share: Double) -> Double {
    let last = sorted.count - 1
    return sorted[min(max(Int((Double(last) * share).rounded()), 0), last)]
  }
}
