import Foundation

/// How records are written as JSON.
enum RecordCoding {
  /// Sorted keys: the same record gives the same bytes. Ratios may be infinite; JSON
  /// has them as the strings `"Infinity"`, `"-Infinity"` and `"NaN"`.
  static func json(_ record: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    return Data(JSONLayout(try encoder.encode(record)).lines())
  }
}
