import HDF5
import MobileNet

/// A golden file that is open for reading: an inference, a sweep or a recording (or another kind,
/// which has no such cases: ``ParametersFile`` and ``TrainingFile`` read those).
///
/// What it says of itself is checked when it is opened, the names, shapes and types of a case when
/// that case is asked for, and those of all cases by ``validate()``. Nothing that is not exactly as
/// the format says is passed on.
public struct GoldenFile: Sendable {
  /// As it was given.
  public let path: String
  public let kind: GoldenKind
  public let provenance: Provenance
  public let architecture: Architecture
  /// Sorted bytewise; at least one, except in a file of parameters or of training steps.
  public let caseNames: [String]

  let header: Header
  private let sweepBase: Dataset?

  /// Opens a file.
  ///
  /// - Throws: ``GoldenError``: `cannotRead` if it is missing, a directory or not permitted,
  ///   `badData` if it is no golden file of a known version and kind, or has no cases.
  public init(reading path: String) throws(GoldenError) {
    let header = try Header(reading: path)
    let reader = header.reader
    self.path = path
    self.header = header
    kind = header.kind
    provenance = header.provenance
    architecture = header.architecture
    guard ![.parameters, .training].contains(header.kind) else {
      caseNames = []
      sweepBase = nil
      return
    }
    let isSweep = header.kind == .sweep
    try reader.checkMembers(
      header.root, required: isSweep ? [Format.base, Format.cases] : [Format.cases])
    caseNames = try header.caseNames()
    sweepBase =
      isSweep
      ? try reader.dataset(
        Format.base, in: header.root, .float32, axes: [nil, nil, Architecture.imageChannels],
        named: "HxWx3") : nil
  }

  /// Which shapes the end points of a recording may have; those of every other kind are the network's.
  public enum Shapes: Sendable {
    /// The network's, as a witness has to have them.
    case ofNetwork
    /// Any of at most five axes, and of so many elements that reading them is no danger: what a subject
    /// computed is to be judged.
    case any
  }

  /// Checks the names, shapes and types of everything in the file, of any kind, and reads no
  /// numbers. For a file of parameters, reads and checks those.
  ///
  /// - Throws: ``GoldenError`` with `badData` for the first flaw.
  public func validate(shapes: Shapes = .ofNetwork) throws(GoldenError) {
    if kind == .parameters { _ = try ParametersFile(header) }
    if kind == .training { try TrainingFile(header).validate() }
    for name in caseNames { _ = try schema(ofCase: name, shapes: shapes) }
  }

  /// Checks the names, shapes and types of one case; the end points of a recording may have any shape.
  ///
  /// - Throws: ``GoldenError`` with `badData` for the first flaw, or if there is no such case.
  public func summary(ofCase name: String) throws(GoldenError) -> GoldenCaseSummary {
    try schema(ofCase: name, shapes: .any).summary
  }

  /// Checks and reads one case.
  ///
  /// - Throws: ``GoldenError`` with `badData` for the first flaw: those of ``summary(ofCase:)``, and
  ///   a number that is not finite (except in what a subject recorded).
  public func readCase(
    _ name: String, shapes: Shapes = .ofNetwork
  ) throws(GoldenError) -> GoldenCase {
    let schema = try schema(ofCase: name, shapes: shapes)
    let summary = schema.summary
    return GoldenCase(
      name: name, description: summary.description, source: summary.source,
      images: try schema.readImages(), activations: try schema.readActivations(),
      activations64: try schema.readActivations64())
  }

  /// Reads the parameters that the golden was computed with.
  ///
  /// - Parameter path: By default `parameters.h5` in the same folder.
  /// - Throws: ``GoldenError``; with `badData` also if they are not the ones that this file was
  ///   made with.
  public func readParameters(from path: String? = nil) throws(GoldenError) -> ParametersFile {
    try header.readParameters(from: path)
  }

  /// Checks that parameters, read and checked already, are those that the golden was computed with.
  ///
  /// - Throws: ``GoldenError`` with `badData` if they are others.
  public func check(_ parameters: ParametersFile) throws(GoldenError) {
    try header.check(parameters: parameters.provenance, of: parameters.path)
  }

  private func schema(ofCase name: String, shapes: Shapes) throws(GoldenError) -> CaseSchema {
    try CaseSchema(
      name: name, group: try header.group(ofCase: name, among: caseNames), header: header,
      sweepBase: sweepBase, hasAnyShape: shapes == .any && kind == .recording)
  }
}
