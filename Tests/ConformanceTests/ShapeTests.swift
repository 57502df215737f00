import Conformance
import MobileNet
import Testing

/// An end point of another shape: a verdict that names the layer and what the shape tells.
@Suite struct ShapeTests {
  private let fixture: Fixture

  init() throws { fixture = try Fixture() }

  private func judge(
    case name: String = "17x40",
    _ change: (_ name: String, _ value: Tensor<Float>) -> Tensor<Float>
  ) async throws -> ConformanceRecord {
    let images = try fixture.sweep.readCase(name).images
    return try await fixture.verify(
      ShownSubject(fixture, images: images, change: change), cases: name)
  }

  /// The same, but the next layer reads what it should.
  private func shown(
    case name: String = "17x40",
    _ change: (_ name: String, _ value: Tensor<Float>) -> Tensor<Float>
  ) async throws -> ConformanceRecord {
    let images = try fixture.sweep.readCase(name).images
    var subject = ShownSubject(fixture, images: images) { $1 }
    for (endPoint, value) in subject.shown {
      subject.shown[endPoint] = change(endPoint.rawValue, value)
    }
    return try await fixture.verify(subject, cases: name)
  }

  private func statuses(
    _ record: ConformanceRecord, _ name: String
  ) throws -> [Gate: Status] {
    let endPoint = try #require(record.cases[0].endPoints.first { $0.name.rawValue == name })
    return Dictionary(uniqueKeysWithValues: endPoint.gates.map { ($0.gate, $0.status) })
  }

  private func expect(
    _ record: ConformanceRecord, _ layer: String, _ cause: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let divergence = record.verdict.firstDivergence
    #expect(record.verdict.status == .fail, sourceLocation: sourceLocation)
    #expect(divergence?.endPoint.rawValue == layer, sourceLocation: sourceLocation)
    #expect(divergence?.gate == .isolatedBound, sourceLocation: sourceLocation)
    #expect(
      divergence?.note?.contains(cause) == true, "\(divergence?.note ?? "")",
      sourceLocation: sourceLocation)
    #expect(record.verdict.line.contains(cause), sourceLocation: sourceLocation)
  }

  @Test func `VALID for SAME is named and what follows from it is not blamed`() async throws {
    // 17 x 40 after stride 2 is 9 x 20; with VALID it is 8 x 19, and all that follows is computed
    // from that.
    let record = try await judge { name, value in
      name == "Conv2d_0" ? value.cropped(rows: 8, columns: 19) : value
    }
    expect(record, "Conv2d_0", "its shape is 1x8x19x24, expected 1x9x20x24: VALID padding")
    #expect(record.cases[0].endPoints[0].isolatedMismatch?.found == [1, 8, 19, 24])
    for endPoint in record.cases[0].endPoints.dropFirst() {
      let isolated = endPoint.gates.filter { [.isolatedBound, .isolatedBudget].contains($0.gate) }
      #expect(isolated.allSatisfy { $0.status == .pass }, "\(endPoint.name)")
    }
    let again = try ConformanceRecord(json: try record.json()).judged(under: .standard)
    #expect(again.verdict == record.verdict)
    #expect(again.cases[0].endPoints.map(\.gates) == record.cases[0].endPoints.map(\.gates))
  }

  @Test func `a layer after an end point that does not fit is not run and not blamed`()
    async throws
  {
    let record = try await shown { name, value in
      name == "Conv2d_0" ? value.cropped(rows: 8, columns: 19) : value
    }
    expect(record, "Conv2d_0", "VALID padding in place of SAME")
    let next = try statuses(record, "Conv2d_1_depthwise")
    #expect(next[.isolatedBound] == .notRun && next[.accumulatedBudget] == .pass)
    #expect(try statuses(record, "Conv2d_1_pointwise").values.allSatisfy { $0 == .pass })
  }

  @Test(arguments: ["Conv2d_0", "Conv2d_5_depthwise", "Conv2d_12_depthwise"])
  func `channels first`(layer: String) async throws {
    let record = try await shown { name, value in name == layer ? value.channelsFirst : value }
    expect(record, layer, "NCHW in place of NHWC")
  }

  @Test func `channels first everywhere blames the first`() async throws {
    let record = try await shown { _, value in value.shape.count == 4 ? value.channelsFirst : value
    }
    expect(record, "Conv2d_0", "NCHW in place of NHWC")
    #expect(try statuses(record, "Conv2d_4_depthwise")[.isolatedBound] == .notRun)
    #expect(try statuses(record, "Conv2d_4_depthwise")[.accumulatedBudget] == .fail)
  }

  @Test func `axes of length 1`() async throws {
    let cases: [(String, ([Int]) -> [Int], String)] = [
      ("Logits", { [$0[0], 1, 1, $0[1]] }, "axes of length 1 are kept: N x 1 x 1 x K for N x K"),
      ("Predictions", { $0 + [1, 1] }, "axes of length 1 are kept: N x K x 1 x 1 for N x K"),
      ("global_pool", { [$0[0], $0[3]] }, "axes of length 1 are dropped: N x K for N x 1 x 1 x K"),
      ("Conv2d_3_pointwise", { Array($0.dropFirst()) }, "the batch dimension is missing"),
      ("Conv2d_3_pointwise", { [$0.reduce(1, *)] }, "the tensor is flattened"),
    ]
    for (layer, reshape, cause) in cases {
      let record = try await shown { name, value in
        name == layer ? value.reshaped(reshape(value.shape)) : value
      }
      expect(record, layer, cause)
      // The numbers are all there, so what comes after is judged on them.
      guard cause.contains("axes"), layer != "Predictions" else { continue }
      let next = layer == "Logits" ? "Predictions" : "Logits"
      #expect(try statuses(record, next)[.isolatedBound] == .pass)
    }
  }

  @Test func `numbers of channels and classes`() async throws {
    let cases: [(String, Int, String)] = [
      ("Conv2d_4_pointwise", 128, "the channels of depth multiplier 0.5"),
      ("Conv2d_4_pointwise", 64, "the channels of depth multiplier 0.25"),
      ("Conv2d_1_pointwise", 64, "the channels of depth multiplier 1"),
      ("Logits", 1000, "1000 classes: without the background class"),
      ("Predictions", 1000, "1000 classes: without the background class"),
      ("Logits", 21, "21 classes in place of 1001"),
    ]
    for (layer, count, cause) in cases {
      let record = try await shown { name, value in
        guard name == layer else { return value }
        let shape = Array(value.shape.dropLast()) + [count]
        return Tensor(repeating: 1, shape: shape)
      }
      expect(record, layer, cause)
    }
  }

  @Test func `numbers of positions`() async throws {
    // 17 x 40, then 9 x 20 and 5 x 10.
    let cases: [(String, [Int], String)] = [
      ("Conv2d_1_depthwise", [7, 18], "VALID padding in place of SAME"),
      ("Conv2d_2_depthwise", [4, 10], "rounded down at stride 2 where SAME rounds up"),
      ("Conv2d_2_depthwise", [9, 20], "stride 1 in place of 2"),
      ("Conv2d_1_depthwise", [5, 10], "stride 2 in place of 1"),
      ("global_pool", [1, 2], "not averaged over height and width"),
      ("global_pool", [2, 2], "more than one position left"),
    ]
    for (layer, size, cause) in cases {
      let record = try await shown { name, value in
        guard name == layer, let depth = value.shape.last else { return value }
        return Tensor(repeating: 1, shape: [value.shape[0]] + size + [depth])
      }
      expect(record, layer, cause)
    }
    let nothing = try await shown { name, value in
      name == "Conv2d_3_depthwise" ? Tensor(shape: [1, 0, 0, 96], scalars: []) : value
    }
    expect(nothing, "Conv2d_3_depthwise", "its shape is 1x0x0x96")
  }

  @Test func `an earlier layer that is not shown is named as the likely place`() async throws {
    let images = try fixture.sweep.readCase("17x40").images
    var subject = ShownSubject(fixture, images: images) { name, value in
      name == "Conv2d_0" ? value.cropped(rows: 8, columns: 19) : value
    }
    subject.shown[EndPoint("Conv2d_0")] = nil
    let record = try await fixture.verify(subject)
    let divergence = try #require(record.verdict.firstDivergence)
    #expect(divergence.endPoint.rawValue == "Conv2d_1_depthwise")
    #expect(divergence.note?.contains("VALID padding in place of SAME, in Conv2d_0") == true)
  }

  @Test func `a subject that runs layers is judged on the golden's end points`() async throws {
    let make: SubjectFactory = { parameters in
      MisshapenSubject(
        network: NaiveSubject(parameters: parameters), layer: EndPoint("Conv2d_6_depthwise"))
    }
    let subject = try make(fixture.parameters)
    let record = try await fixture.verify(
      subject, rebuild: make, cases: "17x40,probe,integers_*")
    let divergence = try #require(record.verdict.firstDivergence)
    #expect(divergence.endPoint.rawValue == "Conv2d_6_depthwise")
    #expect(divergence.gate == .isolatedBound)
    for item in record.cases where !item.name.hasPrefix("integers") {
      for endPoint in item.endPoints {
        let isOwn = endPoint.name == divergence.endPoint
        let bound = endPoint.gates.first { $0.gate == .isolatedBound }
        #expect(bound?.status == (isOwn ? .fail : .pass), "\(item.name) \(endPoint.name)")
      }
    }
    let failing = record.cases.filter { $0.name.hasPrefix("integers") }.flatMap(\.endPoints)
      .filter { $0.isolatedMismatch != nil }
    #expect(Set(failing.map(\.name)) == [divergence.endPoint])
    #expect(failing.allSatisfy { $0.gates.map(\.status) == [.fail] })
    // There is no element to explain, and no cause among the known mistakes.
    #expect(record.verdict.diagnosis == nil)
    let golden = try fixture.sweep.readCase("17x40")
    let explainer = Explainer(parameters: fixture.parameters, subject: subject)
    #expect(throws: VerificationError.self) {
      try explainer.explain(golden, endPoint: divergence.endPoint)
    }
    _ = try explainer.explain(golden, endPoint: EndPoint("Conv2d_6_pointwise"))
  }
}

/// The plain loops, of which one layer leaves out its last column.
private struct MisshapenSubject: Subject {
  let network: NaiveSubject
  let layer: EndPoint
  var identity: SubjectIdentity {
    SubjectIdentity(name: "misshapen", description: "a column short")
  }

  func endPoints(images: Tensor<Float>) -> [EndPoint: Tensor<Float>] {
    var shown = network.endPoints(images: images)
    shown[layer] = shown[layer].map(shorter)
    return shown
  }

  func output(layer index: Int, input: Tensor<Float>) -> Tensor<Float>? {
    let output = network.output(layer: index, input: input)
    return EndPoint.isAt(index, layer) ? output.map(shorter) : output
  }

  private func shorter(_ value: Tensor<Float>) -> Tensor<Float> {
    value.cropped(rows: value.shape[1], columns: value.shape[2] - 1)
  }
}

extension EndPoint {
  /// Whether the layer at `index` yields `endPoint`, whatever the depth multiplier.
  fileprivate static func isAt(_ index: Int, _ endPoint: EndPoint) -> Bool {
    (try? Architecture())?.endPoints[index] == endPoint
  }
}
