import Conformance
import Foundation
import TestSupport
import Testing

/// `assay gate` and `assay report`, and what `assay verify` writes for CI, as a user runs them.
@Suite(.serialized) struct GateAndReportTests {
  /// One run of the engine, for all tests.
  private struct Run {
    let folder: TemporaryDirectory
    var record: String { folder.path("reports/record.json") }
    var baseline: String { folder.path("baseline.json") }

    init() throws {
      folder = try TemporaryDirectory()
      let result = try Program.run(
        "verify", "--isa", "portable", "--quiet", "--output", folder.path("reports"))
      try #require(result.status == 0, "\(result.error)")
      #expect(result.output.hasPrefix("CONFORMS  engine: "))
      #expect(result.output.split(separator: "\n").count == 1)
    }

    /// A copy of the record with a change.
    func changed(_ change: (inout ConformanceRecord) -> Void) throws -> String {
      var record = try ConformanceRecord(json: Data(contentsOf: URL(filePath: self.record)))
      change(&record)
      let path = folder.path("changed.json")
      try record.json().write(to: URL(filePath: path))
      return path
    }
  }

  private static let shared = Result { try Run() }

  private func accepted() throws -> Run {
    let run = try Self.shared.get()
    let result = try Program.run("gate", run.record, "--baseline", run.baseline, "--accept")
    #expect(result.status == 0, "\(result.error)")
    return run
  }

  private func bytes(_ path: String) throws -> Data { try Data(contentsOf: URL(filePath: path)) }

  @Test func `verify writes every report`() throws {
    let run = try Self.shared.get()
    let reports = try FileManager.default.contentsOfDirectory(atPath: run.folder.path("reports"))
    #expect(
      reports.sorted() == [
        "badge.json", "record.html", "record.json", "record.junit.xml", "record.md", "summary.md",
      ])
  }

  @Test func `the committed baseline is what the portable engine still comes to`() throws {
    let run = try Self.shared.get()
    let result = try Program.run("gate", run.record, "--baseline", "Reports/baseline")
    #expect(result.status == 0, "\(result.output)\(result.error)")
    #expect(result.output.hasPrefix("NO REGRESSION  engine portable: "))
  }

  @Test func `unchanged passes - worse fails - and says what moved`() throws {
    let run = try accepted()
    let same = try Program.run("gate", run.record, "--baseline", run.baseline)
    #expect(same.status == 0 && same.output.hasPrefix("NO REGRESSION  engine portable: "))
    let worse = try run.changed { record in
      for index in record.cases.indices {
        for gate in record.cases[index].endPoints[6].gates.indices
        where record.cases[index].endPoints[6].gates[gate].gate == .isolatedBound {
          record.cases[index].endPoints[6].gates[gate].criteria[0].value += 0.2
        }
      }
    }
    let result = try Command.run(
      Program.path, ["gate", worse, "--baseline", run.baseline],
      environment: ["GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": run.folder.path("step.md")])
    #expect(result.status == 1)
    let last = try #require(result.output.split(separator: "\n").last)
    #expect(last.hasPrefix("REGRESSION  engine portable: Conv2d_3_pointwise G1: "))
    #expect(result.output.contains("::error title=Regression::REGRESSION  engine portable"))
    let summary = try String(contentsOfFile: run.folder.path("step.md"), encoding: .utf8)
    #expect(summary.contains("### ❌ REGRESSION") && summary.contains("Conv2d\\_3\\_pointwise"))
    let wide = try Program.run("gate", worse, "--baseline", run.baseline, "--floor", "0.3")
    #expect(wide.status == 0)
  }

  @Test func `a baseline of something else is refused in one line`() throws {
    let run = try accepted()
    func expectRefusal(_ record: String, _ baseline: String, _ words: String, status: Int32 = 65)
      throws
    {
      let result = try Program.run("gate", record, "--baseline", baseline)
      #expect(result.status == status && result.output.isEmpty, "\(result.output)\(result.error)")
      #expect(result.error.split(separator: "\n").count == 1)
      #expect(result.error.contains(words), "\(result.error)")
    }
    let other = try run.changed {
      $0.goldens[0].provenance.parametersSHA256 = String(repeating: "a", count: 64)
    }
    try expectRefusal(other, run.baseline, "for the checkpoint")
    try expectRefusal(try run.changed { $0.profile.name = "mine" }, run.baseline, "another profile")
    try expectRefusal(try run.changed { $0.subject.isa = "avx2" }, run.baseline, "engine on avx2")
    try expectRefusal(try run.changed { $0.selection.cases = "a*" }, run.baseline, "a selection")
    try expectRefusal(run.record, run.record, "is no baseline")
    try expectRefusal(run.baseline, run.baseline, "is no record")
    try expectRefusal(run.record, run.folder.path("none.json"), "cannot read", status: 66)
    let newer = String(decoding: try bytes(run.baseline), as: UTF8.self)
      .replacing("\"formatVersion\" : 1", with: "\"formatVersion\" : 9")
    try Data(newer.utf8).write(to: URL(filePath: run.folder.path("newer.json")))
    try expectRefusal(run.record, run.folder.path("newer.json"), "format version 9")
  }

  @Test func `what does not conform is not accepted and the old baseline stays`() throws {
    let run = try accepted()
    let old = try bytes(run.baseline)
    let bad = try run.changed { $0.verdict.conforms = false }
    let result = try Program.run("gate", bad, "--baseline", run.baseline, "--accept")
    #expect(result.status == 1 && result.error.contains("does not conform"))
    let part = try run.changed { $0.selection.layers = "Conv*" }
    #expect(try Program.run("gate", part, "--baseline", run.baseline, "--accept").status == 65)
    #expect(try bytes(run.baseline) == old)
  }

  /// The shell limits the size of files to 1 KiB. A write beyond that fails as on a full disk where
  /// the signal for it is ignored, which it may be from the start, and else kills the process in the
  /// middle of the write.
  @Test(arguments: ["trap '' XFSZ; ", ""])
  func `a full disk or a killed process leaves the old files whole`(trap: String) throws {
    let run = try accepted()
    let (old, record) = (try bytes(run.baseline), try bytes(run.record))
    let other = try run.changed { $0.cases[0].endPoints[0].gates[0].criteria[0].value *= 0.5 }
    for command in [
      "gate '\(other)' --baseline '\(run.baseline)' --accept",
      "report '\(other)' --output '\(run.folder.path("reports"))'",
      "gate '\(run.record)' --baseline '\(run.baseline)' --output '\(run.folder.path("page"))'",
    ] {
      let result = try Command.run(
        "/bin/bash", ["-c", "\(trap)ulimit -c 0; ulimit -f 1; exec '\(Program.path)' \(command)"])
      #expect([SIGXFSZ, 73].contains(result.status), "\(result.status) \(result.error)")
      if !trap.isEmpty { #expect(result.error.contains("cannot write")) }
    }
    #expect(try bytes(run.baseline) == old)
    #expect(try bytes(run.record) == record)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: run.folder.path("page"))
        .filter { $0.hasSuffix(".html") }.isEmpty)
  }

  @Test func `report renders the same again`() throws {
    let run = try Self.shared.get()
    let folder = try TemporaryDirectory()
    let result = try Program.run("report", run.record, "--output", folder.path("again"))
    #expect(result.status == 0 && result.output.contains("CONFORMS  engine: "))
    for name in ["badge.json", "record.html", "record.json", "record.junit.xml", "record.md"] {
      #expect(try bytes(folder.path("again/\(name)")) == bytes(run.folder.path("reports/\(name)")))
    }
  }

  @Test func `judged again by the same limits - by tighter - by looser - with waivers`() throws {
    let run = try Self.shared.get()
    let folder = try TemporaryDirectory()
    func judge(_ record: String, _ profile: String, _ options: String...) throws -> CommandResult {
      try Data(profile.utf8).write(to: URL(filePath: folder.path("profile.yaml")))
      return try Command.run(
        Program.path,
        ["report", record, "--profile", folder.path("profile.yaml")]
          + ["--output", folder.path("new")] + options)
    }
    func written() throws -> ConformanceRecord {
      try ConformanceRecord(json: try bytes(folder.path("new/record.json")))
    }
    let old = try ConformanceRecord(json: try bytes(run.record))
    let same = try judge(run.record, Profile.standardYAML)
    #expect(same.status == 0 && same.output.contains("judged again"))
    #expect(try written().verdict == old.verdict)
    #expect(try written().origin?.remark == nil)
    #expect(
      try written().cases.map { $0.endPoints.map(\.gates) }
        == old.cases.map { $0.endPoints.map(\.gates) })

    let tight = Profile.standardYAML.replacing("name: standard", with: "name: tight")
      .replacing("limit: 12\n", with: "limit: 1\n")
    let worse = try judge(run.record, tight)
    #expect(worse.status == 1)
    #expect(
      worse.output.split(separator: "\n").last?.hasPrefix("DOES NOT CONFORM  engine: ") == true)
    #expect(worse.output.contains("by the profile tight; nothing was run"))
    let page = try String(contentsOfFile: folder.path("new/record.html"), encoding: .utf8)
    #expect(page.contains("Judged again"))
    // From there back again: nothing is lost on the way.
    try FileManager.default.moveItem(
      atPath: folder.path("new/record.json"), toPath: folder.path("tight.json"))
    #expect(try judge(folder.path("tight.json"), Profile.standardYAML).status == 0)
    #expect(try written().verdict == old.verdict)

    func waivers(_ day: String) throws -> String {
      let path = folder.path("waivers.yaml")
      let text = """
        schema: 1
        waivers:
        - {layer: '*', gate: G2, case: '*', owner: me, reason: x, expires: \(day)}

        """
      try Data(text.utf8).write(to: URL(filePath: path))
      return path
    }
    let waived = try judge(run.record, tight, "--waivers", try waivers("2999-12-31"))
    #expect(waived.status == 0 && waived.output.contains("waived"))
    #expect(try judge(run.record, tight, "--waivers", try waivers("2020-12-31")).status == 1)
    #expect(try judge(run.record, "schema: 9").status == 65)
  }

  @Test func `the gate's page - linked to the record's if that is beside it`() throws {
    let run = try accepted()
    let folder = try TemporaryDirectory()
    let baseline = ["--baseline", run.baseline]
    for (output, isBeside) in [(run.folder.path("reports"), true), (folder.path("new"), false)] {
      let result = try Command.run(
        Program.path, ["gate", run.record, "--output", output] + baseline)
      #expect(result.status == 0, "\(result.error)")
      #expect(result.output.split(separator: "\n").last?.hasPrefix("NO REGRESSION") == true)
      let page = try String(contentsOfFile: output + "/gate.html", encoding: .utf8)
      #expect(page.contains("href=\"record.html\"") == isBeside)
    }
    try FileManager.default.removeItem(atPath: run.folder.path("reports/gate.html"))
  }

  /// That the latency is measured and handed on; whether it is any good is not for a test.
  @Test func `latency is compared where it can be and refused where it cannot`() throws {
    let run = try accepted()
    let none = try Program.run("gate", run.record, "--baseline", run.baseline, "--latency")
    #expect(none.status == 65 && none.error.contains("holds no latency"))
    let other = try run.changed { $0.subject.name = "theirs" }
    let path = run.folder.path("timed.json")
    let refused = try Program.run("gate", other, "--baseline", path, "--accept", "--latency")
    #expect(refused.status == 65 && refused.error.contains("only the built-in engine's"))
    let timed = try Program.run("gate", run.record, "--baseline", path, "--accept", "--latency")
    #expect(timed.status == 0 && timed.output.contains("with latency"), "\(timed.error)")
    let generous = ["--latency", "--latency-factor", "1000"]
    let same = try Command.run(
      Program.path, ["gate", run.record, "--baseline", path] + generous)
    #expect(same.status == 0 && same.output.contains("= latency 128 × 128, batch 1"))
    // Another machine's baseline: said, and no failure.
    let json = String(decoding: try bytes(path), as: UTF8.self)
    let moved = json.replacing(
      #/"processor" : "[^"]*"/#, with: #""processor" : "Another Processor""#)
    #expect(moved != json)
    try Data(moved.utf8).write(to: URL(filePath: path))
    let elsewhere = try Program.run("gate", run.record, "--baseline", path, "--latency")
    #expect(elsewhere.status == 0)
    #expect(
      elsewhere.output.contains("latency not compared: measured on Another Processor"))
    let again = try Program.run("gate", run.record, "--baseline", path, "--accept")
    #expect(again.status == 0 && again.error.contains("the old baseline's latency is gone"))
  }

  @Test func `several records make a matrix`() throws {
    let run = try Self.shared.get()
    let folder = try TemporaryDirectory()
    let other = try run.changed { $0.subject.isa = "avx2" }
    let result = try Program.run("report", run.record, other, "--output", folder.path("all"))
    #expect(result.status == 0)
    let text = try String(contentsOfFile: folder.path("all/matrix.md"), encoding: .utf8)
    #expect(text.contains("| end point | engine portable | engine avx2 |"))
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.path("all")).sorted()
        == ["1", "2", "matrix.html", "matrix.md"])
  }

  @Test func `the record on stdout - annotations beside it - and the summary appended`() throws {
    let folder = try TemporaryDirectory()
    let summary = folder.path("summary.md")
    try Data("before\n".utf8).write(to: URL(filePath: summary))
    let result = try Command.run(
      Program.path,
      [
        "verify", "--json", "--inject", "relu@Conv2d_9_depthwise", "--cases", "hot_center",
        "--output", folder.path("reports"),
      ], environment: ["GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": summary])
    #expect(result.status == 1)
    let record = try ConformanceRecord(json: Data(result.output.utf8))
    #expect(!record.verdict.conforms)
    #expect(result.error.hasPrefix("::error title=Conformance::DOES NOT CONFORM"))
    #expect(result.error.split(separator: "\n").allSatisfy { $0.hasPrefix("::error ") })
    let text = try String(contentsOfFile: summary, encoding: .utf8)
    #expect(text.hasPrefix("before\n\n## ❌ DOES NOT CONFORM"))
  }

  @Test func `a step summary never grows beyond what GitHub takes`() throws {
    let run = try Self.shared.get()
    let folder = try TemporaryDirectory()
    let summary = folder.path("summary.md")
    for (size, grows) in [(1024 * 1024 - 5000, true), (1024 * 1024 - 100, false)] {
      try Data(repeating: 0x61, count: size).write(to: URL(filePath: summary))
      let result = try Command.run(
        Program.path, ["gate", run.record, "--baseline", "Reports/baseline"],
        environment: ["GITHUB_STEP_SUMMARY": summary])
      #expect(result.status == 0)
      let count = try bytes(summary).count
      #expect(count <= 1024 * 1024 && (count > size) == grows)
      #expect(result.error.contains("no room") == !grows)
    }
  }
}
