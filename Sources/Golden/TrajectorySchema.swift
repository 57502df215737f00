import HDF5
import MobileNet

/// The datasets of the trajectory, all there, of the right type and shape, and not yet read.
struct TrajectorySchema {
  private let reader: Reader
  private let description: String
  private let source: String
  private let settings: StoredSettings
  private let learningRate: Double
  private let batches: BatchSchema
  private let loss: Dataset
  private let loss64: Dataset
  private let norms: [String: Dataset]
  private let norms64: [String: Dataset]

  init(group: Group, header: Header) throws(GoldenError) {
    let reader = header.reader
    let norms = [Format.norms, Format.norms + Format.float64Suffix]
    let losses = [Format.loss, Format.loss + Format.float64Suffix]
    try reader.checkMembers(group, required: BatchSchema.members + losses + norms)
    description = try reader.string("description", of: group)
    source = try reader.string("source", of: group)
    settings = try StoredSettings(reading: group, reader)
    learningRate = try reader.number("learning_rate", of: group, "above 0") { $0 > 0 }
    try reader.expect("sgd", "optimizer", of: group)
    batches = try BatchSchema(group, header, hasSteps: true)
    let steps = batches.images.shape[0]
    try reader.expect(Int64(steps), "steps", of: group)
    loss = try reader.dataset(losses[0], in: group, .float32, shape: [steps, 3])
    loss64 = try reader.dataset(losses[1], in: group, .float64, shape: [steps, 3])
    func datasets(_ name: String) throws(GoldenError) -> [String: Dataset] {
      let variables = header.architecture.variables.map { ($0.name, [steps]) }
      return try reader.tree(name, in: group, .float64, variables)
    }
    self.norms = try datasets(norms[0])
    norms64 = try datasets(norms[1])
    self.reader = reader
  }

  func read() throws(GoldenError) -> TrainingTrajectory {
    TrainingTrajectory(
      description: description, source: source, settings: settings, learningRate: learningRate,
      batches: try batches.read(), loss: try read(loss), loss64: try read(loss64),
      norms: try read(norms), norms64: try read(norms64))
  }

  private func read<S: Scalar & BinaryFloatingPoint>(
    _ losses: Dataset
  ) throws(GoldenError) -> [StoredLoss<S>] {
    let values: Tensor<S> = try reader.tensor(losses)
    return (0..<values.shape[0]).map { step in
      StoredLoss(
        crossEntropy: values[flat: 3 * step], regularization: values[flat: 3 * step + 1],
        total: values[flat: 3 * step + 2])
    }
  }

  private func read(_ norms: [String: Dataset]) throws(GoldenError) -> [String: [Double]] {
    let tensors: [String: Tensor<Double>] = try reader.tensors(
      norms, mustNotBeNegative: { _ in true })
    return tensors.mapValues(\.scalars)
  }
}
