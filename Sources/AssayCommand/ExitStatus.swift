import ArgumentParser
import Conformance
import Engine
import Foundation
import Golden
import HDF5
import MobileNet

/// Exit codes, after sysexits.h where it has one.
enum ExitStatus: Int32 {
  case doesNotConform = 1
  case usage = 64
  case badData = 65
  case cannotRead = 66
  case internalError = 70
  case cannotCreate = 73

  /// Prints one line about `error` on stderr and ends the program with the code that fits. Errors of
  /// the command line itself, help and version are left to the argument parser.
  static func end(with error: any Error) -> Never {
    guard let status = ExitStatus(error) else { Assay.exit(withError: error) }
    StandardError.print("assay: \(error)")
    exit(status.rawValue)
  }

  /// The code for an error of ours; `nil` for the argument parser's.
  init?(_ error: any Error) {
    switch error {
    case let error as GoldenError:
      switch error.category {
      case .cannotRead: self = .cannotRead
      case .badData: self = .badData
      case .cannotWrite: self = .cannotCreate
      }
    case let error as PolicyError:
      self = error.isUnreadable ? .cannotRead : .badData
    case is ParameterError, is ArchitectureError, is HDF5Error, is RecordingError:
      self = .badData
    case VerificationError.nothingSelected, VerificationError.noSuchElement, is FaultError,
      EngineError.unsupportedInstructionSet,
      EngineError.unknownInstructionSet:
      self = .usage
    // What has another shape does not conform; there is no element of it to explain.
    case VerificationError.wrongShape:
      self = .doesNotConform
    case is VerificationError, is HarnessError:
      self = .internalError
    case InputError.unreadable:
      self = .cannotRead
    case InputError.badData:
      self = .badData
    case is OutputError:
      self = .cannotCreate
    default:
      return nil
    }
  }
}

/// Text for people who watch, apart from the results on stdout.
enum StandardError {
  static func print(_ line: String) {
    FileHandle.standardError.write(Data((line + "\n").utf8))
  }
}

/// Results for programs.
enum StandardOutput {
  static func print(json value: some Encodable) throws {
    FileHandle.standardOutput.write(try JSONCoding.json(value) + Data("\n".utf8))
  }
}
