import Golden
import HDF5
import MobileNet
import TestSupport

/// What is to be in a golden file, by path, for tests to change before it is written.
struct Draft {
  enum Value {
    case floats([Float])
    case doubles([Double])
    case integers([Int32])
    case strings([String])
  }

  enum Attribute {
    case string(String)
    case integer(Int64)
    case integers([Int64], shape: [Int])
    case double(Double)
    case float(Float)
  }

  /// By path without the leading slash; a nil value makes an empty group.
  var datasets: [String: (value: Value, shape: [Int])?] = [:]
  /// By path of the object, empty for the root, and name.
  var attributes: [String: [String: Attribute]] = [:]

  func write(to path: String) throws {
    let writer = try FileWriter(creating: path)
    let root = writer.root
    for (path, dataset) in datasets.sorted(by: { $0.key < $1.key }) {
      switch dataset?.value {
      case .floats(let values): try root.write(path, values, shape: dataset?.shape ?? [])
      case .doubles(let values): try root.write(path, values, shape: dataset?.shape ?? [])
      case .integers(let values): try root.write(path, values, shape: dataset?.shape ?? [])
      case .strings(let values): try root.write(path, values, shape: dataset?.shape)
      case nil: try root.createGroup(path)
      }
    }
    for (path, attributes) in attributes {
      let group = try root.createGroup(path)
      for (name, attribute) in attributes {
        switch attribute {
        case .string(let value): try group.setAttribute(name, value)
        case .integer(let value): try group.setAttribute(name, value)
        case .double(let value): try group.setAttribute(name, value)
        case .float(let value): try group.setAttribute(name, value)
        case .integers(let values, let shape):
          try group.setAttribute(name, values, shape: shape)
        }
      }
    }
    try writer.commit()
  }

  // MARK: Changes

  mutating func set(_ path: String, _ values: [Float], shape: [Int]) {
    datasets[path] = .some((.floats(values), shape))
  }

  mutating func set(_ path: String, _ tensor: Tensor<Float>) {
    set(path, tensor.scalars, shape: tensor.shape)
  }

  mutating func set(_ path: String, _ tensor: Tensor<Double>) {
    datasets[path] = .some((.doubles(tensor.scalars), tensor.shape))
  }

  /// Takes away a dataset, or a group with all that is in it.
  mutating func remove(_ path: String) {
    datasets = datasets.filter { $0.key != path && !$0.key.hasPrefix(path + "/") }
    attributes = attributes.filter { $0.key != path && !$0.key.hasPrefix(path + "/") }
  }

  /// Changes one value of a dataset of floats.
  mutating func change(_ path: String, at index: Int, to value: Float) {
    guard case (.floats(var values), let shape)?? = datasets[path] else {
      fatalError("\(path) has no floats")
    }
    values[index] = value
    set(path, values, shape: shape)
  }
}

/// A network so small that its golden files are made in no time: depth multiplier 1/16, 4 classes.
enum Fixture {
  static let depthMultiplier = 0.0625
  static let numClasses = 4
  static let architecture = made {
    try Architecture(depthMultiplier: depthMultiplier, numClasses: numClasses)
  }
  static let parameters = made {
    try Parameters(
      architecture: architecture,
      tensors: Dictionary(
        uniqueKeysWithValues: architecture.variables.map { ($0.name, tensor($0.shape, $0.name)) }))
  }
  static let zeros = String(repeating: "0", count: 64)

  private static func made<Value>(_ make: () throws -> Value) -> Value {
    do { return try make() } catch { fatalError("\(error)") }
  }

  /// Positive numbers that differ from place to place and from name to name.
  static func tensor(_ shape: [Int], _ name: String) -> Tensor<Float> {
    let start = name.utf8.reduce(0) { ($0 * 31 + Int($1)) % 4093 }
    let count = shape.reduce(1, *)
    return Tensor(
      shape: shape, scalars: (0..<count).map { Float((start + $0 * 7) % 4093) / 4096 })
  }

  static func root(kind: String) -> [String: Draft.Attribute] {
    [
      "format": .string("assay-golden"), "format_version": .integer(1), "kind": .string(kind),
      "architecture": .string("mobilenet_v1"), "depth_multiplier": .double(depthMultiplier),
      "num_classes": .integer(Int64(numClasses)), "image_size": .integers([16, 12], shape: [2]),
      "parameters_sha256": .string(parameters.sha256), "checkpoint": .string("tiny.ckpt"),
      "checkpoint_description": .string("made up for a test"),
      "checkpoint_sha256": .string(zeros), "oracle": .string("nobody 1.0"),
      "oracle_sha256": .string(zeros), "tensorflow": .string("2.21.0"),
      "onednn": .string("off"), "seed": .integer(7), "host_isa": .string("x86_64 avx2"),
    ]
  }

  static func parametersDraft() -> Draft {
    var draft = Draft()
    draft.attributes[""] = root(kind: "parameters")
    for (name, tensor) in parameters.tensors { draft.set(name, tensor) }
    draft.datasets["labels"] = .some(
      (.strings(["background", "tench", "Größe", ""]), [numClasses]))
    return draft
  }

  /// Two cases: `one` with float64 activations, `pair` without.
  static func inferenceDraft() -> Draft {
    var draft = Draft()
    draft.attributes[""] = root(kind: "inference")
    for (name, images) in [("one", [1, 5, 4, 3]), ("pair", [2, 3, 6, 3])] {
      let place = "cases/\(name)"
      draft.attributes[place] = [
        "description": .string("about \(name)"), "source": .string("made up"),
      ]
      draft.set("\(place)/images", tensor(images, name))
      for (endPoint, shape) in zip(architecture.endPoints, architecture.shapes(images: images)) {
        let values = tensor(shape, "\(name)\(endPoint)")
        draft.set("\(place)/activations/\(endPoint)", values)
        if name == "one" {
          draft.set("\(place)/activations_float64/\(endPoint)", Tensor<Double>(values))
        }
      }
    }
    return draft
  }

  /// Two cases: `3x2` of two crops, and `4x4` of one with all end points.
  static func sweepDraft() -> Draft {
    var draft = Draft()
    draft.attributes[""] = root(kind: "sweep")
    draft.set("base", tensor([8, 9, 3], "base"))
    for (height, width, origins) in [(3, 2, [0, 0, 5, 7]), (4, 4, [4, 5])] as [(Int, Int, [Int64])]
    {
      let place = "cases/\(height)x\(width)"
      let batch = origins.count / 2
      draft.attributes[place] = [
        "description": .string("crops"), "height": .integer(Int64(height)),
        "width": .integer(Int64(width)), "origins": .integers(origins, shape: [batch, 2]),
      ]
      let shapes = architecture.shapes(images: [batch, height, width, 3])
      for (endPoint, shape) in zip(architecture.endPoints, shapes) {
        let values = tensor(shape, "\(place)\(endPoint)")
        if height == 4 { draft.set("\(place)/activations/\(endPoint)", values) }
        if endPoint == .globalPool {
          draft.set("\(place)/features", values.reshaped([batch, architecture.featureChannels]))
        }
        if endPoint == .logits { draft.set("\(place)/logits", values) }
      }
    }
    return draft
  }
}
