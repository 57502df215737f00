import Conformance
import Foundation
import MobileNet
import TestSupport
import Testing

/// The record's published schema, applied by a validator that knows nothing of this package.
@Suite(.enabled(if: PythonTools.isAvailable, Comment(rawValue: PythonTools.hint)))
struct RecordSchemaTests {
  /// What the validator says: `valid`, or where and why not.
  private func validate(_ json: Data) throws -> String {
    let folder = try TemporaryDirectory()
    try json.write(to: URL(filePath: folder.path("record.json")))
    return try PythonTools.run(
      """
      import json, sys, jsonschema
      schema = json.load(open(sys.argv[1]))
      jsonschema.Draft202012Validator.check_schema(schema)
      errors = list(jsonschema.Draft202012Validator(schema).iter_errors(json.load(open(sys.argv[2]))))
      print('valid' if not errors else f'{errors[0].json_path}: {errors[0].message[:300]}')
      """,
      [Repository.path("Sources/Report/Schema/record.schema.json"), folder.path("record.json")]
    ).trimmingCharacters(in: .whitespacesAndNewlines)
  }

  @Test(arguments: [nil, 0, 29])
  func `records are valid`(faultyLayer: Int?) throws {
    #expect(try validate(try RecordFixture(faultyLayer: faultyLayer).record().json()) == "valid")
  }

  @Test func `figures that JSON has no number for and hostile texts are valid`() throws {
    var record = try HostileText.record()
    record.cases[0].endPoints[0].isolated?.utilisation = .infinity
    record.cases[0].endPoints[0].isolated?.budgetRatio = .nan
    record.cases[0].endPoints[0].isolated?.detail?.map?.cells[3] = .infinity
    record.cases[0].endPoints[0].isolated?.detail?.channels[5] = .infinity
    record.cases[0].endPoints[0].gates[0].criteria[0].value = -.infinity
    record.cases[0].endPoints[1].isolated?.matched = 3
    record.cases[0].endPoints[2].accumulatedMismatch = try JSONDecoder().decode(
      ShapeMismatch.self, from: Data(#"{"found": [0, 7], "expected": [1, 7], "cause": "x"}"#.utf8))
    #expect(try validate(try record.json()) == "valid")
  }

  @Test func `a record from before there were details is valid`() throws {
    var record = try RecordFixture(caseNames: ["a"]).record()
    record.explainArguments = nil
    for index in record.cases[0].endPoints.indices {
      record.cases[0].endPoints[index].isolated?.detail = nil
      record.cases[0].endPoints[index].accumulated?.detail = nil
    }
    #expect(try validate(try record.json()) == "valid")
  }

  @Test func `gates and fields that it does not know are allowed`() throws {
    let text = String(decoding: try RecordFixture(caseNames: ["a"]).record().json(), as: UTF8.self)
    let changed = text.replacing("\"G2\"", with: "\"G42\"")
      .replacing("\"assayVersion\"", with: "\"somethingNew\" : [1],\n  \"assayVersion\"")
    #expect(changed != text)
    #expect(try validate(Data(changed.utf8)) == "valid")
  }

  @Test(arguments: [
    ("\"formatVersion\" : 1", "\"formatVersion\" : 2", "$.formatVersion"),
    ("\"PASS\"", "\"FINE\"", "$."), ("\"zeros\" : 0", "\"zeros\" : -1", "zeros"),
    ("\"cosine\" : 1", "\"cosine\" : \"Inf\"", "cosine"),
    ("\"conforms\" : true", "\"conforms\" : false", "$.verdict.status"),
    ("\"shape\"", "\"sharp\"", "'shape' is a required property"),
    ("\"yardstick\" : \"sigma\"", "\"yardstick\" : \"metre\"", "detail.yardstick"),
    ("\"ulps\" : {\"counts\" : [", "\"ulps\" : {\"counts\" : [-1,", "detail.ulps.counts[0]"),
    ("\"rows\" : 16", "\"rows\" : 17", "detail.map.rows"),
  ])
  func `what is no record is not valid`(old: String, new: String, place: String) throws {
    let text = String(decoding: try RecordFixture(caseNames: ["a"]).record().json(), as: UTF8.self)
    #expect(text.contains(old))
    #expect(try validate(Data(text.replacing(old, with: new).utf8)).contains(place))
  }
}
