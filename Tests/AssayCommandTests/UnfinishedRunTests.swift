import Foundation
import Testing
import TestSupport

/// A program that is killed, or has no room to write, leaves nothing half-written under a name that
/// somebody reads.
@Suite struct UnfinishedRunTests {
  @Test func `a recording that is killed leaves the old file as it was`() throws {
    let folder = try TemporaryDirectory()
    let old = Data("what was here before".utf8)
    try old.write(to: URL(filePath: folder.path("dump.h5")))
    let wasKilled = try Program.kill("run", "--output", folder.path("dump.h5")) {
      try folder.contents().count > 1
    }
    #expect(wasKilled)
    #expect(try Data(contentsOf: URL(filePath: folder.path("dump.h5"))) == old)
  }

  @Test(arguments: [1, 64, 4000])
  func `a recording without room leaves the old file as it was and nothing else`(limit: Int) throws
  {
    let folder = try TemporaryDirectory()
    let old = Data("what was here before".utf8)
    try old.write(to: URL(filePath: folder.path("dump.h5")))
    let result = try Program.run(filesUpTo: limit, ["run", "--output", folder.path("dump.h5")])
    #expect(result.status == 73, "\(result.error)")
    #expect(result.error.contains("dump.h5"))
    #expect(try folder.contents() == ["dump.h5"])
    #expect(try Data(contentsOf: URL(filePath: folder.path("dump.h5"))) == old)
  }

  /// With room for none of them, and for the record but not for the page.
  @Test func `reports without room do not appear`() throws {
    let arguments = ["verify", "--cases", "hot_center", "--output"]
    let whole = try TemporaryDirectory()
    #expect(try Program.run(arguments + [whole.path("")]).status == 0)
    let sizes = try Self.sizes(whole)
    let record = try #require(sizes["record.json"])
    let page = try #require(sizes["record.html"])
    try #require(record + 50_000 < page, "a limit between the two is wanted")
    for limit in [1, (record + page) / 2048] {
      let folder = try TemporaryDirectory()
      let result = try Program.run(filesUpTo: limit, arguments + [folder.path("")])
      #expect(result.status == 73, "\(result.error)")
      #expect(try folder.contents() == (limit == 1 ? [] : ["record.json"]))
    }
  }

  @Test func `reports that are there when verify is killed are whole`() throws {
    let folder = try TemporaryDirectory()
    let record = folder.path("record.json")
    let wasKilled = try Program.kill(
      "verify", "--cases", "hot_center", "--output", folder.path("")
    ) { try !folder.contents().isEmpty }
    #expect(wasKilled)
    if FileManager.default.fileExists(atPath: record) {
      let again = try TemporaryDirectory()
      #expect(try Program.run("report", record, "--output", again.path("")).status == 0)
    }
    let ends = ["record.html": "</html>\n", "record.junit.xml": "</testsuites>\n"]
    for (name, end) in ends where try folder.contents().contains(name) {
      let text = try String(contentsOf: URL(filePath: folder.path(name)), encoding: .utf8)
      #expect(text.hasSuffix(end), "\(name)")
    }
  }

  private static func sizes(_ folder: TemporaryDirectory) throws -> [String: Int] {
    Dictionary(
      uniqueKeysWithValues: try folder.contents().map {
        ($0, try Data(contentsOf: URL(filePath: folder.path($0))).count)
      })
  }
}
