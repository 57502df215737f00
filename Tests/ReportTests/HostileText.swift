import Conformance
import MobileNet

/// Texts that try to break out of their place, in every text field of a record.
enum HostileText {
  static let text =
    "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>]]> & | ` \n\r\n::error::gotcha%0A,: "
    + "\u{202E}drawkcab\u{200F}\u{0}\u{7}\u{1B}[31m\u{FFFF} <\u{338}b \"\u{301} :\u{301} @someone {{line}}"
    + String(repeating: "x", count: 10_000)

  static func record(faultyLayer: Int? = 5) throws -> ConformanceRecord {
    var record = try RecordFixture(caseNames: [text, "zeros"], faultyLayer: faultyLayer).record()
    record.assayVersion = text
    record.subject = SubjectIdentity(name: text, description: text, isa: text)
    record.startedAt = text
    record.explainArguments = [text]
    record.profile.name = text
    record.host.operatingSystem = text
    record.verdict.line = text
    record.verdict.firstDivergence?.note = text
    record.verdict.firstDivergence?.caseName = text
    record.verdict.firstDivergence?.endPoint = EndPoint(text)
    record.goldens[0].file = text
    record.goldens[0].provenance.checkpoint.name = text
    record.goldens[0].provenance.checkpoint.description = text
    for index in record.cases.indices {
      record.cases[index].golden = text
      record.cases[index].description = text
      for layer in record.cases[index].endPoints.indices {
        record.cases[index].endPoints[layer].name = EndPoint("\(layer)\(text)")
        for gate in record.cases[index].endPoints[layer].gates.indices {
          record.cases[index].endPoints[layer].gates[gate].note = text
          record.cases[index].endPoints[layer].gates[gate].criteria[0].measure = text
        }
      }
    }
    return record
  }

  /// Whether nothing is in a text that a terminal or a browser would obey instead of show.
  static func isTame(_ text: String) -> Bool {
    text.unicodeScalars.allSatisfy { scalar in
      scalar == "\n"
        || !(scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
          || (0x202A...0x202E).contains(scalar.value) || scalar.value == 0x200F)
    }
  }
}
