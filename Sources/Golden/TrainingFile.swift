import HDF5
import MobileNet

/// A golden file of training steps that is open for reading.
///
/// As with ``GoldenFile``, what it says of itself is checked when it is opened, a case when that case
/// is asked for, and everything by ``validate()``.
public struct TrainingFile: Sendable {
  /// As it was given.
  public let path: String
  public let provenance: Provenance
  public let architecture: Architecture
  /// How the mask of dropout came about.
  public let dropout: String
  /// Sorted bytewise; at least one.
  public let caseNames: [String]

  private let header: Header

  /// Opens a file.
  ///
  /// - Throws: ``GoldenError``: `cannotRead` if it is missing, a directory or not permitted,
  ///   `badData` if it is no golden file of training steps, or has no cases.
  public init(reading path: String) throws(GoldenError) {
    try self.init(Header(reading: path))
  }

  init(_ header: Header) throws(GoldenError) {
    let reader = header.reader
    guard header.kind == .training else {
      throw GoldenError(
        .wrongValue(expected: "\"training\"", found: "\"\(header.kind.rawValue)\""),
        file: reader.file, object: "/@kind",
        remedy: "name a training.h5, which Scripts/oracle/export --training makes")
    }
    path = reader.file
    provenance = header.provenance
    architecture = header.architecture
    dropout = try reader.string("dropout", of: header.root)
    try reader.checkMembers(header.root, required: [Format.cases, Format.trajectory])
    caseNames = try header.caseNames()
    self.header = header
  }

  /// Checks the names, shapes and types of everything in the file, and reads no numbers.
  ///
  /// - Throws: ``GoldenError`` with `badData` for the first flaw.
  public func validate() throws(GoldenError) {
    for name in caseNames { _ = try schema(ofCase: name) }
    _ = try trajectorySchema()
  }

  /// Checks the names, shapes and types of one case.
  ///
  /// - Throws: ``GoldenError`` with `badData` for the first flaw, or if there is no such case.
  public func summary(ofCase name: String) throws(GoldenError) -> TrainingCaseSummary {
    try schema(ofCase: name).summary
  }

  /// Checks and reads one case.
  ///
  /// - Throws: ``GoldenError`` with `badData` for the first flaw: those of ``summary(ofCase:)``, and
  ///   a number that is not finite, a label that is no class, a mask that is neither 0 nor 1, a
  ///   negative variance or norm.
  public func readCase(_ name: String) throws(GoldenError) -> TrainingCase {
    try schema(ofCase: name).read()
  }

  /// Checks and reads the trajectory.
  ///
  /// - Throws: ``GoldenError`` with `badData` for the first flaw, as ``readCase(_:)`` does.
  public func readTrajectory() throws(GoldenError) -> TrainingTrajectory {
    try trajectorySchema().read()
  }

  /// Reads the parameters that the golden was computed with.
  ///
  /// - Parameter path: By default `parameters.h5` in the same folder.
  /// - Throws: ``GoldenError``; with `badData` also if they are not the ones that this file was
  ///   made with.
  public func readParameters(from path: String? = nil) throws(GoldenError) -> ParametersFile {
    try header.readParameters(from: path)
  }

  private func schema(ofCase name: String) throws(GoldenError) -> TrainingCaseSchema {
    try TrainingCaseSchema(
      name: name, group: try header.group(ofCase: name, among: caseNames), header: header)
  }

  private func trajectorySchema() throws(GoldenError) -> TrajectorySchema {
    let group = try header.reader.group(Format.trajectory, in: header.root)
    return try TrajectorySchema(group: group, header: header)
  }
}
