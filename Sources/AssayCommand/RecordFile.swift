import Conformance
import Foundation
import HDF5
import Report

/// Reads `record.json`.
enum RecordFile {
  static func read(_ path: String) throws -> ConformanceRecord {
    let data = try InputFile.read(path)
    guard let header = try? JSONCoding.read(Header.self, from: data) else {
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
  /// All bytes of an ordinary file.
  ///
  /// - Parameter limit: Bytes; a larger file is refused.
  /// - Throws: ``InputError``.
  static func read(_ path: String, atMost limit: Int = .max - 1) throws -> Data {
    if let obstacle = PlainFile.obstacle(reading: path) {
      throw InputError.unreadable(path: path, reason: obstacle)
    }
    do {
      let file = try FileHandle(forReadingFrom: URL(filePath: path))
      defer { try? file.close() }
      let data = try file.read(upToCount: limit + 1) ?? Data()
      guard data.count <= limit else {
        throw InputError.badData(
          path: path, reason: "has more than \(limit >> 20) MiB; make it smaller")
      }
      return data
    } catch let error as InputError {
      throw error
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
