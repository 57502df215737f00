import Conformance
import Foundation
import Report

/// Writes every report on a record.
struct ReportWriter {
  /// Name of a record's page.
  static let page = "record.html"

  let directory: OutputDirectory

  /// Each file is written whole or not at all; the record, from which all others can be made again,
  /// comes first.
  func write(_ record: ConformanceRecord) throws {
    try directory.write(try record.json(), to: "record.json")
    try write(try HTMLReport(record).render(), to: Self.page)
    try write(MarkdownReport(record).render(), to: "record.md")
    try write(MarkdownSummary(record).render(), to: "summary.md")
    try write(JUnitReport(record).render(), to: "record.junit.xml")
    try directory.write(try Badge(record).json(), to: "badge.json")
  }

  /// - Parameter links: Where the page of every record is, as seen from the directory.
  func write(_ matrix: ConformanceMatrix, links: [String]) throws {
    try write(matrix.markdown(), to: "matrix.md")
    try write(try matrix.html(links: links), to: "matrix.html")
  }

  func write(_ record: FaultRecord) throws {
    try directory.write(try record.json(), to: "faults.json")
    try write(try FaultPage.render(record), to: "faults.html")
  }

  /// - Parameter record: Where the record's page is, as seen from the directory.
  func write(_ report: BaselineReport, record: String?) throws {
    try write(try report.html(record: record), to: "gate.html")
  }

  private func write(_ text: String, to name: String) throws {
    try directory.write(Data(text.utf8), to: name)
  }
}
