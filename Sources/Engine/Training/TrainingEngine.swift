import KernelInterface
import MobileNet

/// Training of MobileNet V1 in float32: forward and backward pass, moving averages, gradient descent.
///
/// The batch norm uses the batch's statistics. Every result is the same bit for bit for every run and
/// thread count, on one ``InstructionSet``. For images of one shape; a step allocates nothing. One call
/// at a time.
package final class TrainingEngine {
  package let architecture: Architecture
  package let instructionSet: InstructionSet
  /// Threads that share the work, the caller's included.
  package let threads: Int
  /// Shape of the images, `[batch, height, width, 3]`.
  package let images: [Int]
  let store: VariableStore
  let plan: TrainingPlan
  private let descent: Program
  private let descentSettings: UnsafeMutablePointer<Float>

  /// Copies the parameters and makes everything that a step needs.
  ///
  /// - Parameters:
  ///   - images: `[batch, height, width, 3]`, no extent below 1.
  ///   - isa: The kernels to use; `nil` for what `ASSAY_ISA` names, or else the best there are.
  ///   - threads: At least 1, the caller's included.
  /// - Throws: ``EngineError`` for a shape that is none of images, kernels that cannot run here or
  ///   threads that cannot be had.
  package init(
    parameters: Parameters, images: [Int], isa: InstructionSet? = nil, threads: Int = 1
  ) throws(EngineError) {
    try Engine.check(images: images)
    let instructionSet = if let isa { isa } else { try InstructionSet.preferred() }
    guard instructionSet.isSupported else { throw .unsupportedInstructionSet(instructionSet) }
    let pool = try ThreadPool(threads: threads)
    let kernels = instructionSet.kernels
    let training = instructionSet.trainingKernels
    let store = VariableStore(parameters, kernels)
    plan = TrainingPlan(store, training, images: images, pool: pool)
    descentSettings = .allocate(capacity: 2)
    descentSettings.initialize(repeating: 0, count: 2)
    descent = Program(
      steps: [
        DescentStep(training: training, store: store, settings: UnsafePointer(descentSettings))
      ], layers: 1, activations: Arena(), kernels: kernels, pool: pool)
    self.store = store
    architecture = parameters.architecture
    self.instructionSet = instructionSet
    self.threads = threads
    self.images = images
  }

  deinit {
    descentSettings.deallocate()
  }

  /// Bytes of variables, gradients, activations and scratch memory.
  package var byteCount: Int { store.byteCount + plan.byteCount }

  /// Sets all variables, and forgets the velocities of descent.
  ///
  /// - Precondition: The architecture is this engine's.
  package func load(_ parameters: Parameters) {
    precondition(parameters.architecture == architecture)
    store.load(parameters)
  }

  /// Computes loss, statistics and gradients with the present variables, and moves the averages.
  ///
  /// - Parameters:
  ///   - images: Of this engine's shape, in [0, 1].
  ///   - labels: A class per image.
  ///   - dropoutMask: `[batch, channels]` of ones and zeros, for the features; divided by the keep
  ///     probability. `nil` keeps every feature; they are divided even so, as by `tf.nn.dropout`. Without
  ///     dropout the keep probability is 1.
  /// - Throws: ``EngineError/wrongShape(found:expected:)`` or ``EngineError/unknownClass(_:)``.
  @discardableResult
  package func step(
    images: Tensor<Float>, labels: [Int], dropoutMask: Tensor<Float>?,
    settings: TrainingSettings = TrainingSettings()
  ) throws(EngineError) -> TrainingLoss {
    try check(images: images)
    try set(labels: labels)
    try set(dropoutMask: dropoutMask, keepProbability: settings.keepProbability)
    return images.withUnsafePointer { step(images: $0, settings: settings) }
  }

  /// The same with the labels and the mask of before, without any allocation.
  ///
  /// - Parameter images: Dense float32 values of this engine's shape, in [0, 1].
  package func step(
    images: UnsafePointer<Float>, settings: TrainingSettings = TrainingSettings()
  ) -> TrainingLoss {
    plan.network.context.call.pointee.settings = settings
    plan.program.execute(images: images)
    return plan.loss()
  }

  /// One step under the clock: nanoseconds by thread and layer are added to `times`.
  package func profile(
    images: UnsafePointer<Float>, times: UnsafeMutableBufferPointer<UInt64>
  ) {
    plan.program.execute(images: images, times: times)
  }

  func check(images: Tensor<Float>) throws(EngineError) {
    guard images.shape == self.images else {
      throw .wrongShape(found: images.shape, expected: "\(describe(shape: self.images)) images")
    }
  }

  private func set(labels: [Int]) throws(EngineError) {
    guard labels.count == images[0] else {
      throw .wrongShape(found: [labels.count], expected: "\(images[0]) labels")
    }
    for (index, label) in labels.enumerated() {
      guard (0..<architecture.numClasses).contains(label) else { throw .unknownClass(label) }
      plan.network.context.call.pointee.labels[index] = label
    }
  }

  func set(dropoutMask: Tensor<Float>?, keepProbability: Double) throws(EngineError) {
    let features = plan.network.head.features
    let expected = [images[0], features.channels]
    if let dropoutMask, dropoutMask.shape != expected {
      throw .wrongShape(
        found: dropoutMask.shape, expected: "\(describe(shape: expected)) for the dropout mask")
    }
    let target = plan.network.context.call.pointee.dropout
    for image in 0..<images[0] {
      for channel in 0..<features.channels {
        let mask = dropoutMask?[flat: image * features.channels + channel] ?? 1
        target[image * features.paddedChannels + channel] = Float(Double(mask) / keepProbability)
      }
    }
  }

  /// Stochastic gradient descent with the last step's gradients: `v = momentum v + g`,
  /// `w = w - rate v`. The velocities start at zero; momentum 0 is plain descent.
  package func descend(learningRate: Double, momentum: Double = 0) {
    descentSettings[0] = Float(learningRate)
    descentSettings[1] = Float(momentum)
    // The step reads no images.
    descent.execute(images: store.allGradients)
  }
}
