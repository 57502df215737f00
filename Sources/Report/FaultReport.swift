import Conformance

/// The detection matrix for a terminal: one line per fault over all layers, at most 100 columns wide.
public struct FaultReport {
  private let record: FaultRecord

  public init(_ record: FaultRecord) {
    self.record = record
  }

  /// The whole text; the rates come last.
  public func render() -> String {
    ([provenance, "", header] + faults.map(row) + ["", legend] + section("not caught", missed)
      + section("caught in another layer", misplaced)
      + section("equivalent: nothing to catch", equivalent)
      + section("smallest mistake that is seen, over all layers", sensitivities)
      + section("correct subjects", controls) + ["", rates])
      .joined(separator: "\n")
  }

  private var provenance: String {
    "base        \(record.base.description)\n"
      + "goldens     \(record.goldens.map(\.file).joined(separator: ", "))\n"
      + "cases       \(record.cases.joined(separator: ", "))"
  }

  private var header: String {
    "fault".leftAligned(29)
      + ["layers", "caught", "placed", "named", "excess"].map { $0.rightAligned(7) }
      .joined() + "  " + "gates".leftAligned(15) + "cosine".rightAligned(7)
      + "top-1".rightAligned(7)
      + "close".rightAligned(7)
  }

  /// Faults in the order in which they are found.
  private var faults: [String] {
    var seen: Set<String> = []
    return record.findings.map(\.fault).filter { seen.insert($0).inserted }
      .sorted { rank($0) < rank($1) }
  }

  private func rank(_ name: String) -> Int {
    Faults.all.firstIndex { $0.name == name } ?? Faults.all.count
  }

  private func row(_ fault: String) -> String {
    let all = record.findings.filter { $0.fault == fault }
    let real = all.filter { $0.outcome != .equivalent }
    let caught = real.filter { $0.outcome == .caught }
    func share(_ holds: (FaultRecord.Finding) -> Bool) -> String {
      real.isEmpty ? "-" : "\(real.count(where: holds))/\(real.count)"
    }
    let gates = Set(caught.flatMap(\.gates)).sorted().map(\.rawValue).joined(separator: " ")
    let figures = [
      "\(all.count)", share { $0.outcome == .caught }, share(\.isInRightPlace),
      share(\.isDiagnosed), caught.compactMap(\.excess).min().map { format($0) } ?? "-",
    ]
    return fault.leftAligned(29) + figures.map { $0.rightAligned(7) }.joined() + "  "
      + gates.leftAligned(15)
      + [share(\.usual.cosine), share(\.usual.topClass), share(\.usual.allClose)]
      .map { $0.rightAligned(7) }.joined()
  }

  private var legend: String {
    "caught of those that are not equivalent; placed: the first divergence is the layer; named: the\n"
      + "diagnosis has the cause; excess: the least figure / limit; then what checks of the logits\n"
      + "catch: cosine < 0.999, another class, outside allclose(1e-3, 1e-5)"
  }

  private func section(_ title: String, _ lines: [String]) -> [String] {
    lines.isEmpty ? [] : ["", title] + lines.map { "  \($0)" }
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
      let own = record.findings.filter { $0.fault == fault && $0.outcome == .equivalent }
      return Set(own.compactMap(\.reason)).sorted().map { reason in
        let places = own.filter { $0.reason == reason }.map(\.endPoint.rawValue)
        let list = places.count > 3 ? "\(places.count) layers" : places.joined(separator: ", ")
        return "\(fault) in \(list): \(reason)"
      }
    }
  }

  private var sensitivities: [String] {
    var order: [String] = []
    for item in record.sensitivities where !order.contains(item.measure) {
      order.append(item.measure)
    }
    return order.map { measure in
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
      let checks = [
        (control.usual.cosine, "cosine"), (control.usual.topClass, "top-1"),
        (control.usual.allClose, "allclose"),
      ].filter(\.0).map(\.1)
      let usual = checks.isEmpty ? "" : " (but from \(checks.joined(separator: ", ")))"
      return "\(control.subject.description): \(control.judged) judged, \(alarms)\(usual)"
    }
  }

  private var rates: String {
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
