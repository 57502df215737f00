import HDF5
import MobileNet

/// Reads datasets and attributes of one file, and speaks of their flaws as ``GoldenError``.
struct Reader: Sendable {
  let file: String
  /// How to mend what the file holds.
  var remedy: String

  func error(_ problem: GoldenError.Problem, at object: String) -> GoldenError {
    GoldenError(problem, file: file, object: object, remedy: remedy)
  }

  func read<Result>(_ body: () throws(HDF5Error) -> Result) throws(GoldenError) -> Result {
    do {
      return try body()
    } catch {
      throw GoldenError(error, remedy: remedy)
    }
  }

  // MARK: Attributes

  func string(_ name: String, of owner: some AttributeOwner) throws(GoldenError) -> String {
    try read { () throws(HDF5Error) in try owner.attribute(name).readString() }
  }

  func scalar<S: Scalar>(
    _ name: String, of owner: some AttributeOwner
  ) throws(GoldenError) -> S {
    try read { () throws(HDF5Error) in try owner.attribute(name).readScalar(S.self) }
  }

  func integer(_ name: String, of owner: some AttributeOwner) throws(GoldenError) -> Int {
    Int(try scalar(name, of: owner) as Int64)
  }

  /// An attribute that must be 64 lower-case hexadecimal digits.
  func hash(_ name: String, of group: Group) throws(GoldenError) -> String {
    let text = try string(name, of: group)
    let isHash = text.utf8.count == 64 && text.allSatisfy { "0123456789abcdef".contains($0) }
    guard isHash else {
      throw error(
        .wrongValue(expected: "64 hexadecimal digits", found: "\"\(text.prefix(80))\""),
        at: "\(group.path)@\(name)")
    }
    return text
  }

  // MARK: Members

  func members(_ group: Group) throws(GoldenError) -> [String] {
    try read { () throws(HDF5Error) in try group.members() }
  }

  func group(_ name: String, in parent: Group) throws(GoldenError) -> Group {
    try read { () throws(HDF5Error) in try parent.group(name) }
  }

  /// Checks that a group has all that it must have, and nothing that it may not.
  ///
  /// - Returns: The names of those optional members that it has.
  @discardableResult
  func checkMembers(
    _ group: Group, required: [String], optional: [String] = []
  ) throws(GoldenError) -> Set<String> {
    let found = try members(group)
    func path(_ name: String) -> String {
      group.path == "/" ? "/\(name)" : "\(group.path)/\(name)"
    }
    if let missing = required.first(where: { !found.contains($0) }) {
      throw error(.missing, at: path(missing))
    }
    let known = Set(required + optional)
    if let unexpected = found.first(where: { !known.contains($0) }) {
      throw error(.unexpected, at: path(unexpected))
    }
    return Set(found).subtracting(required)
  }

  // MARK: Datasets

  /// Opens a dataset, and checks its type and its rank.
  ///
  /// - Parameter axes: The expected shape as text, and one extent for each axis, `nil` where any
  ///   extent but 0 will do.
  func dataset(
    _ name: String, in group: Group, _ type: ElementType, axes: [Int?], named expected: String
  ) throws(GoldenError) -> Dataset {
    let dataset = try read { () throws(HDF5Error) in try group.dataset(name) }
    guard dataset.elementType == type else {
      throw error(
        .wrongType(expected: "\(type)", found: "\(dataset.elementType)"), at: dataset.path)
    }
    let shape = dataset.shape
    guard shape.count == axes.count, zip(shape, axes).allSatisfy({ $1 == nil || $0 == $1 }) else {
      throw error(
        .wrongShape(expected: expected, found: describe(shape: shape)), at: dataset.path)
    }
    guard !shape.contains(0) else { throw error(.noElements, at: dataset.path) }
    return dataset
  }

  /// Opens a dataset that must have exactly this type and this shape.
  func dataset(
    _ name: String, in group: Group, _ type: ElementType, shape: [Int]
  ) throws(GoldenError) -> Dataset {
    try dataset(name, in: group, type, axes: shape, named: describe(shape: shape))
  }

  /// All values of a dataset.
  func tensor<S: Scalar & FloatingPoint>(
    _ dataset: Dataset, mustBeFinite: Bool = true
  ) throws(GoldenError) -> Tensor<S> {
    let scalars = try read { () throws(HDF5Error) in try dataset.read(S.self) }
    let tensor = Tensor(shape: dataset.shape, scalars: scalars)
    if mustBeFinite, let place = scalars.firstIndex(where: { !$0.isFinite }) {
      throw error(.notFinite(index: tensor.coordinates(of: place)), at: dataset.path)
    }
    return tensor
  }
}
