import Conformance

/// The detection matrix for a terminal: one line per fault over all layers, at most 100 columns wide.
public struct FaultReport {
  private let record: FaultRecord
  private let faults: [FaultDigest]

  public init(_ record: FaultRecord) {
    self.record = record
    faults = FaultDigest.all(of: record)
  }

  /// The whole text except for ``rates``, which the caller prints last.
  public func render() -> String {
    (provenance + ["", header] + faults.map(row) + ["", legend] + section("not caught", missed)
      + section("caught in another layer", misplaced)
      + section("equivalent: nothing to catch", equivalent)
      + section("smallest mistake that is seen, over all layers", sensitivities)
      + section("correct subjects", controls))
      .joined(separator: "\n")
  }

  private var provenance: [String] {
    TextColumns.fact("base", record.base.summary)
      + TextColumns.fact("goldens", record.goldens.map(\.file).joined(separator: ", "))
      + TextColumns.fact("cases", record.cases.joined(separator: ", "))
  }

  private var header: String {
    "fault".leftAligned(29)
      + ["layers", "caught", "placed", "named"].map { $0.rightAligned(7) }.joined()
      + "excess".rightAligned(9) + "  " + "gates".leftAligned(13)
      + ["cos", "top-1", "close"].map { $0.rightAligned(6) }.joined()
  }

  private func row(_ fault: FaultDigest) -> String {
    let figures = [
      "\(fault.findings.count)", fault.share { $0.outcome == .caught },
      fault.share(\.isInRightPlace), fault.share(\.isDiagnosed),
    ]
    let excess = fault.leastExcess.map { format($0) } ?? "-"
    return fault.name.cell(29) + figures.map { $0.rightAligned(7) }.joined()
      + excess.rightAligned(9) + "  "
      + Self.list(fault.gates).cell(13)
      + [
        fault.share(\.usual.cosine), fault.share(\.usual.topClass), fault.share(\.usual.allClose),
      ].map { $0.rightAligned(6) }.joined()
  }

  /// `G1 2 7`
  private static func list(_ gates: [Gate]) -> String {
    let numbers = gates.map { $0.rawValue.dropFirst() }.joined(separator: " ")
    return numbers.isEmpty ? "" : "G\(numbers)"
  }

  private var legend: String {
    "caught of those that are not equivalent; placed: the first divergence is the layer; named: the\n"
      + "diagnosis has the cause; excess: the least figure / limit; then what checks of the logits\n"
      + "catch: cosine < 0.999, another class, outside allclose(1e-3, 1e-5)"
  }

  private func section(_ title: String, _ lines: [String]) -> [String] {
    guard !lines.isEmpty else { return [] }
    return ["", title]
      + lines.flatMap { line in
        TextColumns.folded(line.oneLine.shortened(to: 500), width: TextColumns.width - 4)
          .enumerated().map { ($0 == 0 ? "  " : "    ") + $1 }
      }
  }

  private var missed: [String] {
    record.findings.filter { $0.outcome == .missed }.map { "\($0.fault)@\($0.endPoint)" }
  }

  private var misplaced: [String] {
    record.findings.filter { $0.outcome == .caught && !$0.isInRightPlace }.map {
      "\($0.fault)@\($0.endPoint): \($0.divergence?.rawValue ?? "nowhere")"
    }
  }

  /// One line for every fault and reason, with its layers.
  private var equivalent: [String] {
    faults.flatMap { fault -> [String] in
      let own = fault.findings.filter { $0.outcome == .equivalent }
      return Set(own.compactMap(\.reason)).sorted().map { reason in
        let places = own.filter { $0.reason == reason }.map(\.endPoint.rawValue)
        let list = places.count > 3 ? "\(places.count) layers" : places.joined(separator: ", ")
        return "\(fault.name) in \(list): \(reason)"
      }
    }
  }

  private var sensitivities: [String] {
    record.measures.map { measure in
      let own = record.sensitivities.filter { $0.measure == measure }
      let sizes = own.compactMap(\.smallest)
      let unseen = own.count - sizes.count
      let worst = own.max { ($0.smallest ?? 0) < ($1.smallest ?? 0) }
      return measure.leftAligned(24) + "\(sizes.min().map { format($0) } ?? "-") to "
        + "\(sizes.max().map { format($0) } ?? "-")"
        + (worst.map { " (\($0.endPoint))" } ?? "")
        + (unseen > 0 ? "; not seen in \(unseen) layers" : "")
    }
  }

  private var controls: [String] {
    record.controls.map { control in
      let alarms = control.alarms.isEmpty ? "no alarm" : control.alarms.joined(separator: "; ")
      let checks = control.usual.names
      let usual = checks.isEmpty ? "" : " (but from \(checks.joined(separator: ", ")))"
      return "\(control.subject.summary): \(control.judged) judged, \(alarms)\(usual)"
    }
  }

  /// What the matrix comes to.
  public var rates: String {
    let rates = record.rates
    let equivalent = record.findings.count - rates.real
    return
      "\(record.findings.count) mistakes in \(format(record.seconds)) s, \(equivalent) equivalent\n"
      + "causes named  \(of(rates.diagnosed, rates.diagnosable)), "
      + "\(rates.certain) with certainty, \(rates.misdiagnosed) wrongly so\n"
      + "caught        \(of(rates.caught, rates.real))\n"
      + "right layer   \(of(rates.inRightPlace, rates.caught))\n"
      + "false alarms  \(rates.falseAlarms) of \(rates.controls)"
  }

  private func of(_ part: Int, _ whole: Int) -> String {
    let share = whole > 0 ? " (\(format(100 * Double(part) / Double(whole))) %)" : ""
    return "\(part) of \(whole)\(share)"
  }
}
