import HDF5
import MobileNet

/// A golden file's variables, read and checked.
public struct ParametersFile: Sendable {
  /// As it was given.
  public let path: String
  public let provenance: Provenance
  public let parameters: Parameters
  /// One for each class, if the file has them.
  public let labels: [String]?

  /// Reads `parameters.h5`.
  ///
  /// - Throws: ``GoldenError``: `cannotRead` if it is missing, a directory or not permitted,
  ///   `badData` if it is no golden file of parameters, if a variable is missing, unknown, of the
  ///   wrong type or shape, not finite or a negative variance, or if the hash in the file is not
  ///   that of the variables.
  public init(reading path: String) throws(GoldenError) {
    try self.init(Header(reading: path))
  }

  init(_ header: Header) throws(GoldenError) {
    let reader = header.reader
    path = reader.file
    provenance = header.provenance
    guard header.kind == .parameters else {
      throw GoldenError(
        .wrongValue(expected: "\"parameters\"", found: "\"\(header.kind.rawValue)\""),
        file: path, object: "/@kind", remedy: "name the parameters.h5 of the golden")
    }
    let variables = header.architecture.variables
    try reader.checkTree(
      header.root, paths: variables.map(\.name), optional: [Format.labels])
    var tensors: [String: Tensor<Float>] = [:]
    for variable in variables {
      let dataset = try reader.dataset(
        variable.name, in: header.root, .float32, shape: variable.shape)
      // `Parameters` checks the values.
      tensors[variable.name] = try reader.tensor(dataset, mustBeFinite: false)
    }
    do {
      parameters = try Parameters(architecture: header.architecture, tensors: tensors)
    } catch {
      throw reader.error(.init(error), at: "/\(error.variable)")
    }
    let hash = parameters.sha256
    guard hash == provenance.parametersSHA256 else {
      throw reader.error(
        .wrongHash(
          expected: "\(hash), which its variables have", found: provenance.parametersSHA256),
        at: "/@parameters_sha256")
    }
    labels = try Self.labels(header)
  }

  private static func labels(_ header: Header) throws(GoldenError) -> [String]? {
    let reader = header.reader
    guard try reader.members(header.root).contains(Format.labels) else { return nil }
    let dataset = try reader.read { () throws(HDF5Error) in
      try header.root.dataset(Format.labels)
    }
    let count = header.architecture.numClasses
    guard dataset.shape == [count] else {
      throw reader.error(
        .wrongShape(expected: "\(count)", found: describe(shape: dataset.shape)),
        at: dataset.path)
    }
    return try reader.read { () throws(HDF5Error) in try dataset.readStrings() }
  }
}

extension GoldenError.Problem {
  init(_ error: ParameterError) {
    switch error {
    case .missing: self = .missing
    case .unexpected: self = .unexpected
    case .wrongShape(_, let expected, let found):
      self = .wrongShape(expected: describe(shape: expected), found: describe(shape: found))
    case .notFinite(_, let index): self = .notFinite(index: index)
    case .negativeVariance(_, let index): self = .invalid("negative at \(index)")
    }
  }
}
