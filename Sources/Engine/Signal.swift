import CPUFeatures
import Synchronization

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// A counter that threads wait for: first awake, for as long as a wake-up would take, then asleep.
///
/// Neither waiting nor advancing allocates.
final class Signal: @unchecked Sendable {
  /// Rounds of waiting awake; 1000 take some 10 to 50 µs.
  private let rounds: Int
  private let count = Atomic<Int>(0)
  /// Threads that are asleep or about to be.
  private let sleepers = Atomic<Int>(0)
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  /// - Parameter rounds: How long to wait awake. By default less than a call of the engine takes, so
  ///   that the threads of a busy engine never sleep between calls and those of an idle one always
  ///   do.
  init(rounds: Int = 2000) {
    self.rounds = rounds
    mutex.initialize(to: pthread_mutex_t())
    condition.initialize(to: pthread_cond_t())
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  /// The present count, with everything that its writers did before.
  var value: Int { count.load(ordering: .acquiring) }

  /// Adds one and wakes everyone who waits for that.
  func advance() {
    // Sequentially consistent, like the sleeper's two steps below: either this thread sees the
    // sleeper, or the sleeper sees the new count.
    count.wrappingAdd(1, ordering: .sequentiallyConsistent)
    guard sleepers.load(ordering: .sequentiallyConsistent) > 0 else { return }
    pthread_mutex_lock(mutex)
    pthread_cond_broadcast(condition)
    pthread_mutex_unlock(mutex)
  }

  /// Returns once the count is no longer `seen`.
  func wait(past seen: Int) {
    for _ in 0..<rounds {
      if value != seen { return }
      cpu_relax()
    }
    pthread_mutex_lock(mutex)
    sleepers.wrappingAdd(1, ordering: .sequentiallyConsistent)
    while count.load(ordering: .sequentiallyConsistent) == seen {
      pthread_cond_wait(condition, mutex)
    }
    sleepers.wrappingSubtract(1, ordering: .sequentiallyConsistent)
    pthread_mutex_unlock(mutex)
  }
}
