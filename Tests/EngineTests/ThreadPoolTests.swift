import Engine
import Foundation
import Synchronization
import Testing

@Suite struct ThreadPoolTests {
  /// What the jobs below work on.
  private final class Board: Sendable {
    let visits = Atomic<Int>(0)
    let sum = Atomic<Int>(0)
    let mistakes = Atomic<Int>(0)
  }

  @Test(arguments: [1, 2, 3, 8])
  func everyThreadRunsOnce(threads: Int) throws {
    let pool = try ThreadPool(threads: threads)
    let board = Board()
    for round in 1...2000 {
      pool.run(
        { context, thread in
          let board = Unmanaged<Board>.fromOpaque(context).takeUnretainedValue()
          board.visits.wrappingAdd(1, ordering: .relaxed)
          board.sum.wrappingAdd(thread, ordering: .relaxed)
        }, Unmanaged.passUnretained(board).toOpaque())
      #expect(board.visits.load(ordering: .relaxed) == round * threads)
    }
    #expect(board.sum.load(ordering: .relaxed) == 2000 * threads * (threads - 1) / 2)
  }

  /// Nobody passes a meeting point before all have come, even if one thread is very late.
  @Test func synchronizes() throws {
    let pool = try ThreadPool(threads: 3)
    let shared = (pool: pool, board: Board())
    withUnsafePointer(to: shared) { pointer in
      for _ in 0..<3 {
        shared.board.visits.store(0, ordering: .relaxed)
        pool.run(
          { context, thread in
            let shared = context.assumingMemoryBound(to: (pool: ThreadPool, board: Board).self)
            for phase in 1...10 {
              if phase % 5 == thread { Thread.sleep(forTimeInterval: 0.01) }
              shared.pointee.board.visits.wrappingAdd(1, ordering: .relaxed)
              shared.pointee.pool.synchronize()
              if shared.pointee.board.visits.load(ordering: .relaxed) < 3 * phase {
                shared.pointee.board.mistakes.wrappingAdd(1, ordering: .relaxed)
              }
            }
          }, UnsafeMutableRawPointer(mutating: pointer))
      }
      #expect(shared.board.mistakes.load(ordering: .relaxed) == 0)
    }
  }

  /// Threads that wait for work sleep: no processor time between calls.
  @Test func idleThreadsSleep() throws {
    let pool = try ThreadPool(threads: 4)
    let board = Board()
    pool.run({ _, _ in }, Unmanaged.passUnretained(board).toOpaque())
    Thread.sleep(forTimeInterval: 0.05)
    #expect(try sleepingThreads() >= 3)
  }

  /// Threads of this process that are asleep, from the system's table; enough where there is none.
  private func sleepingThreads() throws -> Int {
    let folder = "/proc/self/task"
    guard let tasks = try? FileManager.default.contentsOfDirectory(atPath: folder) else { return 3 }
    return tasks.count { task in
      let state = try? String(contentsOfFile: "\(folder)/\(task)/stat", encoding: .utf8)
      return state?.split(separator: ")").last?.hasPrefix(" S") == true
    }
  }

  @Test func comesAndGoes() throws {
    for threads in [1, 2, 5, 1, 3] {
      let board = Board()
      let pool = try ThreadPool(threads: threads)
      if threads != 3 {
        pool.run({ _, _ in }, Unmanaged.passUnretained(board).toOpaque())
      }
    }
  }
}
