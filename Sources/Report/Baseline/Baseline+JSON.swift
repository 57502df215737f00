import Conformance
import Foundation

extension Baseline {
  /// JSON with sorted keys: the same figures give the same bytes.
  public func json() throws -> Data {
    try JSONCoding.json(self) + Data("\n".utf8)
  }

  /// Reads what ``json()`` wrote.
  ///
  /// - Throws: ``BaselineError`` if it is something else or of another version.
  public init(json: Data) throws {
    guard let header = try? JSONCoding.read(Header.self, from: json),
      header.format == Self.currentFormat
    else {
      throw BaselineError.notABaseline("there is no \"format\": \"\(Self.currentFormat)\" in it")
    }
    guard header.formatVersion == Self.currentFormatVersion else {
      throw BaselineError.otherVersion(header.formatVersion)
    }
    do {
      self = try JSONCoding.read(Self.self, from: json)
    } catch {
      throw BaselineError.notABaseline(JSONFault.describe(error))
    }
    if endPoints.isEmpty { throw BaselineError.notABaseline("it holds no end point") }
  }

  /// What says which format the rest is in.
  private struct Header: Decodable {
    let format: String
    let formatVersion: Int
  }
}

/// What is wrong with JSON, in one line.
package enum JSONFault {
  package static func describe(_ error: any Error) -> String {
    switch error {
    case DecodingError.keyNotFound(let key, let context):
      "\(place(context))there is no \"\(key.stringValue)\""
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
      "\(place(context))\(context.debugDescription)".oneLine.shortened(to: 300)
    case DecodingError.dataCorrupted(let context):
      "\(place(context))\(context.debugDescription)".oneLine.shortened(to: 300)
    default:
      "\(error)".oneLine.shortened(to: 300)
    }
  }

  /// `cases/0/endPoints: `
  private static func place(_ context: DecodingError.Context) -> String {
    let path = context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }
    return path.isEmpty ? "" : path.joined(separator: "/") + ": "
  }
}
