import Conformance
import Golden
import MobileNet
import Testing

/// The embedded golden, and what tests of faults need of it.
struct FaultFixture {
  /// Read once for all tests.
  static let shared = Result { try FaultFixture() }

  let golden: GoldenFile
  let parameters: Parameters
  let naive: NaiveSubject

  private init() throws {
    golden = try GoldenFile(reading: try DefaultGolden.directory() + "/inference.h5")
    parameters = try golden.readParameters(from: nil).parameters
    naive = NaiveSubject(parameters: parameters)
  }

  /// The plain loops with a fault, given as `fault@layer`.
  func subject(_ place: String) throws -> FaultySubject {
    let parts = place.split(separator: "@").map(String.init)
    let fault = try #require(Faults.named(parts[0]))
    let index = try #require(parameters.architecture.layer(EndPoint(parts[1]))).index
    return try FaultySubject(naive, fault: fault, parameters: parameters, layer: index)
  }

  /// Judges one layer of a subject on a small case and on the probe.
  func verify(_ subject: any Subject, layer: String) async throws -> ConformanceRecord {
    try await Verification(
      parameters: parameters, subject: subject,
      selection: ConformanceRecord.Selection(cases: "hot_center,probe", layers: layer)
    ).run([golden])
  }
}

@Suite struct FaultTests {
  let fixture: FaultFixture

  init() throws { fixture = try FaultFixture.shared.get() }

  @Test func `there are more than forty faults, each with a name of its own`() {
    #expect(Faults.all.count >= 40)
    #expect(Set(Faults.all.map(\.name)).count == Faults.all.count)
    for fault in Faults.all {
      #expect(fault.name.allSatisfy { $0.isLowercase || $0.isNumber || "-.".contains($0) })
    }
  }

  @Test func `every fault applies somewhere, and is refused elsewhere`() throws {
    for fault in Faults.all {
      let layers = fixture.parameters.architecture.layers
      #expect(layers.contains(where: fault.applies), "\(fault.name)")
      for (index, layer) in layers.enumerated() where !fault.applies(to: layer) {
        #expect(throws: FaultError.notApplicable(fault: fault.name, layer: layer.endPoint)) {
          try FaultySubject(
            fixture.naive, fault: fault, parameters: fixture.parameters, layer: index)
        }
      }
    }
  }

  /// No number of this network is subnormal, so flushing them leaves the bare script.
  @Test func `a script in which nothing goes wrong computes what the reference's loops do`() throws
  {
    let golden = try fixture.golden.readCase("pair")
    let endPoints = fixture.parameters.architecture.endPoints
    for (index, endPoint) in endPoints.enumerated() where endPoint.rawValue.hasPrefix("Conv2d") {
      let input = index == 0 ? golden.images : golden.activations[endPoints[index - 1]]
      let given = try #require(input)
      let faulty = try fixture.subject("flushed-subnormals@\(endPoint)")
      #expect(
        try faulty.output(layer: index, input: given)
          == fixture.naive.output(layer: index, input: given), "\(endPoint)")
    }
  }

  @Test func `every mistake is caught at the right layer, and no correct subject is accused`()
    async throws
  {
    let matrix = FaultMatrix(
      parameters: fixture.parameters, base: fixture.naive,
      controls: [fixture.naive, ReferenceSubject(parameters: fixture.parameters)],
      selection: FaultMatrix.Selection(
        layers: Glob(
          "Conv2d_0,Conv2d_4_depthwise,Conv2d_5_pointwise,global_pool,Logits,Predictions"),
        isSubset: true))
    let record = try await matrix.run([fixture.golden])
    let rates = record.rates

    #expect(Set(record.findings.map(\.fault)) == Set(Faults.all.map(\.name)))
    let equivalent = record.findings.filter { $0.outcome == .equivalent }
    #expect(Set(equivalent.map(\.fault)) == ["flushed-subnormals"])
    #expect(equivalent.allSatisfy { $0.reason != nil })
    #expect(rates.caught == rates.real)
    #expect(rates.inRightPlace == rates.caught)
    #expect(rates.falseAlarms == 0 && rates.controls > 0)
    #expect(rates.misdiagnosed == 0)
    #expect(Double(rates.diagnosed) >= 0.95 * Double(rates.diagnosable))
    #expect(record.passes)
  }

  @Test func `a matrix of nothing is refused`() async throws {
    let matrix = FaultMatrix(
      parameters: fixture.parameters, base: fixture.naive,
      selection: FaultMatrix.Selection(faults: Glob("bgr"), layers: Glob("Logits")))
    await #expect(throws: VerificationError.self) { try await matrix.run([fixture.golden]) }
  }
}
