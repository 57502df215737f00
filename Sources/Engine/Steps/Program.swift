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
  /// By step and thread: units handed out of that thread's share, each on a cache line of its own.
  private let claims: UnsafeMutableBufferPointer<Atomic<Int>>
  /// Claims per cache line.
  private static let claimPitch = 64 / MemoryLayout<Atomic<Int>>.stride
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
    claims = .allocate(capacity: steps.count * pool.threads * Self.claimPitch)
    for index in claims.indices { claims.initializeElement(at: index, to: Atomic(0)) }
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
    for index in stride(from: 0, to: claims.count, by: Self.claimPitch) {
      claims[index].store(0, ordering: .relaxed)
    }
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
      for offset in 0..<pool.threads {
        run(step: index, shareOf: (thread + offset) % pool.threads, context)
      }
    }
  }

  /// Runs what is left of a thread's share of a step's units.
  ///
  /// A thread has the same part of the image in every step, so that it finds in its own caches what
  /// it wrote, and takes units of others' shares when its own are done. Every other step goes
  /// backwards: it starts with what the step before wrote last.
  @inline(__always)
  private func run(step index: Int, shareOf owner: Int, _ context: StepContext) {
    let step = steps[index]
    let units = step.units
    let first = units * owner / pool.threads
    let end = units * (owner + 1) / pool.threads
    let claim = (index * pool.threads + owner) * Self.claimPitch
    while true {
      let taken = claims[claim].wrappingAdd(1, ordering: .relaxed).oldValue
      if taken >= end - first { return }
      step.run(unit: index % 2 == 0 ? first + taken : end - 1 - taken, context)
    }
  }
}
