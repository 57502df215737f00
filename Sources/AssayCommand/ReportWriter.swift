import Conformance
import Foundation
import Report

/// Writes every report on a record.
struct ReportWriter {
  let directory: OutputDirectory

  /// Each file is written whole or not at all; the record, from which all others can be made again,
  /// comes first.
  func write(_ record: ConformanceRecord) throws {
    try directory.write(try record.json(), to: "record.json")
    try directory.write(Data(try HTMLReport(record).render().utf8), to: "record.html")
    try directory.write(Data(MarkdownReport(record).render().utf8), to: "record.md")
    try directory.write(Data(MarkdownSummary(record).render().utf8), to: "summary.md")
    try directory.write(Data(JUnitReport(record).render().utf8), to: "record.junit.xml")
    try directory.write(try Badge(record).json(), to: "badge.json")
  }
}
