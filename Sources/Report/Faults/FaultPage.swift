import Conformance
import Foundation

/// The detection matrix as a self-contained HTML page, with the style of the report on a record: the
/// rates, mistakes by layers, every mistake, the smallest that are seen, correct subjects.
public struct FaultPage {
  let style = HTMLStyle.text
  let title = "Detection matrix"
  let sign: String
  let mark: String
  let facts: [FactView]
  let columns: [Column]
  let rows: [GridRow]
  let legend = Excess.legend
  let faults: [FaultView]
  let remarks: [Remarks]
  let measures: [GridRow]
  /// Whether any size was looked for.
  let hasMeasures: Bool
  let controls: [ControlView]

  struct Column {
    let name: String
    let shortName: String
  }

  /// The page; it needs no network and no JavaScript.
  ///
  /// - Throws: Only if a template of this module is malformed.
  public static func render(_ record: FaultRecord) throws -> String {
    try HTMLTemplates.render(FaultPage(record), HTMLTemplates.faults)
  }

  init(_ record: FaultRecord) {
    let endPoints = record.endPoints
    let digests = FaultDigest.all(of: record)
    sign = record.passes ? "pass" : "fail"
    mark = Self.mark(record)
    facts = Self.facts(record).map { FactView(term: $0, text: $1.shortened(to: 500)) }
    columns = endPoints.map {
      Column(name: $0.rawValue.shortened(to: 60), shortName: $0.shortName)
    }
    rows = digests.map { fault in
      let findings = Dictionary(
        fault.findings.map { ($0.endPoint, $0) }, uniquingKeysWith: { first, _ in first })
      return GridRow(
        name: fault.name.shortened(to: 40), cells: endPoints.map { Self.cell(findings[$0]) })
    }
    faults = digests.map(FaultView.init)
    remarks = Remarks.all(record)
    measures = record.measures.map { measure in
      let sizes = Dictionary(
        record.sensitivities.filter { $0.measure == measure }.map { ($0.endPoint, $0) },
        uniquingKeysWith: { first, _ in first })
      return GridRow(
        name: measure.shortened(to: 60), cells: endPoints.map { Self.size(sizes[$0]) })
    }
    hasMeasures = !measures.isEmpty
    controls = record.controls.map(ControlView.init)
  }

  private static func mark(_ record: FaultRecord) -> String {
    let rates = record.rates
    let missed = rates.real - rates.caught
    let caught =
      missed == 0
      ? "Every one of \(Wording.grouped(rates.real)) mistakes is caught"
      : "\(Wording.grouped(missed)) of \(Wording.grouped(rates.real)) mistakes are not caught"
    let alarms =
      rates.falseAlarms == 0
      ? "no correct subject is accused"
      : Wording.count(rates.falseAlarms, "false alarm", "false alarms")
    return "\(caught); \(alarms)."
  }

  private static func facts(_ record: FaultRecord) -> [(String, String)] {
    let rates = record.rates
    let real = record.findings.filter { $0.outcome != .equivalent }
    func usual(_ name: String, _ holds: (FaultRecord.UsualChecks) -> Bool) -> String {
      "\(name) \(of(real.count { holds($0.usual) }, real.count))"
    }
    return [
      (
        "Mistakes",
        "\(Wording.grouped(record.findings.count)), of which "
          + "\(Wording.grouped(record.findings.count - rates.real)) change nothing on any data"
      ),
      ("Caught", of(rates.caught, rates.real)),
      ("In its layer", of(rates.inRightPlace, rates.caught)),
      (
        "Cause named",
        "\(of(rates.diagnosed, rates.diagnosable)), \(rates.certain) with certainty, "
          + "\(rates.misdiagnosed) wrongly so"
      ),
      ("False alarms", "\(rates.falseAlarms) of \(Wording.grouped(rates.controls))"),
      (
        "Customary",
        "checks of the logits would have caught: "
          + [
            usual("cosine < 0.999", \.cosine), usual("another top-1", \.topClass),
            usual("allclose(1e-3, 1e-5)", \.allClose),
          ].joined(separator: "; ")
      ),
      ("Base", record.base.summary), ("Cases", record.cases.joined(separator: ", ")),
      ("Goldens", record.goldens.map(\.file).joined(separator: ", ")),
      ("Profile", record.profile.name),
      ("Assay", "\(record.assayVersion), \(record.startedAt), \(Wording.seconds(record.seconds))"),
    ]
  }

  /// `612 of 640 (95.6 %)`, never rounded up to all.
  static func of(_ part: Int, _ whole: Int) -> String {
    let text = "\(Wording.grouped(part)) of \(Wording.grouped(whole))"
    guard whole > 0 else { return text }
    let permille = (1000 * part) / whole
    return "\(text) (\(permille / 10).\(permille % 10) %)"
  }

  private static func cell(_ finding: FaultRecord.Finding?) -> GridCell {
    guard let finding else {
      return GridCell(text: "", style: "", words: "cannot be made in this layer")
    }
    let place = finding.endPoint.rawValue.shortened(to: 60)
    switch finding.outcome {
    case .missed: return GridCell(text: "✕", style: "u8 beyond", words: "\(place): not caught")
    case .equivalent:
      return GridCell(
        text: "≡", style: "u-none",
        words: "\(place): equivalent; \(finding.reason?.shortened(to: 200) ?? "no reason given")")
    case .caught:
      let gates = finding.gates.map(\.rawValue).joined(separator: " ")
      let excess = Wording.share(finding.excess)
      let elsewhere = finding.divergence?.rawValue.shortened(to: 60) ?? "no layer"
      let words = [
        "\(place): caught by \(gates), \(excess) the limit",
        finding.caseName.map { "in case \($0.shortened(to: 60))" },
        finding.isInRightPlace ? nil : "blamed on \(elsewhere)",
        finding.isDiagnosed ? "cause named" : nil,
      ]
      return GridCell(
        text: excess + (finding.isInRightPlace ? "" : "*"), style: Excess.style(finding.excess),
        words: words.compactMap { $0 }.joined(separator: ", "))
    }
  }

  private static func size(_ item: FaultRecord.Sensitivity?) -> GridCell {
    guard let item else {
      return GridCell(text: "", style: "", words: "cannot be made in this layer")
    }
    let place = item.endPoint.rawValue.shortened(to: 60)
    guard let smallest = item.smallest else {
      return GridCell(text: "✕", style: "u8 beyond", words: "\(place): not even 1 is seen")
    }
    // The smaller the mistake that is seen, the stronger the colour.
    let exponent = Int(-log2(smallest).rounded())
    let steps = [4, 8, 12, 16, 20]
    return GridCell(
      text: exponent == 0 ? "1" : "-\(exponent)",
      style: "u\(steps.firstIndex { exponent <= $0 } ?? steps.count)",
      words: "\(place): \(Wording.figure(smallest)) is seen")
  }
}

/// Colour of a caught mistake: how far beyond its limit it is, in steps of decades. All are caught, so
/// none has the colours of failure.
enum Excess {
  private static let steps: [(limit: Double, label: String)] = [
    (2, "≤ 2×"), (10, "≤ 10×"), (100, "≤ 100×"), (10_000, "≤ 10k×"),
  ]

  static func style(_ excess: Double?) -> String {
    guard let excess else { return "u1" }
    return "u\(1 + (steps.firstIndex { excess <= $0.limit } ?? steps.count))"
  }

  static let legend =
    steps.enumerated().map { Shade.LegendEntry(style: "u\($0 + 1)", label: $1.label) } + [
      Shade.LegendEntry(style: "u\(steps.count + 1)", label: "more"),
      Shade.LegendEntry(style: "u-none", label: "≡ equivalent"),
      Shade.LegendEntry(style: "u8", label: "✕ not caught"),
    ]
}

extension FaultPage {
  /// One mistake over all layers.
  struct FaultView {
    let name: String
    let summary: String
    let layers: Int
    let caught: String
    let placed: String
    let named: String
    let excess: String
    let gates: String
    let cosine: String
    let topClass: String
    let allClose: String

    init(_ fault: FaultDigest) {
      name = fault.name.shortened(to: 40)
      summary = fault.summary.shortened(to: 200)
      layers = fault.findings.count
      caught = fault.share { $0.outcome == .caught }
      placed = fault.share(\.isInRightPlace)
      named = fault.share(\.isDiagnosed)
      excess = fault.leastExcess.map { Wording.share($0) } ?? Wording.none
      gates = fault.gates.map(\.rawValue).joined(separator: " ")
      cosine = fault.share(\.usual.cosine)
      topClass = fault.share(\.usual.topClass)
      allClose = fault.share(\.usual.allClose)
    }
  }

  /// Mistakes that need a word.
  struct Remarks {
    let title: String
    let lines: [String]

    /// Those that there are.
    static func all(_ record: FaultRecord) -> [Remarks] {
      func place(_ finding: FaultRecord.Finding) -> String {
        "\(finding.fault) in \(finding.endPoint)".shortened(to: 120)
      }
      let missed = record.findings.filter { $0.outcome == .missed }
      let misplaced = record.findings.filter { $0.outcome == .caught && !$0.isInRightPlace }
      let misdiagnosed = record.findings.filter(\.isMisdiagnosed)
      return [
        Remarks(title: "Not caught", lines: missed.map(place)),
        Remarks(
          title: "Blamed on another layer",
          lines: misplaced.map {
            "\(place($0)): \($0.divergence?.rawValue.shortened(to: 60) ?? "nowhere")"
          }),
        Remarks(
          title: "Another cause named with certainty",
          lines: misdiagnosed.map {
            "\(place($0)): \($0.diagnosis?.summary.shortened(to: 300) ?? "")"
          }),
      ].filter { !$0.lines.isEmpty }
    }
  }

  /// A correct subject.
  struct ControlView {
    let name: String
    let judged: Int
    let style: String
    let alarms: String
    let usual: String

    init(_ control: FaultRecord.Control) {
      name = control.subject.summary.shortened(to: 200)
      judged = control.judged
      style = control.alarms.isEmpty ? "pass" : "fail"
      alarms =
        control.alarms.isEmpty
        ? "none" : control.alarms.joined(separator: "; ").shortened(to: 500)
      usual = control.usual.names.isEmpty ? "none" : control.usual.names.joined(separator: ", ")
    }
  }

  static let template = """
    {{> head}}
    <header class="verdict {{sign}}">
    <p class="eyebrow">Assay: does the suite see every known mistake?</p>
    <h1>{{title}}</h1>
    <p class="strong">{{mark}}</p>
    <dl class="facts">
    {{#facts}}
    <div><dt>{{term}}</dt><dd>{{text}}</dd></div>
    {{/facts}}
    </dl>
    </header>
    <main>
    <section aria-labelledby="matrix-title">
    <h2 id="matrix-title">Mistakes × layers</h2>
    <p class="lead">How many times its limit the clearest figure of a mistake comes to. Everything in blue is caught, the stronger the more clearly; * is blamed on another layer. Where a cell is empty, the mistake cannot be made. Pointing at a cell shows the gates and the case.</p>
    <div class="scroll" tabindex="0" role="group" aria-label="Mistakes by layers">
    <table class="heat">
    <thead><tr><th scope="col" class="pin">mistake</th>{{#columns}}<th scope="col"><span class="hidden">{{name}}</span><span class="up" aria-hidden="true">{{shortName}}</span></th>{{/columns}}</tr></thead>
    <tbody>
    {{#rows}}
    <tr><th scope="row" class="pin">{{name}}</th>{{#cells}}<td class="{{style}}" title="{{words}}">{{text}}</td>{{/cells}}</tr>
    {{/rows}}
    </tbody>
    </table>
    </div>
    <ul class="legend" aria-label="How far beyond its limit">
    {{#legend}}
    <li><span class="swatch {{style}}" aria-hidden="true"></span>{{label}}</li>
    {{/legend}}
    </ul>
    {{#remarks}}
    <h3 class="apart">{{title}}</h3>
    <ul class="lines">
    {{#lines}}
    <li>{{.}}</li>
    {{/lines}}
    </ul>
    {{/remarks}}
    </section>
    <section aria-labelledby="faults-title">
    <h2 id="faults-title">Every mistake</h2>
    <p class="lead">Shares are of the layers in which the mistake changes anything. Least: the smallest figure / limit that it is caught by. The last three columns are what customary checks of the logits would have caught: a cosine below 0.999, another top-1 class, values outside allclose(1e-3, 1e-5).</p>
    <div class="scroll" tabindex="0" role="group" aria-label="Table of mistakes">
    <table class="figures">
    <thead><tr><th scope="col" class="pin">mistake</th><th scope="col">what goes wrong</th><th scope="col" class="n">layers</th><th scope="col" class="n">caught</th><th scope="col" class="n">in its layer</th><th scope="col" class="n">named</th><th scope="col" class="n">least</th><th scope="col">gates</th><th scope="col" class="n">cosine</th><th scope="col" class="n">top-1</th><th scope="col" class="n">allclose</th></tr></thead>
    <tbody>
    {{#faults}}
    <tr><th scope="row" class="pin">{{name}}</th><td class="wrap wide">{{summary}}</td><td class="n">{{layers}}</td><td class="n">{{caught}}</td><td class="n">{{placed}}</td><td class="n">{{named}}</td><td class="n">{{excess}}</td><td class="nowrap">{{gates}}</td><td class="n">{{cosine}}</td><td class="n">{{topClass}}</td><td class="n">{{allClose}}</td></tr>
    {{/faults}}
    </tbody>
    </table>
    </div>
    </section>
    {{#hasMeasures}}
    <section aria-labelledby="sensitivity-title">
    <h2 id="sensitivity-title">How small a mistake may be</h2>
    <p class="lead">The smallest mistake that the layer's own gates still see, as a power of two: -12 is 2 to the power of -12. Float32 rounds at -24.</p>
    <div class="scroll" tabindex="0" role="group" aria-label="Smallest mistakes by layers">
    <table class="heat">
    <thead><tr><th scope="col" class="pin">what is changed</th>{{#columns}}<th scope="col"><span class="hidden">{{name}}</span><span class="up" aria-hidden="true">{{shortName}}</span></th>{{/columns}}</tr></thead>
    <tbody>
    {{#measures}}
    <tr><th scope="row" class="pin">{{name}}</th>{{#cells}}<td class="{{style}}" title="{{words}}">{{text}}</td>{{/cells}}</tr>
    {{/measures}}
    </tbody>
    </table>
    </div>
    </section>
    {{/hasMeasures}}
    <section aria-labelledby="controls-title">
    <h2 id="controls-title">Correct subjects</h2>
    <p class="lead">Nothing is wrong with these, so that every alarm is a false one.</p>
    <div class="scroll" tabindex="0" role="group" aria-label="Table of correct subjects">
    <table class="figures">
    <thead><tr><th scope="col">subject</th><th scope="col" class="n">judged</th><th scope="col">alarms of Assay</th><th scope="col">alarms of customary checks</th></tr></thead>
    <tbody>
    {{#controls}}
    <tr><th scope="row" class="wrap wide">{{name}}</th><td class="n">{{judged}}</td><td class="wrap {{style}}">{{alarms}}</td><td class="wrap">{{usual}}</td></tr>
    {{/controls}}
    </tbody>
    </table>
    </div>
    </section>
    </main>
    <footer>
    <p>{{mark}}</p>
    </footer>
    </body>
    </html>

    """
}
