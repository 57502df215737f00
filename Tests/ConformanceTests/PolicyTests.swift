import Conformance
import Foundation
import MobileNet
import Testing
import TestSupport

/// Profiles and waivers are files that people write: what is right is applied, what is not is named.
@Suite struct PolicyTests {
  @Test func `the standard profile is complete and cites its sources`() throws {
    #expect(Profile.standard.name == "standard")
    #expect(
      Set(Profile.standard.thresholds.keys)
        == Set(Profile.Limit.allCases.filter { !$0.isOptional }.map(\.rawValue)))
    #expect(Profile.standard.negativeZeros == nil)
    for (name, threshold) in Profile.standard.thresholds {
      #expect(!threshold.source.isEmpty, "\(name)")
      // A limit that a correct engine was measured beyond would be no limit.
      if let measured = threshold.measured { #expect(measured <= threshold.limit, "\(name)") }
    }
  }

  @Test func `a profile from a file is the profile`() throws {
    let folder = try TemporaryDirectory()
    let path = folder.path("profile.yaml")
    let text = Profile.standardYAML.replacing("limit: 1.5", with: "limit: 1.25")
    try Data(text.utf8).write(to: URL(filePath: path))
    let profile = try Profile(reading: path)
    #expect(profile.isolatedBudgetRatio == 1.25)
    #expect(profile.boundUtilisation == 1)
  }

  @Test func `a profile that asks for bits has a limit more`() throws {
    let yaml = Profile.standardYAML + "  negative_zeros:\n    limit: 0\n    source: bits\n"
    #expect(try Profile(yaml: yaml, file: "p.yaml").negativeZeros == 0)
  }

  @Test func `a record keeps the profile`() throws {
    let data = try JSONEncoder().encode(Profile.standard)
    #expect(try JSONDecoder().decode(Profile.self, from: data) == .standard)
  }

  @Test(arguments: [
    ("", "empty"),
    ("schema: [", "not YAML"),
    ("schema: 2\nname: x\nthresholds: {}\n", "schema: version 2.00 is not known"),
    ("name: x\nthresholds: {}\n", "schema: missing"),
    ("schema: 1\nname: x\nlimits: {}\n", "limits: not a known key"),
    ("schema: 1\nname: x\nthresholds: {}\n", "thresholds.bound_utilisation: missing"),
  ])
  func `a flawed profile is named`(yaml: String, problem: String) {
    let error = #expect(throws: PolicyError.self) { try Profile(yaml: yaml, file: "p.yaml") }
    #expect(error?.description.contains(problem) == true, "\(String(describing: error))")
    #expect(error?.description.contains("\n") == false)
  }

  @Test func `a flawed limit is named with its line`() {
    let yaml = Profile.standardYAML.replacing("limit: 12\n", with: "limit: lots\n")
    let error = #expect(throws: PolicyError.self) { try Profile(yaml: yaml, file: "p.yaml") }
    #expect(
      error?.description
        == "p.yaml:13: thresholds.isolated_max_sigma.limit: expected a number, 0 or more")
  }

  @Test func `a profile that is not there cannot be read`() {
    let error = #expect(throws: PolicyError.self) { try Profile(reading: "/nowhere/p.yaml") }
    #expect(error?.isUnreadable == true)
  }

  private func waivers(
    layer: String = "Conv2d_3_depthwise", gate: String = "*", case name: String = "*",
    expires: String = "2999-12-31"
  ) throws -> [Waiver] {
    try Waiver.waivers(
      yaml: """
        schema: 1
        waivers:
          - layer: "\(layer)"
            gate: "\(gate)"
            case: "\(name)"
            owner: a maintainer
            reason: known, ticket 12
            expires: \(expires)
        """, file: "w.yaml")
  }

  @Test func `a waiver lets its failure pass and no other`() async throws {
    let fixture = try Fixture()
    let subject = try fixture.faulty("weight-1e-3", in: "Conv2d_3_depthwise")
    let layers = "Conv2d_3_depthwise"
    let failing = try await fixture.verify(subject, layers: layers)
    #expect(failing.verdict.status == .fail)
    let waived = try await fixture.verify(subject, waivers: waivers(), layers: layers)
    #expect(waived.verdict.status == .waived && waived.verdict.conforms)
    #expect(waived.waivers.map(\.state) == [.used])
    #expect(waived.verdict.line.contains("waived"))
    let other = try await fixture.verify(
      subject, waivers: waivers(gate: "G8"), layers: layers)
    #expect(!other.verdict.conforms)
  }

  @Test func `a waiver that is not needed is a failure`() async throws {
    let fixture = try Fixture()
    let record = try await fixture.verify(
      NaiveSubject(parameters: fixture.parameters), waivers: waivers())
    #expect(!record.verdict.conforms && record.verdict.status == .fail)
    #expect(record.waivers.map(\.state) == [.unneeded])
    #expect(record.verdict.line.contains("is not needed: remove it"))
  }

  @Test func `a waiver outside the selection is left alone`() async throws {
    let fixture = try Fixture()
    let record = try await fixture.verify(
      NaiveSubject(parameters: fixture.parameters), waivers: waivers(case: "224x224"))
    #expect(record.verdict.conforms)
    #expect(record.waivers.map(\.state) == [.notJudged])
  }

  @Test func `an expired waiver is a failure and waives nothing`() async throws {
    let fixture = try Fixture()
    let record = try await fixture.verify(
      try fixture.faulty("weight-1e-3", in: "Conv2d_3_depthwise"),
      waivers: waivers(expires: "2020-02-29"))
    #expect(record.verdict.status == .fail)
    #expect(record.waivers.map(\.state) == [.expired])
  }

  @Test(arguments: ["2026-13-01", "tomorrow", "2026-1-1"])
  func `a day that is none is named`(day: String) {
    let error = #expect(throws: PolicyError.self) { try waivers(expires: day) }
    #expect(error?.description.contains("expires: expected a day") == true)
  }

  @Test func `a gate that does not exist is named`() {
    let error = #expect(throws: PolicyError.self) { try waivers(gate: "G0") }
    #expect(error?.description.contains("no gate matches 'G0'") == true)
  }
}
