import Foundation

/// How everything is written as JSON, and read again.
///
/// Ratios may be infinite; JSON has them as the strings `"Infinity"`, `"-Infinity"` and `"NaN"`.
package enum JSONCoding {
  /// Sorted keys: the same value gives the same bytes. There is no end of line at the end.
  package static func json(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    return Data(JSONLayout(try encoder.encode(value)).lines())
  }

  /// Reads what ``json(_:)`` wrote.
  ///
  /// - Throws: `DecodingError`.
  package static func read<Value: Decodable>(_ type: Value.Type, from json: Data) throws -> Value {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    return try decoder.decode(type, from: json)
  }
}
