import ArgumentParser
import Conformance
import Foundation
import Report

/// `assay report`: renders again, and on demand judges again.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Renders the reports of records again, and several records side by side.",
    discussion: """
      Of one record, DIR gets all that verify writes. Of several, DIR gets matrix.md and matrix.html, \
      a table of subjects and layers, and for each record a folder with its reports.

      With --profile or --waivers the gates are judged again on the figures in the records, without \
      running anything: DIR's record.json has the new results and says from which verdict it comes. \
      What is not given stays as it was when the record was made; waivers expire as of today. A gate \
      whose figures a record lacks never passes by limits that it was not measured by.

      Exit status: 0 rendered, whatever the records say; 1 judged again, and not all conform; 65 no \
      record, 66 cannot read, 73 cannot write.
      """)

  @Argument(help: ArgumentHelp("Files that verify wrote.", valueName: "record.json"))
  var records: [String]

  @Option(help: ArgumentHelp("Judge again by these limits.", valueName: "FILE"))
  var profile: String?

  @Option(
    help: ArgumentHelp(
      "Judge again with these failures signed for, in place of the record's own.",
      valueName: "FILE"))
  var waivers: String?

  @Option(name: .shortAndLong, help: ArgumentHelp("Where the reports go.", valueName: "DIR"))
  var output = "Reports/latest"

  private var judgesAgain: Bool { profile != nil || waivers != nil }

  func run() throws {
    let all = try judged(try records.map { try RecordFile.read($0) })
    if all.count == 1, let record = all.first {
      try ReportWriter(directory: OutputDirectory(path: output)).write(record)
      print("report      \(output)/record.html")
    } else {
      try writeMatrix(all)
    }
    for record in all { show(record) }
    if judgesAgain, !all.allSatisfy(\.verdict.conforms) {
      throw ExitCode(ExitStatus.doesNotConform.rawValue)
    }
  }

  private func judged(_ records: [ConformanceRecord]) throws -> [ConformanceRecord] {
    guard judgesAgain else { return records }
    let limits = try profile.map { try Profile(reading: $0) }
    let signed = try waivers.map { try Waiver.waivers(reading: $0) }
    return records.map { $0.judged(under: limits ?? $0.profile, waivers: signed) }
  }

  /// The verdict; of one judged again, first what it comes from.
  private func show(_ record: ConformanceRecord) {
    if judgesAgain { OriginText(record)?.lines.forEach { print($0) } }
    print(TextReport(record, usesColor: Terminal.usesColor).verdictLine)
  }

  private func writeMatrix(_ all: [ConformanceRecord]) throws {
    let matrix = ConformanceMatrix(all)
    let folders = all.indices.map { "\($0 + 1)" }
    for (folder, record) in zip(folders, all) {
      let directory = try OutputDirectory(path: "\(output)/\(folder)")
      try ReportWriter(directory: directory).write(record)
    }
    // Last, so that what it leads to is there.
    let links = folders.map { "\($0)/\(ReportWriter.page)" }
    try ReportWriter(directory: OutputDirectory(path: output)).write(matrix, links: links)
    print("report      \(output)/matrix.html")
  }
}
