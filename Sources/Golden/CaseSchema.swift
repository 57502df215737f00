import HDF5
import MobileNet

/// The datasets of one case, all there, of the right type and shape, and not yet read.
struct CaseSchema {
  /// Where the images are.
  private enum Images {
    case stored(Dataset)
    case cropped(from: Dataset, ranges: [[Range<Int>]])
  }

  let summary: GoldenCaseSummary
  private let images: Images
  private let activations: [EndPoint: Dataset]
  private let activations64: [EndPoint: Dataset]
  /// Of a sweep case, besides or instead of activations.
  private let sweep: (features: Dataset, logits: Dataset)?
  private let reader: Reader
  private let kind: GoldenKind

  /// Checks a case.
  ///
  /// - Parameters:
  ///   - sweepBase: The image that all cases of a sweep are crops of.
  ///   - hasAnyShape: Whether end points may have other shapes than the network's.
  init(
    name: String, group: Group, header: Header, sweepBase: Dataset?, hasAnyShape: Bool
  ) throws(GoldenError) {
    let check = CaseCheck(group: group, header: header, hasAnyShape: hasAnyShape)
    reader = header.reader
    kind = header.kind
    let description = try reader.string("description", of: group)
    let source: String
    let imagesShape: [Int]
    let optional: Set<String>
    if let sweepBase {
      optional = try reader.checkMembers(
        group, required: [Format.features, Format.logits], optional: [Format.activations])
      let crops = try check.crops(of: sweepBase.shape)
      images = .cropped(from: sweepBase, ranges: crops.ranges)
      imagesShape = crops.shape
      source = "crops of /\(Format.base)"
      sweep = try check.featuresAndLogits(batch: crops.shape[0])
    } else {
      let isRecording = header.kind == .recording
      optional = try reader.checkMembers(
        group, required: [Format.images] + (isRecording ? [] : [Format.activations]),
        optional: (isRecording ? [Format.activations] : []) + [Format.activations64])
      let dataset = try check.images()
      images = .stored(dataset)
      imagesShape = dataset.shape
      source = try reader.string("source", of: group)
      sweep = nil
    }
    let hasActivations = header.kind == .inference || optional.contains(Format.activations)
    let shapes = header.architecture.shapes(images: imagesShape)
    activations =
      hasActivations ? try check.activations(Format.activations, .float32, shapes) : [:]
    activations64 =
      optional.contains(Format.activations64)
      ? try check.activations(Format.activations64, .float64, shapes) : [:]
    guard sweep != nil || !activations.isEmpty || !activations64.isEmpty else {
      throw reader.error(.noElements, at: group.path)
    }
    var present = Set(activations.keys)
    if sweep != nil { present.formUnion([.globalPool, .logits]) }
    let endPoints = header.architecture.endPoints
    summary = GoldenCaseSummary(
      name: name, description: description, source: source, imagesShape: imagesShape,
      endPoints: endPoints.filter(present.contains),
      endPoints64: endPoints.filter(activations64.keys.contains))
  }

  func readImages() throws(GoldenError) -> Tensor<Float> {
    switch images {
    case .stored(let dataset):
      return try reader.tensor(dataset)
    case .cropped(let base, let ranges):
      var scalars: [Float] = []
      for range in ranges {
        let crop = try reader.read { () throws(HDF5Error) in try base.read(Float.self, in: range) }
        guard crop.allSatisfy(\.isFinite) else {
          throw reader.error(.invalid("has a value that is not finite"), at: base.path)
        }
        scalars += crop
      }
      return Tensor(shape: summary.imagesShape, scalars: scalars)
    }
  }

  func readActivations() throws(GoldenError) -> [EndPoint: Tensor<Float>] {
    var tensors: [EndPoint: Tensor<Float>] = try read(activations)
    guard let sweep else { return tensors }
    let features: Tensor<Float> = try reader.tensor(sweep.features)
    let pooled = features.reshaped([features.shape[0], 1, 1, features.shape[1]])
    let logits: Tensor<Float> = try reader.tensor(sweep.logits)
    for (endPoint, tensor, dataset) in [
      (EndPoint.globalPool, pooled, sweep.features), (.logits, logits, sweep.logits),
    ] {
      if let other = tensors[endPoint], other != tensor {
        throw reader.error(
          .differs(from: activations[endPoint]?.path ?? Format.activations), at: dataset.path)
      }
      tensors[endPoint] = tensor
    }
    return tensors
  }

  func readActivations64() throws(GoldenError) -> [EndPoint: Tensor<Double>] {
    try read(activations64)
  }

  private func read<S: Scalar & FloatingPoint>(
    _ datasets: [EndPoint: Dataset]
  ) throws(GoldenError) -> [EndPoint: Tensor<S>] {
    var tensors: [EndPoint: Tensor<S>] = [:]
    for (endPoint, dataset) in datasets.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      // What a subject computed is to be judged, not refused.
      tensors[endPoint] = try reader.tensor(dataset, mustBeFinite: kind != .recording)
    }
    return tensors
  }
}

/// Checks of one case's members.
struct CaseCheck {
  let group: Group
  let header: Header
  var hasAnyShape = false

  private var reader: Reader { header.reader }

  /// - Parameter hasSteps: Whether there is a batch for each of several steps.
  func images(hasSteps: Bool = false) throws(GoldenError) -> Dataset {
    let axes = [nil, nil, nil, Architecture.imageChannels]
    let dataset = try reader.dataset(
      Format.images, in: group, .float32, axes: hasSteps ? [nil] + axes : axes,
      named: hasSteps ? "SxNxHxWx3" : "NxHxWx3")
    guard dataset.shape.allSatisfy({ $0 <= Format.maximumExtent }) else {
      throw reader.error(
        .invalid("shape \(describe(shape: dataset.shape)) is too large"), at: dataset.path)
    }
    return dataset
  }

  /// The end points in the group `name`, in the shapes that the architecture gives.
  func activations(
    _ name: String, _ type: ElementType, _ shapes: [[Int]]
  ) throws(GoldenError) -> [EndPoint: Dataset] {
    let folder = try reader.group(name, in: group)
    let endPoints = header.architecture.endPoints
    let names = endPoints.map(\.rawValue)
    let isPartial = header.kind == .recording
    let present = try reader.checkMembers(
      folder, required: isPartial ? [] : names, optional: isPartial ? names : [])
    var datasets: [EndPoint: Dataset] = [:]
    var strict = reader
    // Recording it again would not help a subject whose end points have other shapes.
    if isPartial { strict.remedy = GoldenError.Remedy.judge }
    for (endPoint, shape) in zip(endPoints, shapes)
    where !isPartial || present.contains(endPoint.rawValue) {
      datasets[endPoint] =
        hasAnyShape
        ? try anyDataset(endPoint.rawValue, in: folder, type, shape, among: shapes)
        : try strict.dataset(endPoint.rawValue, in: folder, type, shape: shape)
    }
    return datasets
  }

  /// A dataset of any shape that is readable at all.
  private func anyDataset(
    _ name: String, in folder: Group, _ type: ElementType, _ expected: [Int], among shapes: [[Int]]
  ) throws(GoldenError) -> Dataset {
    let dataset = try reader.dataset(name, in: folder, type)
    guard Format.isReadable(dataset.shape, inPlaceOf: expected, among: shapes) else {
      var reader = reader
      reader.remedy = GoldenError.Remedy.size
      throw reader.error(
        .invalid(
          "shape \(describe(shape: dataset.shape)) has too many axes or elements for "
            + describe(shape: expected)), at: dataset.path)
    }
    return dataset
  }

  func featuresAndLogits(
    batch: Int
  ) throws(GoldenError) -> (features: Dataset, logits: Dataset) {
    let architecture = header.architecture
    return (
      try reader.dataset(
        Format.features, in: group, .float32, shape: [batch, architecture.featureChannels]),
      try reader.dataset(
        Format.logits, in: group, .float32, shape: [batch, architecture.numClasses])
    )
  }

  /// Where in the base image the crops are, and the shape they have together.
  func crops(
    of base: [Int]
  ) throws(GoldenError) -> (shape: [Int], ranges: [[Range<Int>]]) {
    let height = try extent("height", atMost: base[0])
    let width = try extent("width", atMost: base[1])
    let attribute = try reader.read { () throws(HDF5Error) in try group.attribute("origins") }
    let place = "\(group.path)@origins"
    guard attribute.shape.count == 2, attribute.shape[1] == 2 else {
      throw reader.error(
        .wrongShape(expected: "Nx2", found: describe(shape: attribute.shape)), at: place)
    }
    guard 1...Format.maximumExtent ~= attribute.shape[0] else {
      throw reader.error(.noElements, at: place)
    }
    guard attribute.shape[0] * height * width <= Format.maximumPixels else {
      throw reader.error(
        .invalid("\(attribute.shape[0]) crops of \(height)x\(width) are too large"), at: place)
    }
    let values: [Int64] = try reader.read { () throws(HDF5Error) in try attribute.read() }
    var ranges: [[Range<Int>]] = []
    for index in stride(from: 0, to: values.count, by: 2) {
      let (top, left) = (Int(values[index]), Int(values[index + 1]))
      guard 0...(base[0] - height) ~= top, 0...(base[1] - width) ~= left else {
        throw reader.error(
          .invalid("crop \(index / 2) at \([top, left]) is not inside /\(Format.base)"),
          at: place)
      }
      ranges.append([
        top..<top + height, left..<left + width, 0..<Architecture.imageChannels,
      ])
    }
    return ([ranges.count, height, width, Architecture.imageChannels], ranges)
  }

  private func extent(_ name: String, atMost limit: Int) throws(GoldenError) -> Int {
    let value = try reader.integer(name, of: group)
    guard 1...min(limit, Format.maximumExtent) ~= value else {
      throw reader.error(
        .wrongValue(expected: "1 to \(limit)", found: "\(value)"), at: "\(group.path)@\(name)")
    }
    return value
  }
}
