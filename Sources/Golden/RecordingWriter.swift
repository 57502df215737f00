import HDF5
import MobileNet

/// Writes what a subject computed, as a golden file of kind `recording`.
///
/// The file appears when it is complete: with ``commit()``, or not at all.
public final class RecordingWriter: Sendable {
  private let writer: FileWriter
  private let reader: Reader
  private let architecture: Architecture

  /// Begins a recording.
  ///
  /// - Parameters:
  ///   - path: Where it will be; a file that is there is replaced by ``commit()``.
  ///   - provenance: Of the golden, with the subject: ``Provenance/recorded(by:)``.
  /// - Throws: ``GoldenError`` with `cannotWrite` if no file can be made there, or with `badData` if
  ///   the provenance names no subject or no network.
  public init(creating path: String, provenance: Provenance) throws(GoldenError) {
    let reader = Reader(file: path, remedy: GoldenError.Remedy.output)
    guard let subject = provenance.subject else {
      throw reader.error(.missing, at: "/@subject")
    }
    do {
      architecture = try Architecture(
        depthMultiplier: provenance.depthMultiplier, numClasses: provenance.numClasses)
    } catch {
      throw reader.error(.invalid("\(error)"), at: "/")
    }
    self.reader = reader
    writer = try reader.read { () throws(HDF5Error) in
      let writer = try FileWriter(creating: path)
      try provenance.write(to: writer.root, subject: subject)
      return writer
    }
  }

  /// Writes one case: its images and those end points that it has.
  ///
  /// - Throws: ``GoldenError`` with `badData` if the case has no end point, an unknown one, or one
  ///   whose shape is so far from what the images give that nobody reads it, or if there is a case of this name; with
  ///   `cannotWrite` if writing fails.
  public func write(_ recorded: GoldenCase) throws(GoldenError) {
    let place = "/\(Format.cases)/\(recorded.name)"
    guard !recorded.name.isEmpty, recorded.name != ".", !recorded.name.contains("/") else {
      throw reader.error(.invalid("cannot be the name of a case"), at: place)
    }
    try check(recorded, at: place)
    let isThere = try reader.read { () throws(HDF5Error) in
      try writer.root.contains("\(Format.cases)/\(recorded.name)")
    }
    guard !isThere else { throw reader.error(.invalid("is there already"), at: place) }
    try reader.read { () throws(HDF5Error) in
      let cases = try writer.root.createGroup(Format.cases)
      let group = try cases.createGroup(recorded.name)
      try group.setAttribute("description", recorded.description)
      try group.setAttribute("source", recorded.source)
      try group.write(Format.images, recorded.images)
      for endPoint in architecture.endPoints {
        if let tensor = recorded.activations[endPoint] {
          try group.write("\(Format.activations)/\(endPoint)", tensor)
        }
        if let tensor = recorded.activations64[endPoint] {
          try group.write("\(Format.activations64)/\(endPoint)", tensor)
        }
      }
    }
  }

  /// Puts the complete file in its place. Nothing can be written after.
  ///
  /// - Throws: ``GoldenError`` with `cannotWrite`; a file that was there is then as it was.
  public func commit() throws(GoldenError) {
    try reader.read { () throws(HDF5Error) in try writer.commit() }
  }

  private func check(_ recorded: GoldenCase, at place: String) throws(GoldenError) {
    let images = recorded.images.shape
    guard images.count == 4, images[3] == Architecture.imageChannels, !images.contains(0) else {
      throw reader.error(
        .wrongShape(expected: "NxHxWx3", found: describe(shape: images)),
        at: "\(place)/\(Format.images)")
    }
    let shapes = Dictionary(
      uniqueKeysWithValues: zip(architecture.endPoints, architecture.shapes(images: images)))
    let found =
      recorded.activations.map { ($0, Format.activations, $1.shape) }
      + recorded.activations64.map { ($0, Format.activations64, $1.shape) }
    guard !found.isEmpty else { throw reader.error(.noElements, at: place) }
    for (endPoint, folder, shape) in found {
      let place = "\(place)/\(folder)/\(endPoint)"
      guard let expected = shapes[endPoint] else { throw reader.error(.unexpected, at: place) }
      // What a subject computed is to be judged, whatever its shape.
      guard Format.isReadable(shape, inPlaceOf: expected, among: Array(shapes.values)) else {
        throw reader.error(
          .wrongShape(expected: describe(shape: expected), found: describe(shape: shape)),
          at: place)
      }
    }
  }
}

extension Group {
  fileprivate func write<S: Scalar>(_ name: String, _ tensor: Tensor<S>) throws(HDF5Error) {
    // One chunk for each image of the batch. Shuffled floats deflate little better at higher levels.
    let chunk = [1] + tensor.shape.dropFirst()
    try write(
      name, tensor.scalars, shape: tensor.shape, storage: .deflated(chunk: chunk, level: 4))
  }
}
