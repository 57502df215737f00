import KernelInterface
import Synchronization

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
  /// By step: units handed out.
  private let claims: UnsafeMutableBufferPointer<Atomic<Int>>
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
    claims = .allocate(capacity: steps.count)
    for index in steps.indices { claims.initializeElement(at: index, to: Atomic(0)) }
  }

  deinit {
    taps.deallocate()
    claims.deinitialize()
    claims.deallocate()
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
    for index in claims.indices { claims[index].store(0, ordering: .relaxed) }
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
      // Nobody may read what a step wrote before all of it is written.
      if index > 0 && pool.threads > 1 { pool.synchronize() }
      let step = steps[index]
      let units = step.units
      while true {
        let unit = claims[index].wrappingAdd(1, ordering: .relaxed).oldValue
        if unit >= units { break }
        step.run(unit: unit, context)
      }
    }
  }
}
