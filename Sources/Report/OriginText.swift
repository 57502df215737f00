import Conformance

/// What a record that was judged again says of the verification behind it.
public struct OriginText {
  /// What is said, with the words for it.
  let facts: [(term: String, text: String)]

  /// `nil` for a record of a verification itself.
  public init?(_ record: ConformanceRecord) {
    guard let origin = record.origin else { return nil }
    facts =
      [
        ("judged again", "by the profile \(record.profile.name); nothing was run"),
        ("recorded", "by the profile \(origin.profile): \(origin.line)"),
      ] + (origin.remark.map { [("results", $0)] } ?? [])
  }

  /// For a terminal, at most 100 columns wide.
  public var lines: [String] { facts.flatMap { TextColumns.fact($0.term, $0.text) } }
}
