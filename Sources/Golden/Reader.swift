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

  /// A finite number that satisfies `condition`, which `expected` describes.
  func number<S: Scalar & FloatingPoint>(
    _ name: String, of group: Group, _ expected: String, where condition: (S) -> Bool
  ) throws(GoldenError) -> S {
    let value: S = try scalar(name, of: group)
    guard value.isFinite, condition(value) else {
      throw error(
        .wrongValue(expected: expected, found: "\(value)"), at: attributePath(name, group))
    }
    return value
  }

  /// Checks that an attribute has exactly this value.
  func expect(_ expected: String, _ name: String, of group: Group) throws(GoldenError) {
    let found = try string(name, of: group)
    guard found == expected else {
      throw error(
        .wrongValue(expected: "\"\(expected)\"", found: "\"\(found.prefix(80))\""),
        at: attributePath(name, group))
    }
  }

  /// Checks that an attribute has exactly this value.
  func expect(_ expected: Int64, _ name: String, of group: Group) throws(GoldenError) {
    let found: Int64 = try scalar(name, of: group)
    guard found == expected else {
      throw error(
        .wrongValue(expected: "\(expected)", found: "\(found)"), at: attributePath(name, group))
    }
  }

  private func attributePath(_ name: String, _ group: Group) -> String {
    "\(group.path)@\(name)"
  }

  /// An attribute that must be 64 lower-case hexadecimal digits.
  func hash(_ name: String, of group: Group) throws(GoldenError) -> String {
    let text = try string(name, of: group)
    let isHash = text.utf8.count == 64 && text.allSatisfy { "0123456789abcdef".contains($0) }
    guard isHash else {
      throw error(
        .wrongValue(expected: "64 hexadecimal digits", found: "\"\(text.prefix(80))\""),
        at: attributePath(name, group))
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

  /// Checks that a group has something at each of these paths, and nothing else on the way there.
  ///
  /// A group is looked into only if something is to be there, so that a file with links in a circle
  /// comes to an end.
  func checkTree(
    _ root: Group, paths: [String], optional: [String] = []
  ) throws(GoldenError) {
    var members: [String: Set<String>] = [:]
    for path in paths {
      var folder = ""
      for part in path.split(separator: "/") {
        members[folder, default: []].insert(String(part))
        folder += folder.isEmpty ? "\(part)" : "/\(part)"
      }
    }
    for (folder, names) in members.sorted(by: { $0.key < $1.key }) {
      let group = folder.isEmpty ? root : try group(folder, in: root)
      try checkMembers(
        group, required: names.sorted(), optional: folder.isEmpty ? optional : [])
    }
  }

  // MARK: Datasets

  /// Opens a dataset of any shape, and checks its type.
  func dataset(
    _ name: String, in group: Group, _ type: ElementType
  ) throws(GoldenError) -> Dataset {
    let dataset = try read { () throws(HDF5Error) in try group.dataset(name) }
    guard dataset.elementType == type else {
      throw error(
        .wrongType(expected: "\(type)", found: "\(dataset.elementType)"), at: dataset.path)
    }
    return dataset
  }

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

  /// Opens the group `name`, which must have these datasets, one type and each its shape, and
  /// nothing else.
  func tree(
    _ name: String, in parent: Group, _ type: ElementType, _ shapes: [(path: String, [Int])]
  ) throws(GoldenError) -> [String: Dataset] {
    let folder = try group(name, in: parent)
    try checkTree(folder, paths: shapes.map(\.path))
    var datasets: [String: Dataset] = [:]
    for (path, shape) in shapes {
      datasets[path] = try dataset(path, in: folder, type, shape: shape)
    }
    return datasets
  }

  /// All values of several datasets, all finite.
  func tensors<S: Scalar & FloatingPoint>(
    _ datasets: [String: Dataset], mustNotBeNegative: (String) -> Bool
  ) throws(GoldenError) -> [String: Tensor<S>] {
    var tensors: [String: Tensor<S>] = [:]
    for (name, dataset) in datasets.sorted(by: { $0.key < $1.key }) {
      let values: Tensor<S> = try tensor(dataset)
      if mustNotBeNegative(name) { try refuseNegative(values, at: dataset) }
      tensors[name] = values
    }
    return tensors
  }

  func refuseNegative<S: FloatingPoint>(
    _ tensor: Tensor<S>, at dataset: Dataset
  ) throws(GoldenError) {
    if let place = tensor.scalars.firstIndex(where: { $0 < 0 }) {
      throw error(.invalid("negative at \(tensor.coordinates(of: place))"), at: dataset.path)
    }
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
