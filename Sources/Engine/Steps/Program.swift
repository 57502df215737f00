import KernelInterface

/// Steps in order, with all the memory that running them takes.
///
/// A program runs one call at a time; who owns it sees to that.
final class Program {
  private let steps: [any PlanStep]
  private let kernels: KernelTable
  private let pool: ThreadPool
  /// Memory of the steps' activations, kept alive.
  private let activations: Arena
  private let scratch: Arena
  private let scratchPieces: [Arena.Piece]
  /// By layer: where this call wants an end point copied.
  private let taps: UnsafeMutableBufferPointer<UnsafeMutablePointer<Float>?>
  /// By thread and layer: nanoseconds, while somebody measures.
  private var times: UnsafeMutableBufferPointer<UInt64>?
  private let layers: Int
  private let ledger: UnitLedger
  private var images: UnsafePointer<Float>?

  /// - Parameter layers: Layers of the network, for the taps.
  init(
    steps: [any PlanStep], layers: Int, activations: Arena, kernels: KernelTable, pool: ThreadPool
  ) {
    self.steps = steps
    self.kernels = kernels
    self.pool = pool
    self.layers = layers
    self.activations = activations
    let scratch = Arena()
    let need = steps.map(\.scratch).max() ?? 0
    scratchPieces = (0..<pool.threads).map { _ in scratch.reserve(need) }
    scratch.allocate()
    self.scratch = scratch
    taps = .allocate(capacity: layers)
    taps.initialize(repeating: nil)
    ledger = UnitLedger(steps: steps, threads: pool.threads)
  }

  deinit {
    taps.deallocate()
  }

  /// Bytes of activations and scratch memory.
  var byteCount: Int { activations.byteCount + scratch.byteCount }

  /// Asks for a layer's end point, dense, at `target` in every call from now on; `nil` stops that.
  func tap(layer: Int, _ target: UnsafeMutablePointer<Float>?) {
    taps[layer] = target
  }

  /// Runs all steps and adds the nanoseconds that each thread spends in each layer to `times`,
  /// `[threads, layers]`. Looking at the clock costs some 50 ns per unit of work.
  func execute(
    images: UnsafePointer<Float>, times: UnsafeMutableBufferPointer<UInt64>
  ) {
    self.times = times
    execute(images: images)
    self.times = nil
  }

  /// Runs all steps; allocates nothing.
  func execute(images: UnsafePointer<Float>) {
    self.images = images
    ledger.clear()
    pool.run(
      { context, thread in
        Unmanaged<Program>.fromOpaque(context)._withUnsafeGuaranteedRef { $0.work(thread) }
      },
      Unmanaged.passUnretained(self).toOpaque())
    self.images = nil
  }

  /// One thread's part in a call.
  private func work(_ thread: Int) {
    guard let images, let taps = taps.baseAddress else { return }
    let context = StepContext(
      kernels: kernels, images: images, scratch: scratch[scratchPieces[thread]], taps: taps,
      times: times?.baseAddress.map { $0 + thread * layers })
    for index in steps.indices {
      // No thread is two steps ahead of another: units look only at the step before their own.
      if index > 1 { ledger.wait(untilDone: index - 2) }
      for offset in 0..<pool.threads {
        run(step: index, shareOf: (thread + offset) % pool.threads, context)
      }
    }
  }

  /// Runs what is left of a thread's share of a step's units.
  ///
  /// A thread has the same part of the image in every step, so that it finds in its own caches what
  /// it wrote, and takes units of others' shares when its own are done.
  @inline(__always)
  private func run(step index: Int, shareOf owner: Int, _ context: StepContext) {
    var context = context
    while let unit = ledger.take(step: index, shareOf: owner) {
      ledger.wait(untilReady: unit, of: index)
      context.next = ledger.next(after: unit, of: index)
      steps[index].run(unit: unit, context)
      ledger.finish(unit: unit, of: index)
    }
  }
}
