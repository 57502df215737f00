import HDF5
import MobileNet

/// The datasets of one training case, all there, of the right type and shape, and not yet read.
struct TrainingCaseSchema {
  let summary: TrainingCaseSummary
  private let batch: BatchSchema
  private let float32: StepSchema<Float>
  private let float64: StepSchema<Double>

  init(name: String, group: Group, header: Header) throws(GoldenError) {
    let reader = header.reader
    try reader.checkMembers(
      group, required: BatchSchema.members + StepSchema<Float>.members + StepSchema<Double>.members)
    batch = try BatchSchema(group, header)
    let imagesShape = batch.images.shape
    summary = TrainingCaseSummary(
      name: name, description: try reader.string("description", of: group),
      source: try reader.string("source", of: group), imagesShape: imagesShape,
      settings: try StoredSettings(reading: group, reader))
    float32 = try StepSchema(group, images: imagesShape, header)
    float64 = try StepSchema(group, images: imagesShape, header)
  }

  func read() throws(GoldenError) -> TrainingCase {
    TrainingCase(
      name: summary.name, description: summary.description, source: summary.source,
      settings: summary.settings, batch: try batch.read()[0], float32: try float32.read(),
      float64: try float64.read())
  }
}

/// The datasets of the trajectory, all there, of the right type and shape, and not yet read.
struct TrajectorySchema {
  private let group: Group
  private let reader: Reader
  private let settings: StoredSettings
  private let learningRate: Double
  private let batches: BatchSchema
  private let loss: Dataset
  private let loss64: Dataset
  private let norms: [String: Dataset]
  private let norms64: [String: Dataset]

  init(group: Group, header: Header) throws(GoldenError) {
    let reader = header.reader
    let norms = ["norms", "norms\(Format.float64Suffix)"]
    let losses = [Format.loss, Format.loss + Format.float64Suffix]
    try reader.checkMembers(group, required: BatchSchema.members + losses + norms)
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
    self.group = group
    self.reader = reader
  }

  func read() throws(GoldenError) -> TrainingTrajectory {
    TrainingTrajectory(
      description: try reader.string("description", of: group),
      source: try reader.string("source", of: group), settings: settings,
      learningRate: learningRate, batches: try batches.read(), loss: try read(loss),
      loss64: try read(loss64), norms: try read(norms), norms64: try read(norms64))
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
    let tensors: [String: Tensor<Double>] = try reader.tensors(norms, mustNotBeNegative: { _ in true })
    return tensors.mapValues(\.scalars)
  }
}

extension StoredSettings {
  init(reading group: Group, _ reader: Reader) throws(GoldenError) {
    momentum = try reader.number("momentum", of: group, "0 to 1") { 0...1 ~= $0 }
    keepProbability = try reader.number("keep_probability", of: group, "above 0, at most 1") {
      $0 > 0 && $0 <= 1
    }
    weightDecay = try reader.number("weight_decay", of: group, "0 or more") { $0 >= 0 }
  }
}

/// What is fed: one batch, or one for each step.
private struct BatchSchema {
  static let members = [Format.images, Format.labels, Format.dropoutMask]

  let images: Dataset
  private let labels: Dataset
  private let dropoutMask: Dataset
  private let hasSteps: Bool
  private let header: Header

  init(_ group: Group, _ header: Header, hasSteps: Bool = false) throws(GoldenError) {
    let reader = header.reader
    images = try CaseCheck(group: group, header: header).images(hasSteps: hasSteps)
    // One label and one row of the mask for each image.
    let count = Array(images.shape.dropLast(3))
    labels = try reader.dataset(
      Format.labels, in: group, .integer(bits: 32, isSigned: true), shape: count)
    dropoutMask = try reader.dataset(
      Format.dropoutMask, in: group, .float32,
      shape: count + [header.architecture.featureChannels])
    self.hasSteps = hasSteps
    self.header = header
  }

  func read() throws(GoldenError) -> [StoredBatch] {
    let images: Tensor<Float> = try header.reader.tensor(images)
    let (labels, mask) = (try readLabels(), try readMask())
    guard hasSteps else { return [StoredBatch(images: images, labels: labels, dropoutMask: mask)] }
    let count = images.shape[1]
    return (0..<images.shape[0]).map { step in
      func part(_ tensor: Tensor<Float>) -> Tensor<Float> {
        tensor.batch(step..<step + 1).reshaped(Array(tensor.shape.dropFirst()))
      }
      return StoredBatch(
        images: part(images), labels: Array(labels[step * count..<(step + 1) * count]),
        dropoutMask: part(mask))
    }
  }

  private func readLabels() throws(GoldenError) -> [Int] {
    let values = try header.reader.read { () throws(HDF5Error) in try labels.read(Int32.self) }
    let classes = header.architecture.numClasses
    if let label = values.first(where: { !(0..<classes).contains(Int($0)) }) {
      throw header.reader.error(
        .wrongValue(expected: "0 to \(classes - 1)", found: "\(label)"), at: labels.path)
    }
    return values.map(Int.init)
  }

  private func readMask() throws(GoldenError) -> Tensor<Float> {
    let mask: Tensor<Float> = try header.reader.tensor(dropoutMask)
    if let value = mask.scalars.first(where: { $0 != 0 && $0 != 1 }) {
      throw header.reader.error(
        .wrongValue(expected: "0 or 1", found: "\(value)"), at: dropoutMask.path)
    }
    return mask
  }
}

/// What a step computes in one type, whose suffix the names of the groups have.
private struct StepSchema<S: Scalar & BinaryFloatingPoint> {
  static var suffix: String { S.elementType == .float64 ? Format.float64Suffix : "" }
  static var members: [String] {
    [
      Format.activations, Format.batchMean, Format.batchVariance, Format.loss, Format.gradients,
      Format.updated,
    ].map { $0 + suffix }
  }

  private let reader: Reader
  private let activations: [EndPoint: Dataset]
  private let batchMean: [String: Dataset]
  private let batchVariance: [String: Dataset]
  private let loss: StoredLoss<S>
  private let gradients: [String: GradientSchema<S>]
  private let imagesGradient: GradientSchema<S>
  private let updated: [String: Dataset]

  init(_ group: Group, images: [Int], _ header: Header) throws(GoldenError) {
    let (reader, architecture) = (header.reader, header.architecture)
    func tree(
      _ name: String, _ shapes: [(String, [Int])]
    ) throws(GoldenError) -> [String: Dataset] {
      try reader.tree(name + Self.suffix, in: group, S.elementType, shapes)
    }
    activations = try CaseCheck(group: group, header: header).activations(
      Format.activations + Self.suffix, S.elementType, architecture.shapes(images: images))
    let channels = architecture.layers.compactMap { layer in
      layer.convolution.map { (layer.endPoint.rawValue, [$0.outputChannels]) }
    }
    batchMean = try tree(Format.batchMean, channels)
    batchVariance = try tree(Format.batchVariance, channels)
    loss = try Self.loss(try reader.group(Format.loss + Self.suffix, in: group), reader)
    let moving = architecture.variables.filter { !$0.isTrainable }
    updated = try tree(Format.updated, moving.map { ($0.name, $0.shape) })
    let folder = try reader.group(Format.gradients + Self.suffix, in: group)
    let trainable = architecture.variables.filter(\.isTrainable)
    try reader.checkTree(folder, paths: trainable.map(\.name) + [Format.images])
    var gradients: [String: GradientSchema<S>] = [:]
    for variable in trainable {
      gradients[variable.name] = try GradientSchema(
        variable.name, in: folder, shape: variable.shape, header)
    }
    self.gradients = gradients
    imagesGradient = try GradientSchema(Format.images, in: folder, shape: images, header)
    self.reader = reader
  }

  private static func loss(
    _ group: Group, _ reader: Reader
  ) throws(GoldenError) -> StoredLoss<S> {
    try reader.checkMembers(group, required: [])
    func term(_ name: String) throws(GoldenError) -> S {
      try reader.number(name, of: group, "a finite number") { $0.isFinite }
    }
    return StoredLoss(
      crossEntropy: try term("cross_entropy"), regularization: try term("regularization"),
      total: try term("total"))
  }

  func read() throws(GoldenError) -> StoredStep<S> {
    var storedGradients: [String: StoredGradient] = [:]
    for (name, gradient) in gradients.sorted(by: { $0.key < $1.key }) {
      storedGradients[name] = try gradient.read(reader)
    }
    return StoredStep(
      activations: try readByEndPoint(
        Dictionary(uniqueKeysWithValues: activations.map { ($0.key.rawValue, $0.value) })),
      batchMean: try readByEndPoint(batchMean),
      batchVariance: try readByEndPoint(batchVariance, mustNotBeNegative: true), loss: loss,
      gradients: storedGradients, imagesGradient: try imagesGradient.read(reader),
      movingAverages: try reader.tensors(
        updated, mustNotBeNegative: { $0.hasSuffix("moving_variance") }))
  }

  private func readByEndPoint(
    _ datasets: [String: Dataset], mustNotBeNegative: Bool = false
  ) throws(GoldenError) -> [EndPoint: Tensor<S>] {
    let tensors: [String: Tensor<S>] = try reader.tensors(
      datasets, mustNotBeNegative: { _ in mustNotBeNegative })
    return Dictionary(uniqueKeysWithValues: tensors.map { (EndPoint($0.key), $0.value) })
  }
}

/// A gradient: a dataset, or a group that stands for a large one.
private struct GradientSchema<S: Scalar & BinaryFloatingPoint> {
  private enum Content {
    case whole(Dataset)
    case summary(samples: Dataset, projections: Dataset, norm: Dataset)
  }

  private let content: Content
  private let shape: [Int]
  private let seed: Int

  init(
    _ name: String, in folder: Group, shape: [Int], _ header: Header
  ) throws(GoldenError) {
    let reader = header.reader
    self.shape = shape
    seed = header.provenance.oracle?.seed ?? 0
    guard shape.reduce(1, *) > GradientSummary.wholeCount else {
      content = .whole(try reader.dataset(name, in: folder, S.elementType, shape: shape))
      return
    }
    let group = try reader.group(name, in: folder)
    let names = ["samples", "projections", "norm"]
    try reader.checkMembers(group, required: names)
    content = .summary(
      samples: try reader.dataset(
        names[0], in: group, S.elementType, shape: [GradientSummary.sampleCount]),
      projections: try reader.dataset(
        names[1], in: group, .float64, shape: [GradientSummary.projectionCount]),
      norm: try reader.dataset(names[2], in: group, .float64, shape: [1]))
  }

  func read(_ reader: Reader) throws(GoldenError) -> StoredGradient {
    let content: StoredGradient.Content
    switch self.content {
    case .whole(let dataset):
      let values: Tensor<S> = try reader.tensor(dataset)
      content = .whole(values.scalars.map { Double($0) })
    case .summary(let samples, let projections, let norm):
      let values: Tensor<S> = try reader.tensor(samples)
      let sums: Tensor<Double> = try reader.tensor(projections)
      let length: Tensor<Double> = try reader.tensor(norm)
      try reader.refuseNegative(length, at: norm)
      content = .summary(
        GradientSummary(
          samples: values.scalars.map { Double($0) }, projections: sums.scalars,
          norm: length[flat: 0]))
    }
    return StoredGradient(shape: shape, content: content, seed: seed)
  }
}
