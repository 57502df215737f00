import KernelInterface

/// What the processor can do at best with one instruction set, measured now: clocks and neighbours
/// vary, so that a share of the peak means something only within one run.
package struct Peak: Sendable {
  /// 10^9 floating-point operations per second of all threads together, multiply-adds in registers.
  package let gigaflops: Double
  /// 10^9 bytes per second of all threads together, each reading as many bytes as the network has
  /// packed weights, again and again: the near caches hold only a part of them.
  package let gigabytes: Double

  /// The better of both in each figure.
  package func best(_ other: Peak) -> Peak {
    Peak(
      gigaflops: max(gigaflops, other.gigaflops), gigabytes: max(gigabytes, other.gigabytes))
  }

  /// Microseconds that a layer takes at least: all its operations at the peak rate, or reading its
  /// weights once.
  package func limit(_ layer: LayerCost) -> Double {
    max(
      2 * Double(layer.multiplyAccumulates) / gigaflops, Double(layer.weightBytes) / gigabytes)
      / 1000
  }
}

extension Engine {
  /// Measures ``Peak`` on this engine's threads for some 20 milliseconds.
  package func peak() -> Peak {
    let probe = Probe(kernels: instructionSet.kernels, weights: weights)
    return Peak(
      gigaflops: rate(probe, Probe.rounds * probe.operationsPerRound) { probe, thread in
        probe.multiplyAdd(thread)
      },
      gigabytes: rate(probe, 4 * probe.weights.count) { probe, thread in probe.read(thread) })
  }

  /// 10^9 units of work per second at best, all threads together.
  private func rate(
    _ probe: Probe, _ work: Int, _ body: @escaping @Sendable (Probe, Int) -> Void
  ) -> Double {
    let job = ProbeJob(probe: probe, body: body, pool: pool)
    return withExtendedLifetime(job) {
      var best = UInt64.max
      for _ in 0..<Probe.repetitions {
        pool.run(
          { context, thread in
            Unmanaged<ProbeJob>.fromOpaque(context)._withUnsafeGuaranteedRef { $0.run(thread) }
          }, Unmanaged.passUnretained(job).toOpaque())
        best = min(best, job.nanoseconds)
      }
      return Double(work) * Double(threads) / Double(best)
    }
  }
}

/// The loops that ``Peak`` times.
private struct Probe: Sendable {
  static let repetitions = 20
  /// Rounds of 12 vector multiply-adds per repetition: about half a millisecond.
  static let rounds = 300_000

  let kernels: KernelTable
  let weights: PackedNetwork.Memory

  var operationsPerRound: Int { 12 * 2 * kernels.vectorWidth }

  func multiplyAdd(_ thread: Int) {
    let count = 12 * kernels.vectorWidth
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * count) { memory in
      guard let start = memory.baseAddress else { return }
      // Numbers that stay normal for ever.
      for index in 0..<count { memory[index] = Float(index + 1) * 1e-3 }
      var job = ProbeArguments(input: start, output: start + count, count: Self.rounds)
      kernels.probeMultiplyAdd(&job)
    }
  }

  func read(_ thread: Int) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 6 * kernels.vectorWidth) { memory in
      guard let start = memory.baseAddress else { return }
      var job = ProbeArguments(input: weights.start, output: start, count: weights.count)
      kernels.probeRead(&job)
    }
  }
}

/// A probe on all threads at once.
private final class ProbeJob: @unchecked Sendable {
  private let probe: Probe
  private let body: @Sendable (Probe, Int) -> Void
  private let pool: ThreadPool
  /// Of the last run, from the common start to the last thread's end.
  private(set) var nanoseconds: UInt64 = 0

  init(probe: Probe, body: @escaping @Sendable (Probe, Int) -> Void, pool: ThreadPool) {
    self.probe = probe
    self.body = body
    self.pool = pool
  }

  func run(_ thread: Int) {
    pool.synchronize()
    let start = Clock.nanoseconds()
    body(probe, thread)
    pool.synchronize()
    if thread == 0 { nanoseconds = Clock.nanoseconds() - start }
  }
}
