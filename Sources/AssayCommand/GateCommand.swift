import ArgumentParser
import Conformance
import Foundation
import Golden
import Report

/// `assay gate`: no worse than last time.
struct GateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gate",
    abstract: "Compares a record with a baseline: conforming is not enough, it must not get worse.",
    discussion: """
      Every figure that a gate looks at, the worst of all cases for each end point, is compared with \
      the baseline's. One that is more than FACTOR times as large has got worse, if the difference is \
      also more than SHARE of its limit; one that is not measured any more counts as worse. With \
      --accept the record becomes the new baseline, if it conforms and is of no selection.

      With --latency the built-in engine's latency counts as well: how many times as long as its \
      multiply-adds at the peak rate of the same run a call takes. It got worse if the fastest of \
      several rounds is LATENCY-FACTOR times as slow as the slowest round of the baseline. On another \
      kind of processor it is not compared, which is said, and does not count.

      With --output DIR gets gate.html: what moved, by how much, per layer and gate.

      A baseline of another checkpoint, subject, profile, set of cases or format version is refused. \
      If FILE is a folder, the baseline is the file <subject>-<isa>.json in it.

      Exit status: 0 no worse, 1 worse or not conforming, 65 a baseline or record that does not fit, \
      66 cannot read, 73 cannot write.
      """)

  @Argument(help: ArgumentHelp("The record that verify wrote.", valueName: "record"))
  var record = "Reports/latest/record.json"

  @Option(help: ArgumentHelp("The baseline, or the folder that holds it.", valueName: "FILE"))
  var baseline: String

  @Flag(help: "Make the record the new baseline.")
  var accept = false

  @Option(
    help: ArgumentHelp("How many times the old figure is no change yet.", valueName: "FACTOR"))
  var factor = BaselineComparison.Margins().factor

  @Option(help: ArgumentHelp("Which share of its limit is no change yet.", valueName: "SHARE"))
  var floor = BaselineComparison.Margins().floor

  @Flag(help: "Measure the built-in engine's latency, too.")
  var latency = false

  @Option(
    help: ArgumentHelp("How many times as slow is no change yet.", valueName: "LATENCY-FACTOR"))
  var latencyFactor = BaselineComparison.Margins().latency

  @Option(
    help: ArgumentHelp(
      "The parameters to measure the latency with; the embedded default's, unless given.",
      valueName: "FILE"))
  var parameters: String?

  @Option(name: .shortAndLong, help: ArgumentHelp("Where the page goes.", valueName: "DIR"))
  var output: String?

  @Flag(
    help: ArgumentHelp(
      "Print GitHub's workflow commands for what got worse; without this, only within GitHub Actions."
    ))
  var annotations = false

  func validate() throws {
    guard factor >= 1, factor.isFinite else {
      throw ValidationError("--factor must be at least 1, not \(factor)")
    }
    guard floor >= 0, floor.isFinite else {
      throw ValidationError("--floor must be at least 0, not \(floor)")
    }
    guard latencyFactor >= 1, latencyFactor.isFinite else {
      throw ValidationError("--latency-factor must be at least 1, not \(latencyFactor)")
    }
    guard latency || parameters == nil else {
      throw ValidationError("--parameters are for --latency")
    }
    guard !accept || output == nil else {
      throw ValidationError("--accept compares nothing, so there is no page for --output")
    }
  }

  func run() throws {
    let record = try RecordFile.read(self.record)
    let path = baselinePath(for: record)
    if accept {
      try makeBaseline(record, at: path)
    } else {
      try compare(record, with: path)
    }
  }

  private func compare(_ record: ConformanceRecord, with path: String) throws {
    let data = try InputFile.read(path)
    let margins = BaselineComparison.Margins(factor: factor, floor: floor, latency: latencyFactor)
    let comparison: BaselineComparison
    do {
      let baseline = try Baseline(json: data)
      // Before anything is measured, whatever else is wrong.
      _ = try BaselineComparison(record, with: baseline, margins: margins)
      if latency, baseline.latency == nil { throw BaselineError.noLatency }
      comparison = try BaselineComparison(
        record, with: baseline, margins: margins, latency: try measuredLatency(of: record))
    } catch BaselineError.selection {
      throw InputError.badData(path: self.record, reason: BaselineError.selection.description)
    } catch let error as BaselineError {
      throw InputError.badData(path: path, reason: error.description)
    }
    let report = BaselineReport(comparison)
    try writePage(report)
    let text = report.text()
    if !text.isEmpty { print(text + "\n") }
    StepSummary.append { report.markdown(limit: $0) }
    if annotations || GitHub.isRunning { report.annotations().forEach { print($0) } }
    if let output { print("report  \(output)/gate.html") }
    print(report.line)
    if !comparison.passes { throw ExitCode(ExitStatus.doesNotConform.rawValue) }
  }

  private func makeBaseline(_ record: ConformanceRecord, at path: String) throws {
    let baseline: Baseline
    do {
      // Before anything is measured, whether it may be a baseline at all.
      _ = try Baseline(accepting: record)
      baseline = try Baseline(accepting: record, latency: try measuredLatency(of: record))
    } catch BaselineError.doesNotConform(let line) {
      StandardError.print("assay: \(self.record): \(BaselineError.doesNotConform(line))")
      throw ExitCode(ExitStatus.doesNotConform.rawValue)
    } catch let error as BaselineError {
      throw InputError.badData(path: self.record, reason: error.description)
    }
    let hadLatency = (try? Baseline(json: InputFile.read(path)))?.latency != nil
    let file = URL(filePath: path)
    let directory = try OutputDirectory(
      path: file.deletingLastPathComponent().path(percentEncoded: false))
    try directory.write(try baseline.json(), to: file.lastPathComponent)
    print(
      "\(path): the baseline of \(baseline.endPoints.count) \(baseline.words.endPoints) in "
        + "\(baseline.cases.count) cases"
        + (baseline.latency == nil ? "" : ", with latency"))
    if hadLatency, baseline.latency == nil {
      StandardError.print(
        "assay: \(path): the old baseline's latency is gone; --accept --latency measures it anew")
    }
  }

  /// `nil` unless it was asked for.
  private func measuredLatency(of record: ConformanceRecord) throws -> BaselineLatency? {
    guard latency else { return nil }
    let path = try parameters ?? DefaultGolden.directory() + "/parameters.h5"
    return try EngineLatency(of: record, at: self.record, parameters: path).measure()
  }

  /// The page, with a link to the record's own page if that lies beside it.
  private func writePage(_ report: BaselineReport) throws {
    guard let output else { return }
    let directory = try OutputDirectory(path: output)
    let home = URL(filePath: self.record).deletingLastPathComponent()
    let isBeside =
      home.standardizedFileURL.resolvingSymlinksInPath().path(percentEncoded: false)
      == directory.url.standardizedFileURL.resolvingSymlinksInPath().path(percentEncoded: false)
      && FileManager.default.fileExists(
        atPath: home.appending(path: ReportWriter.page).path(percentEncoded: false))
    try ReportWriter(directory: directory).write(
      report, record: isBeside ? ReportWriter.page : nil)
  }

  /// The file itself, or the one for this subject in a folder.
  private func baselinePath(for record: ConformanceRecord) -> String {
    var isFolder: ObjCBool = false
    _ = FileManager.default.fileExists(atPath: baseline, isDirectory: &isFolder)
    guard isFolder.boolValue || baseline.hasSuffix("/") else { return baseline }
    let name = [record.subject.name, record.subject.isa].compactMap { $0 }.joined(separator: "-")
    let safe = name.map {
      $0.isASCII && ($0.isLetter || $0.isNumber || "-_".contains($0)) ? $0 : "_"
    }
    return URL(filePath: baseline, directoryHint: .isDirectory)
      .appending(path: String(safe.prefix(100)) + ".json").relativePath
  }
}
