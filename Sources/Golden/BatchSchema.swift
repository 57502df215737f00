import HDF5
import MobileNet

/// What is fed: one batch, or one for each step.
struct BatchSchema {
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
