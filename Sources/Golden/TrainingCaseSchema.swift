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

extension StoredSettings {
  init(reading group: Group, _ reader: Reader) throws(GoldenError) {
    momentum = try reader.number("momentum", of: group, "0 to 1") { 0...1 ~= $0 }
    keepProbability = try reader.number("keep_probability", of: group, "above 0, at most 1") {
      $0 > 0 && $0 <= 1
    }
    weightDecay = try reader.number("weight_decay", of: group, "0 or more") { $0 >= 0 }
  }
}
