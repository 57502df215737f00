import Conformance
import Foundation
import Report
import TestSupport
import Testing

struct JUnitReportTests {
  @Test func `a suite for every case and a test case for every end point and gate`() throws {
    let record = try RecordFixture(caseNames: ["chelsea", "zeros"], faultyLayer: 11).record()
    let page = try ParsedPage(JUnitReport(record).render())
    let suites = page.elements(named: "testsuite")
    #expect(suites.map { $0.attributes["name"] } == ["chelsea", "zeros"])
    let tests = page.elements(named: "testcase")
    #expect(tests.count == 2 * 30 * 4)
    #expect(tests.first?.attributes["name"] == "Conv2d_0 G1")
    #expect(tests.first?.attributes["classname"] == "assay.chelsea")
    for suite in suites {
      #expect(suite.attributes["tests"] == "120")
      #expect(suite.attributes["errors"] == "0")
    }
    let failures = page.elements(named: "failure")
    #expect(
      suites.compactMap { Int($0.attributes["failures"] ?? "") }.reduce(0, +) == failures.count)
    #expect(
      failures.first?.attributes["message"]
        == "isolated bound: FAIL; max |error| / bound is 812, limit 1.00")
    #expect(
      failures.first?.text.contains(
        "assay verify inference.h5 --cases chelsea --layers Conv2d_6_depthwise") == true)
  }

  @Test func `statuses - what was not checked is never green`() throws {
    var record = try RecordFixture(caseNames: ["only"]).record()
    let statuses: [Status] = [.pass, .waived, .fail, .mistrusted]
    for (gate, status) in statuses.enumerated() {
      record.cases[0].endPoints[0].gates[gate].status = status
    }
    record.cases[0].endPoints[1].gates[0].status = .notRun
    record.cases[0].endPoints[1].gates[1].status = .harnessError
    let page = try ParsedPage(JUnitReport(record).render())
    let suite = try #require(page.elements(named: "testsuite").first).attributes
    #expect(suite["skipped"] == "1" && suite["failures"] == "2" && suite["errors"] == "2")
    #expect(page.elements(named: "skipped").count == 1)
    #expect(page.elements(named: "error").count == 2)
  }

  @Test func `names do not change with what fails and cases of one name stay apart`() throws {
    func names(_ record: ConformanceRecord) throws -> [String] {
      try ParsedPage(JUnitReport(record).render()).elements(named: "testcase").map {
        "\($0.attributes["classname"] ?? "").\($0.attributes["name"] ?? "")"
      }
    }
    let good = try names(try RecordFixture(caseNames: ["a", "b"]).record())
    let bad = try names(try RecordFixture(caseNames: ["a", "b"], faultyLayer: 3).record())
    #expect(good == bad)
    var record = try RecordFixture(caseNames: ["a", "a", "a"]).record()
    record.cases[1].golden = "GoldenData/sweep.h5"
    let same = try names(record)
    #expect(Set(same).count == same.count)
    #expect(same[120].hasPrefix("assay.sweep/a."))
  }

  /// The rules of Ant's schema, the strictest description of the format, in a parser's terms.
  @Test(
    .enabled(if: PythonTools.isAvailable, Comment(rawValue: PythonTools.hint)),
    arguments: [false, true])
  func `valid against the common schema - hostile texts included`(isHostile: Bool) throws {
    let record =
      isHostile
      ? try HostileText.record() : try RecordFixture(faultyLayer: 4).record()
    let folder = try TemporaryDirectory()
    let text = JUnitReport(record).render()
    #expect(HostileText.isTame(text))
    try Data(text.utf8).write(to: URL(filePath: folder.path("junit.xml")))
    let answer = try PythonTools.run(
      """
      import re, sys
      from decimal import Decimal
      from xml.etree import ElementTree
      root = ElementTree.parse(sys.argv[1]).getroot()
      assert root.tag == 'testsuites' and not root.attrib
      token = lambda text: text == ' '.join(text.split()) and text
      for number, suite in enumerate(root):
        a = dict(suite.attrib)
        assert token(a.pop('name')) and token(a.pop('package')) and token(a.pop('hostname'))
        assert int(a.pop('id')) == number
        assert re.fullmatch(r'\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d', a.pop('timestamp'))
        assert Decimal(a.pop('time')) >= 0
        count = {k: int(a.pop(k)) for k in ('tests', 'failures', 'errors', 'skipped')}
        assert not a
        tags = [child.tag for child in suite]
        assert tags[0] == 'properties' and tags[-2:] == ['system-out', 'system-err']
        assert set(tags[1:-2]) == {'testcase'} and len(tags) == count['tests'] + 3
        for entry in suite[0]:
          assert entry.tag == 'property' and sorted(entry.attrib) == ['name', 'value']
        found = {'failure': 0, 'error': 0, 'skipped': 0}
        for test in suite.findall('testcase'):
          assert sorted(test.attrib) == ['classname', 'name', 'time']
          assert token(test.get('name')) and token(test.get('classname')) and Decimal(test.get('time')) >= 0
          assert len(test) <= 1
          for child in test:
            found[child.tag] += 1
            assert child.tag == 'skipped' or sorted(child.attrib) == ['message', 'type']
        assert [found[k] for k in ('failure', 'error', 'skipped')] == \\
          [count[k] for k in ('failures', 'errors', 'skipped')]
      print('valid', len(root))
      """, [folder.path("junit.xml")])
    #expect(answer == "valid \(record.cases.count)\n")
  }
}
