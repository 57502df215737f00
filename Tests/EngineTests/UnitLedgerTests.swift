import Engine
import Synchronization
import Testing

/// Steps without barriers: every unit once, and never before what it needs.
@Suite struct UnitLedgerTests {
  /// A call whose units only write down that they were run.
  private final class Call: @unchecked Sendable {
    let needs: [[Range<Int>]]
    let threads: Int
    let ledger: UnitLedger
    private let places: [Int]
    private let runs: UnsafeMutableBufferPointer<Atomic<Int>>
    let mistakes = Atomic<Int>(0)

    init(needs: [[Range<Int>]], threads: Int) {
      self.needs = needs
      self.threads = threads
      ledger = UnitLedger(needs: needs, threads: threads)
      places = needs.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1.count) }
      runs = .allocate(capacity: places[needs.count])
      for index in runs.indices { runs.initializeElement(at: index, to: Atomic(0)) }
    }

    deinit {
      runs.deinitialize()
      runs.deallocate()
    }

    /// How often each unit ran.
    var counts: [Int] { runs.indices.map { runs[$0].load(ordering: .relaxed) } }

    /// What a thread of a program does; `slow` is a thread that takes its time.
    func work(_ thread: Int, slow: Int, round: Int) {
      for step in needs.indices {
        if step > 1 { ledger.wait(untilDone: step - 2) }
        for offset in 0..<threads {
          while let unit = ledger.take(step: step, shareOf: (thread + offset) % threads) {
            ledger.wait(untilReady: unit, of: step)
            for need in needs[step][unit] { check(step - 1, need, round) }
            if step > 1 { for unit in needs[step - 2].indices { check(step - 2, unit, round) } }
            if thread == slow { for _ in 0..<2000 { _ = counts.count } }
            runs[places[step] + unit].wrappingAdd(1, ordering: .relaxed)
            ledger.finish(unit: unit, of: step)
          }
        }
      }
    }

    private func check(_ step: Int, _ unit: Int, _ round: Int) {
      if runs[places[step] + unit].load(ordering: .relaxed) == round { return }
      mistakes.wrappingAdd(1, ordering: .relaxed)
    }
  }

  private struct Job {
    let call: Call
    let slow: Int
    let round: Int
  }

  @Test(arguments: 1...5, [0, 1, 3, 8, 17])
  func everyUnitOnceAndInOrder(threads: Int, units: Int) throws {
    let neighbours = (0..<units).map { max($0 - 1, 0)..<min($0 + 2, units) }
    let all = [Range<Int>](repeating: 0..<units, count: 3)
    let one = (0..<units).map { _ in 0..<3 }
    let nothing = [Range<Int>](repeating: 0..<0, count: units)
    let needs = [nothing, neighbours, neighbours, all, one, neighbours, all, [0..<3], []]
    let call = Call(needs: needs, threads: threads)
    let pool = try ThreadPool(threads: threads)
    for round in 1...40 {
      call.ledger.clear()
      withUnsafePointer(to: Job(call: call, slow: round % (threads + 1), round: round)) { job in
        pool.run(
          { context, thread in
            let job = context.assumingMemoryBound(to: Job.self).pointee
            job.call.work(thread, slow: job.slow, round: job.round)
          }, UnsafeMutableRawPointer(mutating: job))
      }
    }
    #expect(call.counts.allSatisfy { $0 == 40 })
    #expect(call.mistakes.load(ordering: .relaxed) == 0)
  }

  /// Units come in order, every other step's from the end; one that cannot start yet is left for one
  /// at the other end that can.
  @Test func order() {
    let step = [0..<1, 1..<2, 2..<3, 3..<4]
    let ledger = UnitLedger(
      needs: [[Range<Int>](repeating: 0..<0, count: 4), step, step], threads: 2)
    #expect([0, 0, 0].map { ledger.take(step: 0, shareOf: $0) } == [0, 1, nil])
    #expect([1, 1, 1].map { ledger.take(step: 0, shareOf: $0) } == [2, 3, nil])
    ledger.finish(unit: 0, of: 0)
    ledger.finish(unit: 2, of: 0)
    ledger.finish(unit: 3, of: 0)
    #expect([0, 0, 0].map { ledger.take(step: 1, shareOf: $0) } == [0, 1, nil])
    #expect([1, 1, 1].map { ledger.take(step: 1, shareOf: $0) } == [3, 2, nil])
    ledger.clear()
    #expect(ledger.take(step: 0, shareOf: 0) == 0)
  }
}
