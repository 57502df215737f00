import Conformance
import Foundation
import Golden
import MobileNet
import Synchronization

/// Makes records without running anything: figures as correct engines show them, and on demand a
/// layer that goes wrong.
struct RecordFixture: Hashable {
  var caseNames = [
    "chelsea", "coffee", "batch", "zeros", "ones", "hot_center", "hot_top_left", "hot_top_right",
    "hot_bottom_left", "hot_bottom_right", "ramp", "noise", "extremes",
  ]
  /// The layer that errs, by its place among the 30.
  var faultyLayer: Int?

  /// Each is made once for all tests: making it takes longer than what most of them do with it.
  private static let made = Mutex<[RecordFixture: ConformanceRecord]>([:])

  func record() throws -> ConformanceRecord {
    try Self.made.withLock { made in
      if let record = made[self] { return record }
      let record = try make()
      made[self] = record
      return record
    }
  }

  private func make() throws -> ConformanceRecord {
    var record = try Self.decode(ConformanceRecord.self, Self.emptyRecord)
    record.profile = .standard
    record.goldens = [
      ConformanceRecord.GoldenIdentity(file: "inference.h5", provenance: Self.provenance)
    ]
    let architecture = try Architecture()
    record.cases = try caseNames.indices.map { try makeCase($0, architecture) }
    let results = record.cases.flatMap { $0.endPoints.flatMap(\.gates) }
    record.verdict.gates = Dictionary(grouping: results, by: \.status.rawValue).mapValues(\.count)
    if let faultyLayer {
      record.verdict.conforms = false
      record.verdict.status = .fail
      record.verdict.firstDivergence = try divergence(faultyLayer, architecture, record)
      record.verdict.line = "DOES NOT CONFORM  engine: \(architecture.endPoints[faultyLayer])"
    }
    return record
  }

  private func makeCase(_ index: Int, _ architecture: Architecture) throws -> CaseRecord {
    let images = [index == 2 ? 2 : 1, 128, 128, 3]
    let shapes = architecture.shapes(images: images)
    let isZero = caseNames[index] == "zeros"
    let endPoints = try zip(architecture.endPoints, shapes).enumerated().map { layer, step in
      try endPoint(step.0, shape: step.1, layer: layer, caseIndex: index, isZero: isZero)
    }
    let top: [String: Any] = [
      "reference": 286, "subject": 286, "golden": 286, "probability": 0.631,
    ]
    return try Self.decode(
      CaseRecord.self,
      [
        "name": caseNames[index], "golden": "inference.h5", "description": "a photo, CC0",
        "images": images, "status": Status.gravest(endPoints.map(\.status))?.rawValue ?? "NOT_RUN",
        "seconds": 0.41, "topClasses": Array(repeating: top, count: images[0]), "endPoints": [],
      ] as [String: Any], then: { $0.endPoints = endPoints })
  }

  private func endPoint(
    _ name: EndPoint, shape: [Int], layer: Int, caseIndex: Int, isZero: Bool
  ) throws -> EndPointRecord {
    var noise = Noise(layer * 64 + caseIndex)
    let isDepthwise = name.rawValue.hasSuffix("depthwise")
    let depth = Double(layer) / 29
    let scale = isZero && layer < 2 ? 0 : 1.0
    var isolated = try Self.statistics(shape, &noise)
    isolated.utilisation = scale * (isDepthwise ? 0.3 : 0.04) * noise.next(0.6, 1.3)
    isolated.budgetRatio = scale * noise.next(0.6, 1.05)
    isolated.maxSigma = scale * noise.next(3, 10)
    isolated.maxAbsolute = scale * 4e-7 * noise.next(0.5, 2)
    isolated.rms = isolated.maxAbsolute / 9
    var accumulated = try Self.statistics(shape, &noise)
    accumulated.utilisation = nil
    accumulated.budgetRatio = scale * (0.8 + depth) * noise.next(0.8, 1.1)
    accumulated.maxSigma = scale * (4 + 7 * depth) * noise.next(0.7, 1.3)
    accumulated.maxAbsolute = scale * 4e-7 * pow(10, 1.6 * depth) * noise.next(0.5, 2)
    accumulated.rms = accumulated.maxAbsolute / 8
    if let faultyLayer, layer >= faultyLayer {
      if layer == faultyLayer {
        isolated.utilisation = 812 / Double(caseIndex + 1)
        isolated.budgetRatio = 512
        isolated.maxSigma = 2750
        isolated.worst?.value = 1.25
        isolated.maxAbsolute = 0.06
        isolated.rms = 0.002
      }
      let decay = pow(0.9, Double(layer - faultyLayer))
      accumulated.budgetRatio = 400 * decay
      accumulated.maxSigma = 2200 * decay
      accumulated.maxAbsolute = 0.06 * decay
      accumulated.rms = 0.002 * decay
    }
    isolated.detail = try Self.detail(
      shape, "bound", isolated.utilisation ?? 0, worst: isolated.worst, &noise)
    accumulated.detail = try Self.detail(
      shape, "sigma", accumulated.maxSigma ?? 0, worst: accumulated.worst, &noise)
    return try endPoint(name, shape, isolated, accumulated, caseIndex: caseIndex)
  }

  /// The same limits as the standard profile; which of them hold is for this fixture to say.
  private func endPoint(
    _ name: EndPoint, _ shape: [Int], _ isolated: ErrorStatistics, _ accumulated: ErrorStatistics,
    caseIndex: Int
  ) throws -> EndPointRecord {
    let gates = [
      try Self.gate(.isolatedBound, [("max |error| / bound", isolated.utilisation, 1)]),
      try Self.gate(
        .isolatedBudget,
        [
          ("rms(error) / rms(sigma)", isolated.budgetRatio, 1.5),
          ("max |error| / sigma", isolated.maxSigma, 16),
        ]),
      try Self.gate(
        .accumulatedBudget,
        [
          ("rms(error) / rms(sigma)", accumulated.budgetRatio, 3),
          ("max |error| / sigma", accumulated.maxSigma, 32),
        ]),
      try Self.gate(.goldenSandwich, [("golden alone: max |error| / bound", 0.21, 1)]),
    ]
    return try Self.decode(
      EndPointRecord.self,
      [
        "name": name.rawValue, "shape": shape, "zeros": 0, "correlation": 1.2,
        "status": Status.gravest(gates.map(\.status))?.rawValue ?? "NOT_RUN", "gates": [],
      ] as [String: Any],
      then: {
        $0.gates = gates
        $0.isolated = isolated
        $0.accumulated = accumulated
        $0.goldenIsolated = isolated
        $0.goldenIsolated?.utilisation = 0.21
        $0.goldenIsolated?.detail = nil
        $0.goldenAccumulated = accumulated
        $0.goldenAccumulated?.detail = nil
        $0.goldenAccumulated?.budgetRatio = 0.97
        $0.goldenAccumulated?.maxSigma = 7.2
        $0.referenceDistance = caseIndex == 0 ? 3.1e-15 : nil
      })
  }

  private func divergence(
    _ layer: Int, _ architecture: Architecture, _ record: ConformanceRecord
  ) throws -> FirstDivergence {
    let endPoint = record.cases[0].endPoints[layer]
    var divergence = try Self.decode(
      FirstDivergence.self,
      [
        "endPoint": architecture.endPoints[layer].rawValue, "gate": "G1", "status": "FAIL",
        "caseName": caseNames[0], "caseCount": caseNames.count,
      ] as [String: Any])
    divergence.criterion = endPoint.gates[0].criteria.first
    divergence.worst = endPoint.isolated?.worst
    return divergence
  }
}

extension RecordFixture {
  static let provenance = Provenance(
    depthMultiplier: 0.75, numClasses: 1001, imageSize: ImageSize(height: 128, width: 128),
    parametersSHA256: String(repeating: "0badcafe", count: 8),
    checkpoint: Checkpoint(
      name: "stand-in",
      description: "seeded stand-in, shaped like trained weights; not the original",
      sha256: String(repeating: "01234567", count: 8)),
    oracle: Oracle(
      name: "tf-models-research-object-detection 2.8.0.post1",
      sha256: String(repeating: "89abcdef", count: 8), tensorflow: "2.21.0", onednn: "off", seed: 7,
      hostISA: "avx2 fma"))

  /// A record of a verification that judged nothing.
  private static var emptyRecord: [String: Any] {
    [
      "formatVersion": 1, "assayVersion": "0.1.0",
      "subject": [
        "name": "engine", "description": "the built-in engine", "isa": "avx2", "threads": 2,
      ] as [String: Any],
      "goldens": [],
      "profile": ["name": "standard", "thresholds": [:] as [String: Any]] as [String: Any],
      "waivers": [] as [Any],
      "explainArguments": ["--subject", "engine"],
      "selection": [:] as [String: Any],
      "host": [
        "operatingSystem": "Debian GNU/Linux 12", "architecture": "x86_64", "processors": 2,
      ] as [String: Any],
      "startedAt": "2026-01-02T03:04:05Z", "seconds": 12.3,
      "verdict": [
        "conforms": true, "status": "PASS", "gates": [:] as [String: Any],
        "omissions": [] as [String],
        "line": "CONFORMS  engine: 13 cases, 390 end points, 1560 gates",
      ] as [String: Any],
      "cases": [],
    ]
  }

  static func gate(_ gate: Gate, _ criteria: [(String, Double?, Double)]) throws -> GateResult {
    let holds = criteria.allSatisfy { ($0.1 ?? .nan) <= $0.2 }
    return try decode(
      GateResult.self,
      [
        "gate": gate.rawValue, "status": holds ? "PASS" : "FAIL",
        "criteria": criteria.map {
          ["measure": $0.0, "value": $0.1 ?? 0, "limit": $0.2] as [String: Any]
        },
      ] as [String: Any])
  }

  private static func statistics(_ shape: [Int], _ noise: inout Noise) throws -> ErrorStatistics {
    let index = shape.map { Int(noise.next(0, Double($0) - 0.5)) }
    let reference = noise.next(0.1, 5.9)
    let element: [String: Any] = [
      "index": index, "value": Double(Float(reference)), "reference": reference, "bound": 7.3e-5,
      "sigma": 3.1e-7,
    ]
    return try decode(
      ErrorStatistics.self,
      [
        "count": shape.reduce(1, *), "notFinite": 0, "notMatched": 0, "negativeZeros": 0,
        "zeroFraction": 0.31, "maxAbsolute": 0,
        "rms": 0, "mean": 1e-10, "maxULP": noise.next(1, 60), "relativeL2": noise.next(1e-7, 9e-7),
        "cosine": 1, "worst": element,
      ] as [String: Any])
  }

  /// Errors that grow towards the worst element, which alone has the largest.
  private static func detail(
    _ shape: [Int], _ yardstick: String, _ largest: Double, worst: ErrorStatistics.Element?,
    _ noise: inout Noise
  ) throws -> ErrorDetail {
    let count = shape.reduce(1, *)
    func ratios(_ count: Int, worstAt place: Int) -> [Double] {
      (0..<count).map { $0 == place ? largest : largest * noise.next(1e-4, 1e-3) }
    }
    let index = worst?.index ?? shape.map { _ in 0 }
    let depth = min(shape[shape.count - 1], 64)
    var object: [String: Any] = [
      "yardstick": yardstick,
      "ratios": histogram(
        count, first: -9, last: largest > 0 ? Int(log2(largest).rounded(.down)) : 0),
      "ulps": histogram(count, first: -4, last: 5),
      "channels": ratios(depth, worstAt: index[index.count - 1] * depth / shape[shape.count - 1]),
      "worst": [] as [Any],
    ]
    if shape.count == 4, shape[1] * shape[2] > 1 {
      let (rows, columns) = (min(shape[1], 16), min(shape[2], 16))
      let place = index[1] * rows / shape[1] * columns + index[2] * columns / shape[2]
      object["map"] =
        [
          "rows": rows, "columns": columns, "cells": ratios(rows * columns, worstAt: place),
        ] as [String: Any]
    }
    return try decode(ErrorDetail.self, object) { $0.worst = [worst].compactMap { $0 } }
  }

  /// Half of the elements are exact, one is in the last octave, the others in those before it.
  private static func histogram(_ count: Int, first: Int, last: Int) -> [String: Any] {
    let first = min(first, last - 1)
    var counts = [Int](repeating: 0, count: last - first + 1)
    let inexact = count - count / 2
    counts[counts.count - 1] = 1
    counts[counts.count - 2] = inexact - 1
    return ["zero": count / 2, "infinite": 0, "first": first, "counts": counts]
  }

  /// Reads a value from what JSON would hold; most of the record's types have no public initialiser.
  private static func decode<Value: Decodable>(
    _ type: Value.Type, _ object: [String: Any], then change: (inout Value) -> Void = { _ in }
  ) throws -> Value {
    var value = try JSONDecoder().decode(
      type, from: try JSONSerialization.data(withJSONObject: object))
    change(&value)
    return value
  }
}

/// Repeatable noise: a linear congruential generator.
private struct Noise {
  private var state: UInt64

  init(_ seed: Int) {
    state = UInt64(seed) &* 2_654_435_761 &+ 12345
    _ = next(0, 1)
  }

  mutating func next(_ low: Double, _ high: Double) -> Double {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return low + (high - low) * Double(state >> 11) / Double(1 << 53)
  }
}
