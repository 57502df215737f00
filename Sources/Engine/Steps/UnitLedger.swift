import Synchronization

/// Which units of a call's steps are taken, and which are done.
///
/// A step's units are dealt out evenly among the threads. A unit starts when those of the step before
/// are done that it has to do with: a thread that is done with its share goes on to the next step
/// while others are still at work, and takes over some of theirs there. Nothing is allocated after
/// `init`.
package final class UnitLedger {
  /// By step: what each unit waits for, in units of the step before.
  private let needs: [[Range<Int>]]
  private let threads: Int
  /// By step and thread: units taken of that thread's share, from its preferred end in the lower
  /// half, from the other end in the upper; each on a cache line of its own.
  private let claims: UnsafeMutableBufferPointer<Atomic<UInt64>>
  /// Claims per cache line.
  private static let claimPitch = 64 / MemoryLayout<Atomic<UInt64>>.stride
  /// One taken from the other end.
  private static let fromOtherEnd: UInt64 = 1 << 32
  /// By step and unit: whether it is done.
  private let done: UnsafeMutableBufferPointer<Atomic<Bool>>
  /// By step: place of its first unit in `done`; behind the last step, their number.
  private let places: [Int]
  /// Advances with every unit that is done. Somebody is at work on that, and awake: who waits sleeps
  /// only after longer than a unit takes.
  private let news = Signal(rounds: 20_000)

  convenience init(steps: [any PlanStep], threads: Int) {
    let needs = steps.indices.map { index in
      Self.needs(of: steps[index], behind: index > 0 && threads > 1 ? steps[index - 1] : nil)
    }
    self.init(needs: needs, threads: threads)
  }

  /// - Parameter needs: By step and unit: the units of the step before that have to be done. The
  ///   first step's need nothing.
  package init(needs: [[Range<Int>]], threads: Int) {
    self.needs = needs
    self.threads = threads
    places = needs.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1.count) }
    claims = .allocate(capacity: needs.count * threads * Self.claimPitch)
    for index in claims.indices { claims.initializeElement(at: index, to: Atomic(0)) }
    done = .allocate(capacity: places[needs.count])
    for index in done.indices { done.initializeElement(at: index, to: Atomic(false)) }
  }

  deinit {
    claims.deinitialize()
    claims.deallocate()
    done.deinitialize()
    done.deallocate()
  }

  /// By unit of a step: the units of the step before that have written what it reads or read what it
  /// overwrites; all of them where a step does not say what it touches.
  private static func needs(of step: any PlanStep, behind before: (any PlanStep)?) -> [Range<Int>] {
    guard let before else { return [Range<Int>](repeating: 0..<0, count: step.units) }
    let all = 0..<before.units
    let touched = all.map { before.touches(unit: $0) }
    return (0..<step.units).map { unit in
      guard let touches = step.touches(unit: unit) else { return all }
      let needed = all.filter { touched[$0].map { touches.follows($0) } ?? true }
      guard let first = needed.first, let last = needed.last else { return 0..<0 }
      return first..<last + 1
    }
  }

  /// Starts a call: no unit is taken or done.
  package func clear() {
    for index in stride(from: 0, to: claims.count, by: Self.claimPitch) {
      claims[index].store(0, ordering: .relaxed)
    }
    for flag in done.indices { done[flag].store(false, ordering: .relaxed) }
  }

  /// Takes a unit of a thread's share of a step; `nil` if none is left.
  ///
  /// Units come in order, every other step's backwards: a step starts with what the step before wrote
  /// last. But if that one cannot start yet, and the one at the other end can, it is that.
  package func take(step: Int, shareOf owner: Int) -> Int? {
    let units = needs[step].count
    let first = units * owner / threads
    let count = units * (owner + 1) / threads - first
    let last = first + count - 1
    let claim = (step * threads + owner) * Self.claimPitch
    var taken = claims[claim].load(ordering: .relaxed)
    while true {
      let (ahead, behind) = (Int(taken % Self.fromOtherEnd), Int(taken / Self.fromOtherEnd))
      if ahead + behind >= count { return nil }
      let next = isForward(step) ? first + ahead : last - ahead
      let other = isForward(step) ? last - behind : first + behind
      let isOther = threads > 1 && !isReady(next, of: step) && isReady(other, of: step)
      let result = claims[claim].weakCompareExchange(
        expected: taken, desired: taken + (isOther ? Self.fromOtherEnd : 1), ordering: .relaxed)
      if result.exchanged { return isOther ? other : next }
      taken = result.original
    }
  }

  /// The unit that comes after another in the order of its step; `nil` behind the last.
  package func next(after unit: Int, of step: Int) -> Int? {
    let next = isForward(step) ? unit + 1 : unit - 1
    return needs[step].indices.contains(next) ? next : nil
  }

  private func isForward(_ step: Int) -> Bool { step % 2 == 0 }

  /// Returns once all is done that a unit waits for.
  package func wait(untilReady unit: Int, of step: Int) {
    if threads > 1 { wait { isReady(unit, of: step) } }
  }

  /// Returns once a whole step is done.
  package func wait(untilDone step: Int) {
    if threads > 1 { wait { isDone(0..<needs[step].count, of: step) } }
  }

  /// Tells everyone that a unit is done.
  package func finish(unit: Int, of step: Int) {
    guard threads > 1 else { return }
    done[places[step] + unit].store(true, ordering: .releasing)
    news.advance()
  }

  private func isReady(_ unit: Int, of step: Int) -> Bool {
    step == 0 || isDone(needs[step][unit], of: step - 1)
  }

  private func isDone(_ units: Range<Int>, of step: Int) -> Bool {
    let place = places[step]
    return units.allSatisfy { done[place + $0].load(ordering: .acquiring) }
  }

  @inline(__always)
  private func wait(until condition: () -> Bool) {
    while true {
      let seen = news.value
      if condition() { return }
      news.wait(past: seen)
    }
  }
}
