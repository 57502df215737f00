import Conformance
import Foundation

/// The record as JUnit XML, which every CI system can show: a suite for every case, a test case for
/// every end point and gate.
///
/// Names are made of the case, the end point and the gate's number only, so that a CI system can
/// follow a check from run to run. There are several descriptions of the format; this keeps to what is
/// valid in all of them (Ant's is the strictest): the order of elements, `properties`, `system-out` and
/// `system-err` in every suite, times without a zone.
///
/// PASS passes and WAIVED is skipped, with who signed for it. FAIL and MISTRUSTED are failures;
/// NOT_RUN and HARNESS_ERROR are errors, because what was not checked must not look green.
public struct JUnitReport {
  private let record: ConformanceRecord

  public init(_ record: ConformanceRecord) {
    self.record = record
  }

  public func render() -> String {
    let names = suiteNames
    let suites = record.cases.indices.map { suite($0, named: names[$0]) }
    return
      (["<?xml version=\"1.0\" encoding=\"UTF-8\"?>", "<testsuites>"] + suites
      + ["</testsuites>", ""]).joined(separator: "\n")
  }

  /// A case's name; with its golden's where several goldens have a case of that name, and with a
  /// number where even that is not enough.
  private var suiteNames: [String] {
    let names = record.cases.map { Self.name($0.name, ifEmpty: "unnamed") }
    let counts = Dictionary(grouping: names, by: { $0 }).mapValues(\.count)
    var seen: [String: Int] = [:]
    return record.cases.indices.map { index in
      var result = names[index]
      if counts[result] ?? 0 > 1 {
        let golden = URL(filePath: record.cases[index].golden).deletingPathExtension()
        result = "\(Self.name(golden.lastPathComponent, ifEmpty: "made"))/\(result)"
      }
      seen[result, default: 0] += 1
      let number = seen[result] ?? 1
      return number > 1 ? "\(result) (\(number))" : result
    }
  }

  private func suite(_ index: Int, named suite: String) -> String {
    let item = record.cases[index]
    let tests = item.endPoints.flatMap { endPoint in
      endPoint.gates.map { TestCase(endPoint: endPoint, result: $0) }
    }
    func count(_ outcome: TestCase.Outcome) -> Int { tests.count { $0.outcome == outcome } }
    let attributes = [
      ("name", suite), ("package", "assay"), ("id", "\(index)"), ("timestamp", timestamp),
      ("hostname", "localhost"), ("tests", "\(tests.count)"), ("failures", "\(count(.failure))"),
      ("errors", "\(count(.error))"), ("skipped", "\(count(.skipped))"),
      ("time", decimal(item.seconds)),
    ]
    return
      ([
        "<testsuite \(Self.render(attributes))>", properties(item),
      ] + tests.map { $0.render(suite: suite, repro: repro(item, $0.endPoint)) } + [
        "<system-out>\(escape(record.verdict.line.shortened(to: 1000)))</system-out>",
        "<system-err></system-err>", "</testsuite>",
      ]).joined(separator: "\n")
  }

  private func properties(_ item: CaseRecord) -> String {
    let properties = [
      ("subject", record.subject.name), ("subject.description", record.subject.summary),
      ("profile", record.profile.name), ("golden", item.golden), ("case", item.description),
      ("assay", record.assayVersion),
    ]
    let lines = properties.map { name, value in
      "<property \(Self.render([("name", name), ("value", value.shortened(to: 300))]))/>"
    }
    return "<properties>\n\(lines.joined(separator: "\n"))\n</properties>"
  }

  /// How to see the same check again. A case that Assay makes itself cannot be chosen by name.
  private func repro(_ item: CaseRecord, _ endPoint: EndPointRecord) -> String {
    let choice = item.isMade ? [] : [item.golden, "--cases", item.name]
    let words = ["assay", "verify"] + choice + ["--layers", endPoint.name.rawValue]
    return words.map { Self.shellQuoted($0.oneLine.shortened(to: 300)) }.joined(separator: " ")
  }

  private static func shellQuoted(_ word: String) -> String {
    let isPlain = word.unicodeScalars.allSatisfy {
      $0.isASCII && ($0.properties.isAlphabetic || "0123456789_-./".unicodeScalars.contains($0))
    }
    return isPlain && !word.isEmpty
      ? word : "'" + word.replacingOccurrences(of: "'", with: "'\\''") + "'"
  }

  /// The start without its zone, which the format forbids.
  private var timestamp: String {
    let start = String(record.startedAt.prefix(19))
    let pattern = #/\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d/#
    return start.wholeMatch(of: pattern) == nil ? "1970-01-01T00:00:00" : start
  }

  private func decimal(_ seconds: Double) -> String {
    seconds.isFinite && seconds >= 0 ? String(format: "%.3f", seconds) : "0"
  }

  /// A token in XML's sense: no spaces at the ends, none beside another.
  fileprivate static func name(_ text: String, ifEmpty substitute: String) -> String {
    let words = text.oneLine.split(separator: " ").joined(separator: " ").shortened(to: 120)
    return words.isEmpty ? substitute : words
  }

  fileprivate static func render(_ attributes: [(String, String)]) -> String {
    attributes.map { "\($0)=\"\(escape($1.oneLine))\"" }.joined(separator: " ")
  }
}

private func escape(_ text: String) -> String { HTMLEscaping().escapeText(text) }

/// One gate of one end point.
private struct TestCase {
  enum Outcome { case success, skipped, failure, error }

  let endPoint: EndPointRecord
  let result: GateResult

  var outcome: Outcome {
    switch result.status {
    case .pass: .success
    case .waived: .skipped
    case .fail, .mistrusted: .failure
    case .notRun, .harnessError: .error
    }
  }

  func render(suite: String, repro: String) -> String {
    let endPointName = JUnitReport.name(endPoint.name.rawValue, ifEmpty: "unnamed")
    let attributes = JUnitReport.render([
      ("name", "\(endPointName) \(result.gate.rawValue)"), ("classname", "assay.\(suite)"),
      ("time", "0"),
    ])
    guard outcome != .success else { return "<testcase \(attributes)/>" }
    return "<testcase \(attributes)>\(content(repro))</testcase>"
  }

  private func content(_ repro: String) -> String {
    let message = ("message", message)
    let details = escape((criteria + ["to repeat: \(repro)"]).joined(separator: "\n"))
    let type = ("type", "\(result.gate.rawValue) \(result.status.rawValue)")
    switch outcome {
    case .success: return ""
    case .skipped: return "<skipped \(JUnitReport.render([message]))/>"
    case .failure:
      return "<failure \(JUnitReport.render([message, type]))>\(details)</failure>"
    case .error: return "<error \(JUnitReport.render([message, type]))>\(details)</error>"
    }
  }

  private var message: String {
    let worst = result.criteria.max { $0.share < $1.share }.map { Self.text($0) }
    let note = result.note?.shortened(to: 300)
    return (["\(result.gate.title): \(result.status.rawValue)"] + [worst, note].compactMap { $0 })
      .joined(separator: "; ")
  }

  private var criteria: [String] { result.criteria.map { Self.text($0) } }

  private static func text(_ criterion: GateResult.Criterion) -> String {
    "\(criterion.measure.shortened(to: 120).oneLine) is \(Wording.figure(criterion.value)), "
      + "limit \(Wording.figure(criterion.limit))"
  }
}
