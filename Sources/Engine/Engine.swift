import MobileNet
import Synchronization

/// The optimized float32 engine: MobileNet V1 with the batch norm folded into packed weights.
///
/// Images are float32 NHWC in [0, 1], any height and width from 1 up; `2 x - 1` happens inside. Every
/// result is the same bit for bit for every run, thread count and place in the batch, whether or not
/// end points are recorded, on one ``InstructionSet``. An engine may be used from several threads;
/// their calls take turns.
package final class Engine: Sendable {
  package let architecture: Architecture
  package let instructionSet: InstructionSet
  /// Threads that share the work, the caller's included.
  package let threads: Int
  private let network: PackedNetwork
  let pool: ThreadPool
  private let plans = Mutex(PlanCache())

  /// Folds and packs the weights and starts the threads.
  ///
  /// - Parameters:
  ///   - isa: The kernels to use; `nil` for what `ASSAY_ISA` names, or else the best there are.
  ///   - threads: At least 1, the caller's included.
  /// - Throws: ``EngineError`` if the kernels cannot run here or the threads cannot be had.
  package init(
    parameters: Parameters, isa: InstructionSet? = nil, threads: Int = 1
  ) throws(EngineError) {
    let instructionSet = if let isa { isa } else { try InstructionSet.preferred() }
    guard instructionSet.isSupported else { throw .unsupportedInstructionSet(instructionSet) }
    pool = try ThreadPool(threads: threads)
    network = PackedNetwork(parameters, instructionSet.kernels)
    architecture = parameters.architecture
    self.instructionSet = instructionSet
    self.threads = threads
  }

  /// All packed weights.
  var weights: PackedNetwork.Memory { network.memory }

  /// A plan of the caller's own, for many calls without any allocation.
  ///
  /// - Throws: ``EngineError/wrongShape(found:expected:)`` unless `images` is
  ///   `[batch, height, width, 3]` with no extent below 1.
  package func makePlan(images shape: [Int]) throws(EngineError) -> Plan {
    try Self.check(images: shape)
    return Plan(network, images: shape, pool: pool)
  }

  /// Whether a shape is one of images.
  static func check(images shape: [Int]) throws(EngineError) {
    guard shape.count == 4, shape.allSatisfy({ $0 >= 1 }), shape[3] == Architecture.imageChannels
    else {
      throw .wrongShape(found: shape, expected: "[batch, height, width, 3], nothing below 1")
    }
  }

  /// Logits, `[batch, classes]`.
  package func logits(images: Tensor<Float>) throws(EngineError) -> Tensor<Float> {
    try endPoint(.logits, images: images)
  }

  /// Feature vectors, the end point `global_pool` as `[batch, channels]`.
  package func features(images: Tensor<Float>) throws(EngineError) -> Tensor<Float> {
    let pooled = try endPoint(.globalPool, images: images)
    return pooled.reshaped([pooled.shape[0], pooled.shape[3]])
  }

  /// Probabilities of the classes, `[batch, classes]`.
  package func predictions(images: Tensor<Float>) throws(EngineError) -> Tensor<Float> {
    try endPoint(.predictions, images: images)
  }

  /// All 30 end points, of one run.
  package func endPoints(
    images: Tensor<Float>
  ) throws(EngineError) -> [EndPoint: Tensor<Float>] {
    try endPoints(Set(architecture.endPoints), images: images)
  }

  /// Some end points, of one run.
  ///
  /// - Throws: ``EngineError`` for images of the wrong shape or an end point that is none.
  package func endPoints(
    _ wanted: Set<EndPoint>, images: Tensor<Float>
  ) throws(EngineError) -> [EndPoint: Tensor<Float>] {
    let known = Set(architecture.endPoints)
    if let unknown = wanted.subtracting(known).map(\.rawValue).min() {
      throw .unknownEndPoint(EndPoint(unknown))
    }
    let result = plans.withLock { cache in
      Result { () throws(EngineError) in
        let plan = try cache.plan(images.shape) { () throws(EngineError) in
          try makePlan(images: images.shape)
        }
        return record(wanted, images, plan)
      }
    }
    return try result.get()
  }

  /// One layer by itself: images in [0, 1] for layer 0, else what the end point before it holds.
  ///
  /// - Parameter index: Place in ``Architecture/layers``.
  /// - Throws: ``EngineError`` for an unknown layer or an input it cannot read.
  package func run(layer index: Int, input: Tensor<Float>) throws(EngineError) -> Tensor<Float> {
    guard architecture.layers.indices.contains(index) else { throw .unknownLayer(index) }
    let layer = architecture.layers[index]
    try check(input.shape, layer)
    if case .softmax = layer.operation { return softmaxed(input) }
    let plan = LayerPlan(network, layer: index, input: input.shape, pool: pool)
    return Tensor(filling: plan.output) { target in
      input.withUnsafePointer { plan.execute($0, to: target) }
    }
  }

  /// The shape rules of a layer's input, in the error's words.
  private func check(_ shape: [Int], _ layer: Layer) throws(EngineError) {
    let channels: Int
    var rank = 4
    switch layer.operation {
    case .convolution(let convolution): channels = convolution.inputChannels
    case .globalPool(let count): channels = count
    case .logits(let inputChannels, _): channels = inputChannels
    case .softmax(let classes):
      channels = classes
      rank = 2
    }
    var isRight = shape.count == rank && shape.allSatisfy { $0 >= 1 } && shape.last == channels
    var expected = rank == 2 ? "[batch, \(channels)]" : "[batch, height, width, \(channels)]"
    if case .logits = layer.operation {
      isRight = isRight && shape[1] == 1 && shape[2] == 1
      expected = "[batch, 1, 1, \(channels)]"
    }
    guard isRight else {
      throw .wrongShape(found: shape, expected: "\(expected) for \(layer.endPoint)")
    }
  }

  private func endPoint(
    _ endPoint: EndPoint, images: Tensor<Float>
  ) throws(EngineError) -> Tensor<Float> {
    guard let tensor = try endPoints([endPoint], images: images)[endPoint] else {
      throw .unknownEndPoint(endPoint)
    }
    return tensor
  }

  /// Runs a plan and collects end points.
  private func record(
    _ wanted: Set<EndPoint>, _ images: Tensor<Float>, _ plan: Plan
  ) -> [EndPoint: Tensor<Float>] {
    let shapes = architecture.shapes(images: images.shape)
    var needed = wanted.subtracting([.predictions])
    if wanted.contains(.predictions) { needed.insert(.logits) }
    var targets: [(EndPoint, [Int], UnsafeMutableBufferPointer<Float>)] = []
    defer { for target in targets { target.2.deallocate() } }
    for (index, layer) in architecture.layers.enumerated() where needed.contains(layer.endPoint) {
      let target = UnsafeMutableBufferPointer<Float>.allocate(
        capacity: shapes[index].reduce(1, *))
      targets.append((layer.endPoint, shapes[index], target))
      plan.tap(layer: index, target.baseAddress)
    }
    images.withUnsafePointer { plan.execute(images: $0) }
    for index in architecture.layers.indices { plan.tap(layer: index, nil) }
    var result: [EndPoint: Tensor<Float>] = [:]
    for (endPoint, shape, target) in targets {
      result[endPoint] = Tensor(shape: shape, scalars: Array(target))
    }
    if wanted.contains(.predictions), let logits = result[.logits] {
      result[.predictions] = softmaxed(logits)
      if !wanted.contains(.logits) { result[.logits] = nil }
    }
    return result
  }

  private func softmaxed(_ logits: Tensor<Float>) -> Tensor<Float> {
    let classes = logits.shape[1]
    return Tensor(filling: logits.shape) { target in
      logits.withUnsafePointer { source in
        for image in 0..<logits.shape[0] {
          let row = UnsafeBufferPointer(start: source + image * classes, count: classes)
          softmax(row, into: target + image * classes)
        }
      }
    }
  }
}

/// The plans of the shapes used last.
private struct PlanCache {
  private static let limit = 4
  /// The one used last comes last.
  private var plans: [Plan] = []

  mutating func plan(
    _ shape: [Int], make: () throws(EngineError) -> Plan
  ) throws(EngineError) -> Plan {
    let plan: Plan
    if let index = plans.firstIndex(where: { $0.images == shape }) {
      plan = plans.remove(at: index)
    } else {
      plan = try make()
      if plans.count == Self.limit { plans.removeFirst() }
    }
    plans.append(plan)
    return plan
  }
}

extension Tensor<Float> {
  /// A tensor whose elements `body` writes, all of them.
  init(filling shape: [Int], _ body: (UnsafeMutablePointer<Float>) -> Void) {
    let count = shape.reduce(1, *)
    let scalars = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      if let start = buffer.baseAddress { body(start) }
      initialized = count
    }
    self.init(shape: shape, scalars: scalars)
  }

  /// The elements in memory; at least one.
  func withUnsafePointer<Result>(_ body: (UnsafePointer<Float>) -> Result) -> Result {
    scalars.withUnsafeBufferPointer { buffer in
      guard let start = buffer.baseAddress else { preconditionFailure("the tensor is empty") }
      return body(start)
    }
  }
}
