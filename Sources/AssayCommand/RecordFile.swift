import Conformance
import Foundation
import Report

/// Reads `record.json`.
enum RecordFile {
  static func read(_ path: String) throws -> ConformanceRecord {
    let data = try InputFile.read(path)
    guard let header = try? JSONDecoder().decode(Header.self, from: data) else {
      throw InputError.badData(path: path, reason: "is no record of assay verify")
    }
    guard header.formatVersion == ConformanceRecord.currentFormatVersion else {
      throw InputError.badData(
        path: path,
        reason: "has format version \(header.formatVersion), this Assay reads "
          + "\(ConformanceRecord.currentFormatVersion)")
    }
    do {
      return try ConformanceRecord(json: data)
    } catch {
      throw InputError.badData(
        path: path, reason: "is no record of assay verify: \(JSONFault.describe(error))")
    }
  }

  /// Tells a record from other JSON, such as a baseline.
  private struct Header: Decodable {
    let formatVersion: Int
    let assayVersion: String
    let startedAt: String
  }
}

/// Reads files that a command is given.
enum InputFile {
  static func read(_ path: String) throws -> Data {
    do {
      return try Data(contentsOf: URL(filePath: path))
    } catch {
      throw InputError.unreadable(path: path, reason: error.localizedDescription)
    }
  }
}

/// Why a file that a command was given cannot be used.
enum InputError: Error, CustomStringConvertible {
  case unreadable(path: String, reason: String)
  case badData(path: String, reason: String)

  var description: String {
    switch self {
    case .unreadable(let path, let reason): "\(path): cannot read: \(reason)"
    case .badData(let path, let reason): "\(path): \(reason)"
    }
  }
}
