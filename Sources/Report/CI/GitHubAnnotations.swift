import Conformance

/// What GitHub shows at the top of a run: workflow commands, one a line, for the end points that do
/// not pass.
public struct GitHubAnnotations {
  /// GitHub shows ten errors of a step, and drops the others without a word.
  private static let limit = 10

  private let record: ConformanceRecord

  public init(_ record: ConformanceRecord) {
    self.record = record
  }

  /// No line for a record that conforms; otherwise the verdict, and then the end points in order of
  /// computation until GitHub's limit, with the number of those left out.
  public func render() -> [String] {
    guard !record.verdict.conforms else { return [] }
    let failing = record.findings.filter { !$0.status.conforms }
    let shown = failing.prefix(failing.count > Self.limit - 1 ? Self.limit - 2 : Self.limit - 1)
    var lines = [Self.error(title: "Conformance", record.verdict.line)]
    lines += shown.map { finding in
      Self.error(title: "\(finding.endPoint): \(finding.status.rawValue)", finding.summary)
    }
    if failing.count > shown.count {
      lines.append(
        Self.error(
          title: "Conformance",
          "\(failing.count - shown.count) more \(PlaceWords(record.cases).endPoints) do not pass; the "
            + "report has them all"))
    }
    return lines
  }

  /// `::error title=…::…`
  package static func error(title: String, _ message: String) -> String {
    "::error title=\(property(title.shortened(to: 100)))::\(data(message.shortened(to: 1000)))"
  }

  /// A message is one line; what GitHub decodes is encoded. By scalars: a combining mark would make
  /// another character of a colon, and none for GitHub.
  private static func data(_ text: String) -> String {
    encoded(text, ["%": "%25"])
  }

  /// A property ends at a comma or a colon, too.
  private static func property(_ text: String) -> String {
    encoded(text, ["%": "%25", ":": "%3A", ",": "%2C"])
  }

  private static func encoded(_ text: String, _ codes: [Unicode.Scalar: String]) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.oneLine.unicodeScalars {
      if let code = codes[scalar] {
        result.append(contentsOf: code.unicodeScalars)
      } else {
        result.append(scalar)
      }
    }
    return String(result)
  }
}
