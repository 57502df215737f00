import HDF5
import MobileNet

/// What a step computes in one type, whose suffix the names of the groups have.
struct StepSchema<S: Scalar & BinaryFloatingPoint> {
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
