import Conformance
import Foundation
import MobileNet
import Testing

/// Records judged again: the same limits give the same verdict, others what a verification by them
/// would have given, and nothing passes that was not measured.
@Suite struct RejudgementTests {
  private static let cases = "17x40,probe,integers_*"

  private static let good = Task {
    let fixture = try Fixture()
    return try await fixture.verify(
      NaiveSubject(parameters: fixture.parameters),
      rebuild: { NaiveSubject(parameters: $0) }, cases: cases)
  }

  private static let bad = Task {
    let fixture = try Fixture()
    return try await fixture.verify(
      try fixture.faulty("weight-1e-3", in: "Conv2d_3_depthwise"), cases: cases)
  }

  /// A subject that shows only some end points and no single layers.
  private static let partial = Task {
    let fixture = try Fixture()
    return try await fixture.verify(
      PartialSubject(network: NaiveSubject(parameters: fixture.parameters)), cases: cases)
  }

  private static func record(_ name: String) async throws -> ConformanceRecord {
    switch name {
    case "good": try await good.value
    case "bad": try await bad.value
    default: try await partial.value
    }
  }

  private func standard(_ limits: [Profile.Limit: Double]) -> Profile {
    var profile = Profile.standard
    profile.name = "mine"
    for (limit, value) in limits {
      // The optional one has no threshold to change.
      profile.thresholds[limit.rawValue, default: .init(limit: 0, source: "a test")].limit = value
    }
    return profile
  }

  /// All but the figures, which nothing here touches.
  private func gates(_ record: ConformanceRecord) -> [[[GateResult]]] {
    record.cases.map { $0.endPoints.map(\.gates) }
  }

  @Test(arguments: ["good", "bad", "partial"])
  func `the same limits give the same verdict and gates - also from the file`(
    name: String
  ) async throws {
    let record = try await Self.record(name)
    #expect(record.verdict.conforms == (name == "good"))
    let read = try ConformanceRecord(json: try record.json())
    let again = read.judged(under: .standard)
    #expect(again.verdict == record.verdict)
    #expect(gates(again) == gates(record))
    #expect(again.cases.map(\.status) == record.cases.map(\.status))
    #expect(
      again.cases.map { $0.endPoints.map(\.status) }
        == record.cases.map { $0.endPoints.map(\.status) })
    let origin = try #require(again.origin)
    #expect(origin.kept.isEmpty && origin.lost.isEmpty && origin.remark == nil)
    #expect(origin.profile == "standard" && origin.line == record.verdict.line)
  }

  @Test func `every gate ran at least once`() async throws {
    let gates = Set(try await Self.record("good").cases.flatMap(\.endPoints).flatMap(\.gates))
    #expect(Set(gates.map(\.gate)) == Set(Gate.allCases))
  }

  @Test(arguments: Profile.Limit.allCases)
  func `a limit concerns its gates and no other`(limit: Profile.Limit) async throws {
    let record = try await Self.record("good")
    // Nothing holds below zero: every gate with this limit that measured anything has to fail.
    let again = record.judged(under: standard([limit: -1]))
    for (old, new) in zip(gates(record).joined().joined(), gates(again).joined().joined()) {
      guard limit != .zeroFraction, old.gate.limits.contains(limit) else {
        #expect(limit == .zeroFraction || new == old, "\(limit) \(old.gate)")
        continue
      }
      // Some criteria need data that not every end point has.
      if new != old { #expect(new.status == .fail) }
    }
    // The sweep has no float64 for the reference to be compared with here.
    #expect(!again.verdict.conforms || limit == .referenceDistance)
    if limit != .zeroFraction, let divergence = again.verdict.firstDivergence {
      #expect(divergence.gate.limits.contains(limit))
    }
  }

  @Test func `what a verification by the same limits says`() async throws {
    let fixture = try Fixture()
    let strict = standard([.isolatedMaxSigma: 2, .boundUtilisation: 0.05])
    let verified = try await Verification(
      parameters: fixture.parameters, subject: NaiveSubject(parameters: fixture.parameters),
      rebuild: { NaiveSubject(parameters: $0) }, profile: strict,
      selection: .init(cases: Self.cases)
    ).run([fixture.sweep])
    #expect(!verified.verdict.conforms)
    let again = try await Self.record("good").judged(under: strict)
    #expect(gates(again) == gates(verified))
    #expect(again.verdict.firstDivergence == verified.verdict.firstDivergence)
    #expect(again.verdict.gates == verified.verdict.gates)
    // And back, with nothing lost on the way.
    let back = again.judged(under: .standard)
    #expect(back.verdict == (try await Self.record("good")).verdict)
    #expect(back.origin?.profile == "standard")
  }

  @Test func `a looser profile lets the same figures pass`() async throws {
    let record = try await Self.record("bad")
    let generous = Dictionary(uniqueKeysWithValues: Profile.Limit.allCases.map { ($0, 1e9) })
    let again = record.judged(under: standard(generous))
    #expect(again.verdict.conforms && again.verdict.line.hasPrefix("CONFORMS"))
    #expect(again.verdict.firstDivergence == nil && again.verdict.diagnosis == nil)
    // What was not shown is not measured by any limit.
    let partial = try await Self.record("partial").judged(under: standard(generous))
    #expect(!partial.verdict.conforms && partial.verdict.status == .notRun)
  }

  @Test func `waivers are applied anew and expire`() async throws {
    let record = try await Self.record("bad")
    let waivers = try Waiver.waivers(
      yaml: """
        schema: 1
        waivers:
          - layer: "*"
            gate: "*"
            case: "*"
            owner: a maintainer
            reason: known
            expires: 2026-06-30
        """, file: "w.yaml")
    let waived = record.judged(under: .standard, waivers: waivers, on: "2026-06-30")
    #expect(waived.verdict.status == .waived && waived.verdict.conforms)
    // The record's own waivers stay, until their day is over.
    let later = waived.judged(under: .standard, waivers: nil, on: "2026-07-01")
    #expect(!later.verdict.conforms && later.waivers.map(\.state) == [.expired])
    #expect(later.verdict.firstDivergence == record.verdict.firstDivergence)
    let without = waived.judged(under: .standard, waivers: [], on: "2026-06-30")
    #expect(without.verdict == record.verdict && gates(without) == gates(record))
    let needless = try await Self.record("good")
      .judged(under: .standard, waivers: waivers, on: "2026-06-30")
    #expect(needless.verdict.status == .fail && needless.waivers.map(\.state) == [.unneeded])
  }

  @Test func `a record that lacks figures never passes by limits it was not measured by`()
    async throws
  {
    var record = try await Self.record("good")
    for index in record.cases.indices {
      for place in record.cases[index].endPoints.indices {
        record.cases[index].endPoints[place].inexact = nil
        record.cases[index].endPoints[place].goldenIsolated = nil
        record.cases[index].endPoints[place].changed = nil
      }
    }
    let same = record.judged(under: .standard)
    #expect(same.verdict == record.verdict && gates(same) == gates(record))
    #expect(Set(try #require(same.origin).kept.keys) == ["G5", "G6", "G9"])
    #expect(same.origin?.remark?.contains("as recorded") == true)
    // Wider, but who knows of what.
    let wide = record.judged(under: standard([.integerDeviations: 5, .clampDeviations: 5]))
    let origin = try #require(wide.origin)
    #expect(Set(origin.lost.keys) == ["G5", "G6"] && Set(origin.kept.keys) == ["G9"])
    #expect(!wide.verdict.conforms && wide.verdict.status == .notRun)
    #expect(wide.verdict.firstDivergence?.note?.contains("cannot be judged again") == true)
  }
}

/// Shows every end point but one, and runs no single layers.
private struct PartialSubject: Subject {
  let network: NaiveSubject
  var identity: SubjectIdentity { SubjectIdentity(name: "partial", description: "shows a part") }

  func endPoints(images: Tensor<Float>) -> [EndPoint: Tensor<Float>] {
    network.endPoints(images: images).filter { $0.key.rawValue != "Conv2d_4_depthwise" }
  }

  func output(layer index: Int, input: Tensor<Float>) -> Tensor<Float>? { nil }
}
