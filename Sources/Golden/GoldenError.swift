import HDF5
import MobileNet

/// Why a golden file cannot be used: what is wrong, where, and how to mend it.
public struct GoldenError: Error, Hashable, CustomStringConvertible {
  /// What a program that meets the error can do about it.
  public enum Category: Hashable, Sendable {
    /// The operating system does not give the file: it is missing, a directory, not permitted.
    case cannotRead
    /// The file is there and not what it must be.
    case badData
    /// The operating system does not take the file.
    case cannotWrite

    /// As in BSD's `sysexits.h`: 66, 65, 73.
    public var exitCode: Int32 {
      switch self {
      case .cannotRead: 66
      case .badData: 65
      case .cannotWrite: 73
      }
    }
  }

  public enum Problem: Hashable, Sendable {
    case cannotOpen(String)
    case cannotWrite(String)
    case notHDF5
    /// Truncated or corrupted, with libhdf5's cause.
    case damaged(String)
    case missing
    /// A dataset, group or case that does not belong there.
    case unexpected
    /// A shape, as text: `1x32x32x95`.
    case wrongShape(expected: String, found: String)
    case wrongType(expected: String, found: String)
    /// An attribute, or the kind of an object, has another value than it must have.
    case wrongValue(expected: String, found: String)
    case notFinite(index: [Int])
    /// Other values than in another place that must agree.
    case differs(from: String)
    case wrongHash(expected: String, found: String)
    case noCases
    case noElements
    /// Any other flaw, in words.
    case invalid(String)
  }

  public let problem: Problem
  /// The file, as it was named by the caller.
  public let file: String
  /// The dataset, group or attribute (`/@format_version`) in it; empty for the file as a whole.
  public let object: String
  /// How to mend it, as a clause.
  public let remedy: String

  public init(_ problem: Problem, file: String, object: String = "", remedy: String) {
    self.problem = problem
    self.file = file
    self.object = object
    self.remedy = remedy
  }

  public var category: Category {
    switch problem {
    case .cannotOpen: .cannotRead
    case .cannotWrite: .cannotWrite
    default: .badData
    }
  }

  /// One line: file, object, problem, remedy.
  public var description: String {
    let place = object.isEmpty ? file : "\(file): \(object)"
    return "\(place): \(problem); \(remedy)".replacing("\n", with: " ")
  }
}

extension GoldenError.Problem: CustomStringConvertible {
  public var description: String {
    switch self {
    case .cannotOpen(let cause): "cannot be opened: \(cause)"
    case .cannotWrite(let cause): "cannot be written: \(cause)"
    case .notHDF5: "not an HDF5 file"
    case .damaged(let cause): cause.isEmpty ? "damaged" : "damaged (\(cause))"
    case .missing: "missing"
    case .unexpected: "does not belong there"
    case .wrongShape(let expected, let found): "shape \(found), expected \(expected)"
    case .wrongType(let expected, let found): "type \(found), expected \(expected)"
    case .wrongValue(let expected, let found): "\(found), expected \(expected)"
    case .notFinite(let index): "not a finite number at \(index)"
    case .differs(let place): "differs from \(place)"
    case .wrongHash(let expected, let found): "hash \(found), expected \(expected)"
    case .noCases: "has no cases"
    case .noElements: "has no elements"
    case .invalid(let flaw): flaw
    }
  }
}

extension GoldenError {
  enum Remedy {
    static let name = "name a golden file, or make one with Scripts/oracle/export"
    static let export = "export the golden again with Scripts/oracle/export"
    static let record = "record it again with assay run"
    static let judge = "a golden has the network's shapes; judge this with --activations"
    static let size = "record what the end point's name stands for"
    static let copy = "copy the file again, or make it again with Scripts/oracle/export"
    static let output = "name another place for the output"
  }

  /// - Parameter remedy: For flaws in what the file holds.
  init(_ error: HDF5Error, remedy: String) {
    let problem: Problem
    var remedy = remedy
    switch error.reason {
    case .cannotOpen(let cause): (problem, remedy) = (.cannotOpen(cause), Remedy.name)
    case .notHDF5: (problem, remedy) = (.notHDF5, Remedy.name)
    case .damaged: (problem, remedy) = (.damaged(error.details.first ?? ""), Remedy.copy)
    case .missing: problem = .missing
    case .wrongKind(let expected, let found):
      problem = .wrongValue(expected: expected, found: found)
    case .wrongType(let expected, let found):
      problem = .wrongType(expected: "\(expected)", found: "\(found)")
    case .wrongShape(let expected, let found):
      problem = .wrongShape(expected: describe(shape: expected), found: describe(shape: found))
    case .tooLarge, .unsupported, .notUTF8: problem = .invalid("\(error.reason)")
    case .cannotCreate(let cause): (problem, remedy) = (.cannotWrite(cause), Remedy.output)
    case .cannotWrite:
      (problem, remedy) = (.cannotWrite(error.details.first ?? ""), Remedy.output)
    }
    self.init(problem, file: error.file, object: error.object, remedy: remedy)
  }
}
