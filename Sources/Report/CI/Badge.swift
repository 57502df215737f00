import Conformance
import Foundation

/// The verdict as a badge: the JSON that shields.io reads from an endpoint of one's own.
public struct Badge {
  private let record: ConformanceRecord

  public init(_ record: ConformanceRecord) {
    self.record = record
  }

  /// `{"schemaVersion": 1, "label": …, "message": …, "color": …}`
  public func json() throws -> Data {
    try JSONCoding.json(
      Content(
        label: "\(record.subject.name.oneLine.shortened(to: 30)) conformance", message: message,
        color: color))
  }

  private var message: String {
    guard record.verdict.conforms else {
      guard let divergence = record.verdict.firstDivergence else { return "not judged" }
      let place = divergence.endPoint.rawValue.oneLine.shortened(to: 40)
      return divergence.status == .fail
        ? "fails at \(place)" : "\(divergence.status.rawValue) at \(place)"
    }
    if record.selection != ConformanceRecord.Selection() { return "conforms (a selection)" }
    return record.verdict.status == .waived ? "conforms with waivers" : "conforms"
  }

  /// Green only for the whole: a selection or a waiver is a weaker statement.
  private var color: String {
    guard record.verdict.conforms else { return "red" }
    return message == "conforms" ? "brightgreen" : "yellowgreen"
  }

  private struct Content: Encodable {
    let schemaVersion = 1
    let label: String
    let message: String
    let color: String
  }
}
