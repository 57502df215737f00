import Conformance
import Foundation
import MobileNet

/// A detection matrix without running anything: three mistakes in four layers.
enum FaultFixture {
  private static let layers = ["Conv2d_0", "Conv2d_1_depthwise", "Conv2d_1_pointwise", "Logits"]

  /// - Parameter missed: Whether one mistake is not caught, one is blamed on another layer and a
  ///   correct subject is accused.
  static func record(missed: Bool = false) throws -> FaultRecord {
    let usual = ["cosine": false, "topClass": true, "allClose": false]
    func finding(_ fault: String, _ layer: String, _ outcome: String) -> [String: Any] {
      [
        "fault": fault, "summary": "something goes wrong", "endPoint": layer, "outcome": outcome,
        "gates": outcome == "caught" ? ["G1", "G2"] : [String](), "usual": usual,
      ]
    }
    var findings: [[String: Any]] = layers.flatMap { layer in
      ["symmetric-padding", "bgr", "invented"].map { finding($0, layer, "caught") }
    }
    for index in findings.indices {
      findings[index]["excess"] = [1.5, 812, 3e7][index % 3]
      findings[index]["divergence"] = findings[index]["endPoint"]
      findings[index]["caseName"] = "probe"
    }
    findings[3] = finding("symmetric-padding", "Conv2d_1_depthwise", "equivalent")
    findings[3]["reason"] = "it changes no number"
    if missed {
      findings[6] = finding("symmetric-padding", "Conv2d_1_pointwise", "missed")
      findings[9]["divergence"] = "Predictions"
    }
    let subject: [String: Any] = [
      "name": "engine", "description": "the built-in engine", "isa": "avx2", "threads": 1,
    ]
    let object: [String: Any] = [
      "formatVersion": 1, "assayVersion": "0.1.0", "base": subject, "goldens": [Any](),
      "cases": ["probe", "hot_center"],
      "profile": ["name": "standard", "thresholds": [String: Any]()] as [String: Any],
      "host": ["operatingSystem": "Linux", "architecture": "x86_64", "processors": 2]
        as [String: Any],
      "startedAt": "2026-01-02T03:04:05Z", "seconds": 123.4, "findings": findings,
      "sensitivities": layers.enumerated().map { index, layer in
        ["measure": "a weight", "endPoint": layer]
          .merging(index == 3 ? [:] : ["smallest": 1 / Double(1 << (8 * index))]) { $1 }
          as [String: Any]
      },
      "controls": [
        [
          "subject": subject, "judged": 120,
          "alarms": missed ? ["Conv2d_0 in chelsea: G2"] : [String](),
          "usual": ["cosine": false, "topClass": false, "allClose": true],
        ] as [String: Any]
      ],
    ]
    return try JSONDecoder().decode(
      FaultRecord.self, from: try JSONSerialization.data(withJSONObject: object))
  }

  /// The same with texts that try to break out of their place.
  static func hostile() throws -> FaultRecord {
    var record = try record(missed: true)
    let text = HostileText.text
    record.base = SubjectIdentity(name: text, description: text, isa: text)
    record.cases = [text]
    record.profile.name = text
    record.startedAt = text
    for index in record.findings.indices {
      record.findings[index].fault = "\(index % 3)\(text)"
      record.findings[index].summary = text
      record.findings[index].endPoint = EndPoint("\(index / 3)\(text)")
      record.findings[index].caseName = text
      record.findings[index].reason = text
    }
    for index in record.sensitivities.indices {
      record.sensitivities[index].measure = text
      record.sensitivities[index].endPoint = record.findings[3 * index].endPoint
    }
    record.controls[0].alarms = [text]
    record.controls[0].subject = record.base
    return record
  }
}
