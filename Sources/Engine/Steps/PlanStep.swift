import KernelInterface

/// What a step needs from the call it runs in.
struct StepContext {
  let kernels: KernelTable
  /// The images of this call, dense.
  var images: UnsafePointer<Float>
  /// This thread's own memory.
  var scratch: UnsafeMutablePointer<Float>
  /// Where to copy end points, by layer; `nil` where nobody asks.
  let taps: UnsafeMutablePointer<UnsafeMutablePointer<Float>?>
  /// The unit that this thread is likely to run next.
  var next: Int?
  /// This thread's nanoseconds by layer; `nil` unless somebody measures.
  var times: UnsafeMutablePointer<UInt64>?

  /// Does a part of a layer's work, under the clock if somebody measures.
  @inline(__always)
  func timed(_ layer: Int, _ body: () -> Void) {
    guard let times else { return body() }
    let start = Clock.nanoseconds()
    body()
    times[layer] += Clock.nanoseconds() - start
  }
}

/// What a unit reads and writes of the memory that steps share.
struct Touches {
  let reads: Range<UnsafeMutablePointer<Float>>
  let writes: Range<UnsafeMutablePointer<Float>>

  /// Whether a unit of the next step has to wait for one that touches `earlier`.
  func follows(_ earlier: Touches) -> Bool {
    reads.overlaps(earlier.writes) || writes.overlaps(earlier.reads)
      || writes.overlaps(earlier.writes)
  }
}

/// One stage of a plan, cut into units that can run on any thread in any order: each computes its own
/// output elements completely, so that the cut changes no bit.
protocol PlanStep {
  /// Number of units, the same in every call.
  var units: Int { get }
  /// Floats of scratch memory that a unit needs.
  var scratch: Int { get }
  func run(unit: Int, _ context: StepContext)
  /// What a unit touches. `nil` if it waits for all units of the step before, and those of the next
  /// step for it.
  func touches(unit: Int) -> Touches?
}

extension PlanStep {
  func touches(unit: Int) -> Touches? { nil }
}
