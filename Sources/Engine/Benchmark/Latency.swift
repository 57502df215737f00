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

  /// Runs `body` some times, then times it some times.
  ///
  /// - Precondition: `runs` is at least 1.
  init(warmup: Int, runs: Int, _ body: () -> Void) {
    for _ in 0..<warmup { body() }
    var samples: [Double] = []
    samples.reserveCapacity(runs)
    for _ in 0..<runs {
      let start = Clock.nanoseconds()
      body()
      samples.append(Double(Clock.nanoseconds() - start) / 1000)
    }
    self.init(samples: samples)
  }

  package var minimum: Double { sorted[0] }
  package var median: Double { percentile(0.5) }

  /// The sample that a share of all samples does not exceed.
  package func percentile(_ share: Double) -> Double {
    let last = sorted.count - 1
    return sorted[min(max(Int((Double(last) * share).rounded()), 0), last)]
  }
}
