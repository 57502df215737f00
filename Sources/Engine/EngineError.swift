import MobileNet

/// Why the engine cannot do what it was asked for.
package enum EngineError: Error, Hashable, CustomStringConvertible {
  case unknownInstructionSet(String)
  case unsupportedInstructionSet(InstructionSet)
  /// A thread count below 1, or one that the system refused.
  case threads(Int)
  /// A tensor of the wrong shape; `expected` says in words what would do.
  case wrongShape(found: [Int], expected: String)
  case unknownLayer(Int)
  case unknownEndPoint(EndPoint)
  /// No variable of this name, or none that has what was asked for.
  case unknownVariable(String)
  /// A label outside of the classes.
  case unknownClass(Int)

  package var description: String {
    switch self {
    case .unknownInstructionSet(let name):
      "there is no instruction set '\(name)'; choose \(Self.choices(InstructionSet.allCases))"
    case .unsupportedInstructionSet(let isa):
      "this processor cannot run '\(isa.rawValue)'; choose \(Self.choices(InstructionSet.supported))"
    case .threads(let count):
      "cannot start \(count) threads; choose a number from 1 up"
    case .wrongShape(let found, let expected):
      "the input has the shape \(describe(shape: found)), expected \(expected)"
    case .unknownLayer(let index):
      "there is no layer \(index)"
    case .unknownEndPoint(let endPoint):
      "there is no end point \(endPoint)"
    case .unknownVariable(let name):
      "there is no such variable as \(name), or it is not trained"
    case .unknownClass(let label):
      "there is no class \(label)"
    }
  }

  private static func choices(_ sets: [InstructionSet]) -> String {
    sets.map(\.rawValue).joined(separator: " or ")
  }
}
