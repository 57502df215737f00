import HDF5
import MobileNet

/// The words of the file format, version 1. The README beside this file describes it.
enum Format {
  static let name = "assay-golden"
  static let version: Int64 = 1
  static let architecture = "mobilenet_v1"

  /// Far above any use, and low enough that no product of extents overflows.
  static let maximumExtent = 1 << 16
  /// Of all crops of a sweep case together; stored images are limited by what is stored.
  static let maximumPixels = 1 << 28
  static let maximumClasses = 1 << 20
  /// Axes that a recorded end point may have: as many as HDF5 has.
  static let maximumRank = 32
  /// Elements that a recorded end point may have, whatever the network's has: 16 MB of float32, which
  /// holds those of an engine that knows only larger images.
  static let maximumElements = 1 << 22
  /// How many times the elements of the network's end point a recorded one may have, where that is more.
  static let maximumExcess = 16

  /// Whether a recorded end point of this shape is read at all.
  ///
  /// - Parameter shapes: Of all end points of the network.
  static func isReadable(_ shape: [Int], inPlaceOf expected: [Int], among shapes: [[Int]]) -> Bool {
    let largest = shapes.map { $0.reduce(1, *) }.max() ?? 1
    let most = max(maximumExcess * expected.reduce(1, *), largest, maximumElements)
    guard shape.count <= maximumRank else { return false }
    var count = 1
    for extent in shape where count <= most {
      guard extent <= most else { return false }
      count *= extent
    }
    return count <= most
  }

  static let cases = "cases"
  static let images = "images"
  static let activations = "activations"
  static let activations64 = activations + float64Suffix
  static let base = "base"
  static let features = "features"
  static let logits = "logits"
  static let labels = "labels"
  static let kind = "kind"

  static let trajectory = "trajectory"
  static let dropoutMask = "dropout_mask"
  static let batchMean = "batch_mean"
  static let batchVariance = "batch_variance"
  static let loss = "loss"
  static let gradients = "gradients"
  static let updated = "updated"
  static let norms = "norms"
  /// Of the groups with what float64 computed.
  static let float64Suffix = "_float64"
}

/// What a golden file holds.
public enum GoldenKind: String, Hashable, Codable, Sendable, CaseIterable {
  /// The network's variables.
  case parameters
  /// Images and every end point of some cases.
  case inference
  /// Features and logits at many image sizes, on crops of one image.
  case sweep
  /// What a subject computed, written by Assay.
  case recording
  /// Batches, and what training steps compute from them. ``TrainingFile`` reads it.
  case training

  var remedy: String {
    self == .recording ? GoldenError.Remedy.record : GoldenError.Remedy.export
  }
}

/// The root of a golden file: what all kinds have in common.
struct Header: Sendable {
  let root: Group
  let reader: Reader
  let kind: GoldenKind
  let provenance: Provenance
  let architecture: Architecture

  /// Opens a file and checks all root attributes.
  init(reading path: String) throws(GoldenError) {
    var reader = Reader(file: path, remedy: GoldenError.Remedy.name)
    let root = try reader.read { () throws(HDF5Error) in try File(reading: path).root }
    try reader.expect(Format.name, "format", of: root)
    reader.remedy = "this Assay reads version \(Format.version); get one that reads that version"
    try reader.expect(Format.version, "format_version", of: root)
    reader.remedy = GoldenError.Remedy.export
    let kindName = try reader.string(Format.kind, of: root)
    guard let kind = GoldenKind(rawValue: kindName) else {
      let known = GoldenKind.allCases.map(\.rawValue).joined(separator: ", ")
      throw reader.error(
        .wrongValue(expected: "one of \(known)", found: "\"\(kindName)\""), at: "/@kind")
    }
    reader.remedy = kind.remedy
    try reader.expect(Format.architecture, "architecture", of: root)
    let provenance = try Provenance(reading: root, kind, reader)
    architecture = try Self.architecture(provenance, reader)
    self.root = root
    self.reader = reader
    self.kind = kind
    self.provenance = provenance
  }

  /// Names of all cases.
  ///
  /// - Throws: ``GoldenError`` if there are none.
  func caseNames() throws(GoldenError) -> [String] {
    let names = try reader.members(try reader.group(Format.cases, in: root))
    guard !names.isEmpty else { throw reader.error(.noCases, at: "/\(Format.cases)") }
    return names
  }

  /// The group of one of the cases.
  func group(ofCase name: String, among caseNames: [String]) throws(GoldenError) -> Group {
    guard caseNames.contains(name) else {
      let names = caseNames.prefix(40).joined(separator: ", ")
      throw GoldenError(
        .missing, file: reader.file, object: "/\(Format.cases)/\(name)",
        remedy: caseNames.isEmpty ? kind.remedy : "its cases are \(names)")
    }
    return try reader.group(name, in: try reader.group(Format.cases, in: root))
  }

  /// Reads the parameters that this file was made with, by default beside it.
  func readParameters(from path: String?) throws(GoldenError) -> ParametersFile {
    let folder = reader.file.lastIndex(of: "/").map { reader.file[...$0] } ?? ""
    let path = path ?? folder + "parameters.h5"
    let header = try Header(reading: path)
    try check(parameters: header.provenance, of: path)
    return try ParametersFile(header)
  }

  /// Checks that the parameters in the file at `path` are those that this file was made with.
  func check(parameters: Provenance, of path: String) throws(GoldenError) {
    guard parameters.parametersSHA256 == provenance.parametersSHA256 else {
      throw GoldenError(
        .wrongHash(
          expected: "\(provenance.parametersSHA256) as in \(reader.file)",
          found: parameters.parametersSHA256),
        file: path, object: "/@parameters_sha256",
        remedy: "use the parameters that were exported with the golden")
    }
  }

  private static func architecture(
    _ provenance: Provenance, _ reader: Reader
  ) throws(GoldenError) -> Architecture {
    guard provenance.numClasses <= Format.maximumClasses else {
      throw reader.error(
        .invalid("\(provenance.numClasses) are more than \(Format.maximumClasses)"),
        at: "/@num_classes")
    }
    do {
      return try Architecture(
        depthMultiplier: provenance.depthMultiplier, numClasses: provenance.numClasses)
    } catch {
      let name =
        switch error {
        case .depthMultiplier: "depth_multiplier"
        case .numClasses: "num_classes"
        }
      throw reader.error(.invalid("\(error)"), at: "/@\(name)")
    }
  }
}

extension Provenance {
  init(reading root: Group, _ kind: GoldenKind, _ reader: Reader) throws(GoldenError) {
    depthMultiplier = try reader.scalar("depth_multiplier", of: root)
    numClasses = try reader.integer("num_classes", of: root)
    imageSize = try Self.imageSize(root, reader)
    parametersSHA256 = try reader.hash("parameters_sha256", of: root)
    checkpoint = Checkpoint(
      name: try reader.string("checkpoint", of: root),
      description: try reader.string("checkpoint_description", of: root),
      sha256: try reader.hash("checkpoint_sha256", of: root))
    let hostISA = try reader.string("host_isa", of: root)
    if kind == .recording {
      subject = RecordedSubject(
        name: try reader.string("subject", of: root),
        description: try reader.string("subject_description", of: root), hostISA: hostISA)
    } else {
      oracle = Oracle(
        name: try reader.string("oracle", of: root),
        sha256: try reader.hash("oracle_sha256", of: root),
        tensorflow: try reader.string("tensorflow", of: root),
        onednn: try reader.string("onednn", of: root),
        seed: try reader.integer("seed", of: root), hostISA: hostISA)
    }
  }

  private static func imageSize(
    _ root: Group, _ reader: Reader
  ) throws(GoldenError) -> ImageSize {
    let extents: [Int64] = try reader.read { () throws(HDF5Error) in
      try root.attribute("image_size").read()
    }
    guard extents.count == 2, extents.allSatisfy({ 1...Int64(Format.maximumExtent) ~= $0 }) else {
      throw reader.error(
        .wrongValue(expected: "height and width in pixels", found: "\(extents.prefix(8))"),
        at: "/@image_size")
    }
    return ImageSize(height: Int(extents[0]), width: Int(extents[1]))
  }

  /// Writes the root attributes of a recording.
  func write(to root: Group, subject: RecordedSubject) throws(HDF5Error) {
    try root.setAttribute("format", Format.name)
    try root.setAttribute("format_version", Format.version)
    try root.setAttribute(Format.kind, GoldenKind.recording.rawValue)
    try root.setAttribute("architecture", Format.architecture)
    try root.setAttribute("depth_multiplier", depthMultiplier)
    try root.setAttribute("num_classes", Int64(numClasses))
    try root.setAttribute("image_size", [Int64(imageSize.height), Int64(imageSize.width)])
    try root.setAttribute("parameters_sha256", parametersSHA256)
    try root.setAttribute("checkpoint", checkpoint.name)
    try root.setAttribute("checkpoint_description", checkpoint.description)
    try root.setAttribute("checkpoint_sha256", checkpoint.sha256)
    try root.setAttribute("subject", subject.name)
    try root.setAttribute("subject_description", subject.description)
    try root.setAttribute("host_isa", subject.hostISA)
  }
}
