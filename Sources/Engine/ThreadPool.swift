import Synchronization

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// A fixed team of threads that runs one job at a time, the caller being thread 0.
///
/// The team waits for work awake for a moment and then sleeps, so that an idle pool burns no
/// processor time. Calls from several threads take turns. Nothing is allocated after `init`.
package final class ThreadPool: Sendable {
  /// What every thread runs; gets the caller's context and the thread's number.
  package typealias Job = @Sendable @convention(c) (UnsafeMutableRawPointer, Int) -> Void

  /// Threads of the team, the caller included.
  package let threads: Int
  private let team: Team
  private let turn = Mutex(())

  /// - Throws: ``EngineError/threads(_:)`` for a number below 1 or if the system refuses a thread.
  package init(threads: Int) throws(EngineError) {
    guard threads >= 1 else { throw .threads(threads) }
    self.threads = threads
    team = Team(size: threads)
    for number in 1..<max(threads, 1) where !team.start(number) {
      team.dismiss()
      throw .threads(threads)
    }
  }

  deinit {
    team.dismiss()
  }

  /// Runs `job` on every thread of the team and returns when all are done.
  ///
  /// `context` must stay valid until then.
  package func run(_ job: Job, _ context: UnsafeMutableRawPointer) {
    turn.withLock { _ in
      team.run(job, context)
    }
  }

  /// Waits, inside a job, until every thread of the team has come here.
  package func synchronize() {
    team.barrier.wait()
  }
}

/// A meeting point for a fixed number of threads, usable again and again.
private final class Barrier: Sendable {
  private let size: Int
  private let arrived = Atomic<Int>(0)
  private let phase = Signal()

  init(size: Int) {
    self.size = size
  }

  func wait() {
    let seen = phase.value
    if arrived.wrappingAdd(1, ordering: .acquiringAndReleasing).newValue == size {
      arrived.store(0, ordering: .relaxed)
      phase.advance()
    } else {
      phase.wait(past: seen)
    }
  }
}

/// What the threads of a pool share. They keep it alive, the pool only sends them home.
private final class Team: @unchecked Sendable {
  let barrier: Barrier
  private let orders = Signal()
  /// The present order; written by the caller before it advances `orders`. No job: go home.
  private var job: ThreadPool.Job?
  private var context: UnsafeMutableRawPointer?
  private var handles: [pthread_t] = []

  init(size: Int) {
    barrier = Barrier(size: size)
  }

  func run(_ job: ThreadPool.Job, _ context: UnsafeMutableRawPointer) {
    self.job = job
    self.context = context
    if !handles.isEmpty { orders.advance() }
    job(context, 0)
    if !handles.isEmpty { barrier.wait() }
  }

  /// Ends all threads and waits for their end.
  func dismiss() {
    job = nil
    orders.advance()
    for handle in handles { pthread_join(handle, nil) }
    handles = []
  }

  /// Starts one thread; `false` if the system refuses.
  func start(_ number: Int) -> Bool {
    let member = Unmanaged.passRetained(Member(team: self, number: number))
    #if canImport(Darwin)
      var handle: pthread_t?
      let status = pthread_create(&handle, nil, { Member.main($0) }, member.toOpaque())
    #else
      var handle = pthread_t()
      let status = pthread_create(
        &handle, nil, { $0.flatMap { Member.main($0) } }, member.toOpaque())
    #endif
    guard status == 0 else {
      member.release()
      return false
    }
    #if canImport(Darwin)
      if let handle { handles.append(handle) }
    #else
      handles.append(handle)
    #endif
    return true
  }

  /// The life of thread `number`.
  func serve(as number: Int) {
    // Orders count from zero and the first may be given before this thread runs.
    var seen = 0
    while true {
      orders.wait(past: seen)
      seen += 1
      guard let job, let context else { return }
      job(context, number)
      barrier.wait()
    }
  }
}

/// A thread's place in its team.
private final class Member {
  private let team: Team
  private let number: Int

  init(team: Team, number: Int) {
    self.team = team
    self.number = number
  }

  static func main(_ pointer: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
    let member = Unmanaged<Member>.fromOpaque(pointer).takeRetainedValue()
    member.team.serve(as: member.number)
    return nil
  }
}
