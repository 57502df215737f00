import ArgumentParser
import Conformance
import Foundation
import Report

/// `assay report`: renders again.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Renders the reports of records again, and several records side by side.",
    discussion: """
      Nothing is judged or computed again. Of one record, DIR gets all that verify writes. Of several, \
      DIR gets matrix.md and matrix.html, a table of subjects and layers, and for each record a folder \
      with its reports.

      Exit status: 0 rendered, whatever the records say; 65 no record, 66 cannot read, 73 cannot write.
      """)

  @Argument(help: ArgumentHelp("Files that verify wrote.", valueName: "record.json"))
  var records: [String]

  @Option(name: .shortAndLong, help: ArgumentHelp("Where the reports go.", valueName: "DIR"))
  var output = "Reports/latest"

  func run() throws {
    let all = try records.map { try RecordFile.read($0) }
    if all.count == 1, let record = all.first {
      try ReportWriter(directory: OutputDirectory(path: output)).write(record)
      print("report      \(output)/record.html")
    } else {
      try writeMatrix(all)
    }
    for record in all { print(record.verdict.line) }
  }

  private func writeMatrix(_ all: [ConformanceRecord]) throws {
    let matrix = ConformanceMatrix(all)
    let directory = try OutputDirectory(path: output)
    try directory.write(Data(matrix.markdown().utf8), to: "matrix.md")
    try directory.write(Data(try matrix.html().utf8), to: "matrix.html")
    for (index, record) in all.enumerated() {
      let folder = try OutputDirectory(path: "\(output)/\(index + 1)")
      try ReportWriter(directory: folder).write(record)
    }
    print("report      \(output)/matrix.html")
  }
}
