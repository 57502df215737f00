import Conformance
import MobileNet

/// One fault over all layers: what both the text and the page say of it.
struct FaultDigest {
  let name: String
  let summary: String
  /// In order of the layers.
  let findings: [FaultRecord.Finding]

  /// Those that are not equivalent.
  var real: [FaultRecord.Finding] { findings.filter { $0.outcome != .equivalent } }
  var caught: [FaultRecord.Finding] { findings.filter { $0.outcome == .caught } }
  /// The least figure / limit that it was caught by.
  var leastExcess: Double? { caught.compactMap(\.excess).min() }
  var gates: [Gate] { Set(caught.flatMap(\.gates)).sorted() }

  /// `12/13` of the real ones; a dash where there are none.
  func share(_ holds: (FaultRecord.Finding) -> Bool) -> String {
    real.isEmpty ? "-" : "\(real.count(where: holds))/\(real.count)"
  }

  /// All faults of a record in the order in which the suite lists them, then those it does not know.
  static func all(of record: FaultRecord) -> [FaultDigest] {
    var order: [String] = []
    var findings: [String: [FaultRecord.Finding]] = [:]
    for finding in record.findings {
      if findings[finding.fault] == nil { order.append(finding.fault) }
      findings[finding.fault, default: []].append(finding)
    }
    let ranks = Dictionary(
      uniqueKeysWithValues: Faults.all.enumerated().map { ($1.name, $0) })
    let sorted = order.enumerated().sorted {
      (ranks[$0.element] ?? ranks.count, $0.offset) < (ranks[$1.element] ?? ranks.count, $1.offset)
    }
    return sorted.map { _, name in
      let own = findings[name] ?? []
      return FaultDigest(name: name, summary: own.first?.summary ?? "", findings: own)
    }
  }
}

extension FaultRecord {
  /// Layers in order of computation, which is that of the findings.
  var endPoints: [EndPoint] {
    var seen: Set<EndPoint> = []
    return findings.map(\.endPoint).filter { seen.insert($0).inserted }
  }

  /// Kinds of mistakes that come in sizes, in the order of the record.
  var measures: [String] {
    var seen: Set<String> = []
    return sensitivities.map(\.measure).filter { seen.insert($0).inserted }
  }
}

extension FaultRecord.UsualChecks {
  /// The checks that raised an alarm.
  var names: [String] {
    [(cosine, "cosine"), (topClass, "top-1"), (allClose, "allclose")].filter(\.0).map(\.1)
  }
}
