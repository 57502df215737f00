import Foundation
import Yams

/// A YAML file that people write: read strictly, with the line in every complaint.
struct PolicyFile {
  private let file: String
  private let node: Node

  init(reading path: String) throws(PolicyError) {
    let data: Data
    do {
      data = try Data(contentsOf: URL(filePath: path))
    } catch {
      let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? any Error
      throw PolicyError(
        file: path, problem: "cannot be read: \((underlying ?? error).localizedDescription)",
        isUnreadable: true)
    }
    guard let text = String(validating: data, as: UTF8.self) else {
      throw PolicyError(file: path, problem: "not UTF-8")
    }
    try self.init(parsing: text, file: path)
  }

  init(parsing yaml: String, file: String) throws(PolicyError) {
    do {
      guard let node = try Yams.compose(yaml: yaml) else {
        throw PolicyError(file: file, problem: "empty")
      }
      self.node = node
    } catch let error as PolicyError {
      throw error
    } catch {
      throw PolicyError(file: file, problem: "not YAML: \(error)")
    }
    self.file = file
  }

  /// The outermost mapping, whose `schema` has to be `schemaVersion`.
  func root(schemaVersion: Int, keys: [String]) throws(PolicyError) -> PolicyMap {
    let root = try PolicyMap(node, file: file, path: "", required: ["schema"] + keys)
    let found = try root.number("schema")
    guard found == Double(schemaVersion) else {
      throw root.error(
        "schema", "version \(format(found)) is not known; this Assay reads version \(schemaVersion)"
      )
    }
    return root
  }
}

/// A mapping in such a file, with its keys known.
struct PolicyMap {
  private let mapping: Node.Mapping
  private let file: String
  /// Where it is: `thresholds.bias`.
  private let path: String
  private let line: Int?

  /// - Throws: ``PolicyError`` if it is no mapping, a key is missing, unknown or there twice.
  init(
    _ node: Node, file: String, path: String, required: [String], optional: [String] = []
  ) throws(PolicyError) {
    self.file = file
    self.path = path
    line = node.mark?.line
    guard let mapping = node.mapping else {
      throw PolicyError(file: file, line: line, place: path, problem: "expected keys and values")
    }
    self.mapping = mapping
    let keys = mapping.keys.map { $0.string ?? "" }
    for (index, key) in keys.enumerated() {
      guard (required + optional).contains(key) else { throw error(key, "not a known key") }
      guard !keys[..<index].contains(key) else { throw error(key, "there twice") }
    }
    if let missing = required.first(where: { !keys.contains($0) }) {
      throw error(missing, "missing")
    }
  }

  func has(_ key: String) -> Bool { mapping[key] != nil }

  func text(_ key: String) throws(PolicyError) -> String {
    guard let text = mapping[key]?.string, !text.isEmpty else {
      throw error(key, "expected a text")
    }
    return text
  }

  /// A finite number, not negative.
  func number(_ key: String) throws(PolicyError) -> Double {
    guard let scalar = mapping[key]?.scalar, let value = Double(scalar.string),
      value.isFinite, value >= 0
    else { throw error(key, "expected a number, 0 or more") }
    return value
  }

  func map(
    _ key: String, required: [String], optional: [String] = []
  ) throws(PolicyError) -> PolicyMap {
    guard let node = mapping[key] else { throw error(key, "missing") }
    return try PolicyMap(
      node, file: file, path: join(key), required: required, optional: optional)
  }

  func list(
    _ key: String, required: [String], optional: [String] = []
  ) throws(PolicyError) -> [PolicyMap] {
    guard let sequence = mapping[key]?.sequence else { throw error(key, "expected a list") }
    var maps: [PolicyMap] = []
    for (index, node) in sequence.enumerated() {
      maps.append(
        try PolicyMap(
          node, file: file, path: "\(join(key))[\(index)]", required: required,
          optional: optional))
    }
    return maps
  }

  func error(_ key: String, _ problem: String) -> PolicyError {
    PolicyError(
      file: file, line: mapping[key]?.mark?.line ?? line, place: join(key), problem: problem)
  }

  private func join(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }
}

/// Why a profile or a file of waivers cannot be used.
public struct PolicyError: Error, Hashable, CustomStringConvertible {
  public let file: String
  /// From 1.
  public let line: Int?
  /// The key: `thresholds.bias.limit`.
  public let place: String
  public let problem: String
  /// Whether the operating system does not give the file.
  public let isUnreadable: Bool

  init(
    file: String, line: Int? = nil, place: String = "", problem: String, isUnreadable: Bool = false
  ) {
    self.file = file
    self.line = line
    self.place = place
    self.problem = problem
    self.isUnreadable = isUnreadable
  }

  /// One line: `profile.yaml:7: thresholds.bias.limit: expected a number, 0 or more`.
  public var description: String {
    let start = line.map { "\(file):\($0)" } ?? file
    return "\(start): \(place.isEmpty ? "" : place + ": ")\(problem)"
      .split(whereSeparator: \.isNewline).joined(separator: " ")
  }
}
