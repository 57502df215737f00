import Foundation

/// As many at a time as there are processors; results in the order of `items`.
///
/// - Parameter finished: Called after each with how many are done, and of how many.
func inParallel<Item: Sendable, Result: Sendable>(
  _ items: [Item], finished: (_ done: Int, _ total: Int) -> Void = { _, _ in },
  _ body: @escaping @Sendable (Item) throws -> Result
) async throws -> [Result] {
  try await withThrowingTaskGroup(of: (Int, Result).self) { group in
    var results = [Result?](repeating: nil, count: items.count)
    var (started, done) = (0, 0)
    func startNext() {
      guard started < items.count else { return }
      let (place, item) = (started, items[started])
      started += 1
      group.addTask { (place, try body(item)) }
    }
    for _ in 0..<ProcessInfo.processInfo.activeProcessorCount { startNext() }
    while let (place, result) = try await group.next() {
      results[place] = result
      done += 1
      finished(done, items.count)
      startNext()
    }
    return results.compactMap { $0 }
  }
}
