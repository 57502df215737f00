import Conformance

/// A record beside a baseline as a self-contained HTML page, with the style of the report on a record:
/// what moved, layers by gates, every figure.
struct BaselinePage {
  let style = HTMLStyle.text
  let words: PageWords
  let title: String
  let sign: String
  let line: String
  let record: String?
  let facts: [FactView]
  let moved: [FigureView]
  let latency: [LatencyView]
  let obstacle: String?
  let hasMoved: Bool
  let hasLatency: Bool
  let gates: [GateColumn]
  let rows: [GridRow]
  let legend = Movement.legend
  let figures: [FigureView]

  struct GateColumn {
    let gate: String
    let title: String
  }

  init(_ report: BaselineReport, record: String?) {
    let comparison = report.comparison
    words = PageWords(report.words)
    title = comparison.passes ? "No regression" : "Regression"
    sign = comparison.passes ? "pass" : "fail"
    line = report.line.shortened(to: 500)
    self.record = record
    facts = Self.facts(comparison)
    moved = report.notable.map { FigureView($0, report) }
    hasMoved = !moved.isEmpty
    latency = comparison.latency?.changes.map(LatencyView.init) ?? []
    obstacle = comparison.latency?.obstacle
    hasLatency = comparison.latency != nil
    figures = comparison.changes.map { FigureView($0, report) }
    let names = Set(comparison.changes.map(\.gate)).sorted()
    gates = names.map {
      GateColumn(gate: $0.shortened(to: 20), title: Gate(rawValue: $0)?.title ?? "")
    }
    rows = Self.rows(report, gates: names)
  }

  private static func facts(_ comparison: BaselineComparison) -> [FactView] {
    let baseline = comparison.baseline
    let margins = comparison.margins
    return [
      FactView(
        term: "Subject",
        text: [baseline.subject.name, baseline.subject.isa].compactMap { $0 }
          .joined(separator: ", ")),
      FactView(term: "Verdict", text: comparison.verdictLine),
      FactView(term: "Checkpoint", text: baseline.checkpoint.name),
      FactView(term: "Profile", text: baseline.profile.name),
      FactView(term: "Baseline by", text: "Assay \(baseline.assayVersion)"),
      FactView(
        term: "Margin",
        text: "worse is more than \(Wording.figure(margins.factor)) times as much, and a "
          + "difference of more than \(Wording.share(margins.floor)) of the limit"),
    ].map { FactView(term: $0.term, text: $0.text.shortened(to: 500)) }
  }

  /// Of every layer and gate the figure that moved most.
  private static func rows(_ report: BaselineReport, gates: [String]) -> [GridRow] {
    var order: [String] = []
    var changes: [String: [String: [BaselineComparison.Change]]] = [:]
    for change in report.comparison.changes {
      if changes[change.endPoint] == nil { order.append(change.endPoint) }
      changes[change.endPoint, default: [:]][change.gate, default: []].append(change)
    }
    return order.map { endPoint in
      GridRow(
        name: endPoint.shortened(to: 60),
        cells: gates.map { cell(changes[endPoint]?[$0] ?? [], report) })
    }
  }

  private static func cell(
    _ changes: [BaselineComparison.Change], _ report: BaselineReport
  ) -> GridCell {
    guard let most = changes.max(by: { Movement($0).rank < Movement($1).rank }) else {
      return GridCell(text: "", style: "", words: "not judged")
    }
    let words = "\(most.measure.shortened(to: 120)): \(report.figures(most))"
    return GridCell(text: Movement(most).text, style: Movement(most).style, words: words)
  }
}

/// How a figure moved, for a cell.
private struct Movement {
  private let change: BaselineComparison.Change

  init(_ change: BaselineComparison.Change) { self.change = change }

  /// The graver, and among equals the larger the factor, the more worth a look.
  var rank: (Int, Double) {
    let factor = change.factor ?? .infinity
    switch change.direction {
    case .same: return (0, max(factor, 1 / factor))
    case .added: return (1, 1)
    case .better: return (2, 1 / factor)
    case .worse: return (3, factor)
    case .removed: return (4, 1)
    }
  }

  /// `=`, `1.04×`, `2.6×`, `gone`.
  var text: String {
    switch change.direction {
    case .removed: return "gone"
    case .added: return "new"
    case .same where change.factor == 1: return "="
    case .same, .worse, .better:
      let factor = change.factor ?? 1
      return factor.isFinite ? "\(Wording.figure(factor))×" : "∞"
    }
  }

  var style: String {
    switch change.direction {
    case .same: return change.factor == 1 ? "u0" : "u1"
    case .added: return "u2"
    case .better: return "u4"
    case .worse: return (change.factor ?? .infinity) > 10 ? "u8 beyond" : "u7 beyond"
    case .removed: return "u-none beyond"
    }
  }

  static let legend = [
    Shade.LegendEntry(style: "u0", label: "= to the bit"),
    Shade.LegendEntry(style: "u1", label: "within the margin"),
    Shade.LegendEntry(style: "u4", label: "better"),
    Shade.LegendEntry(style: "u7", label: "worse"),
    Shade.LegendEntry(style: "u8", label: "more than 10× worse"),
    Shade.LegendEntry(style: "u2", label: "new"),
  ]
}

extension BaselinePage {
  /// One figure then and now.
  struct FigureView {
    let sign: String
    let style: String
    let endPoint: String
    let gate: String
    let measure: String
    let old: String
    let new: String
    let factor: String
    let oldShare: String
    let newShare: String
    let caseName: String

    init(_ change: BaselineComparison.Change, _ report: BaselineReport) {
      sign = report.sign(change)
      style =
        change.isRegression ? "over" : change.direction == .better ? "pass" : ""
      endPoint = change.endPoint.shortened(to: 60)
      gate = change.gate.shortened(to: 20)
      measure = change.measure.shortened(to: 120)
      old = Wording.figure(change.old?.value)
      new = Wording.figure(change.new?.value)
      factor = report.factor(change)
      oldShare = Wording.share(change.old?.share)
      newShare = Wording.share(change.new?.share)
      caseName = (change.new ?? change.old)?.caseName.shortened(to: 60) ?? Wording.none
    }
  }

  /// One shape then and now.
  struct LatencyView {
    let name: String
    let style: String
    let old: String
    let new: String
    let factor: String

    init(_ change: LatencyComparison.Change) {
      func range(_ figure: BaselineLatency.Figure) -> String {
        "\(Wording.figure(figure.median)) (\(Wording.figure(figure.least)) to "
          + "\(Wording.figure(figure.most)))"
      }
      name = change.old.name
      style = change.isRegression ? "over" : ""
      old = range(change.old)
      new = change.new.map(range) ?? "not measured any more"
      factor = change.factor.map { "\(Wording.figure($0))x" } ?? Wording.none
    }
  }

  static let template = """
    {{> head}}
    <header class="verdict {{sign}}">
    <p class="eyebrow">Assay: is it any worse than the baseline?</p>
    <h1>{{title}}</h1>
    <p class="strong">{{line}}</p>
    <dl class="facts">
    {{#facts}}
    <div><dt>{{term}}</dt><dd>{{text}}</dd></div>
    {{/facts}}
    </dl>
    {{#record}}<nav aria-label="Reports"><ul><li><a href="{{.}}">The record's own report</a></li></ul></nav>{{/record}}
    </header>
    <main>
    <section aria-labelledby="moved-title">
    <h2 id="moved-title">What moved</h2>
    {{^hasMoved}}<p class="lead">Nothing by more than the margin.</p>{{/hasMoved}}
    {{#hasMoved}}
    <p class="lead">The worst first. Used: the share of its limit.</p>
    <div class="scroll" tabindex="0" role="group" aria-label="Table of what moved">
    <table class="figures">
    <thead>{{> baselineColumns}}</thead>
    <tbody>
    {{#moved}}
    {{> baselineFigure}}
    {{/moved}}
    </tbody>
    </table>
    </div>
    {{/hasMoved}}
    </section>
    {{#hasLatency}}
    <section aria-labelledby="latency-title">
    <h2 id="latency-title">Latency</h2>
    {{#obstacle}}<p class="lead">Not compared: {{.}}.</p>{{/obstacle}}
    {{^obstacle}}
    <p class="lead">Fastest call, as a multiple of the time that its multiply-adds take at the peak rate of the same run: the median of several rounds, with the smallest and the largest.</p>
    <div class="scroll" tabindex="0" role="group" aria-label="Table of latency">
    <table class="figures">
    <thead><tr><th scope="col">images</th><th scope="col" class="n">baseline</th><th scope="col" class="n">now</th><th scope="col" class="n">factor</th></tr></thead>
    <tbody>
    {{#latency}}
    <tr><th scope="row">{{name}}</th><td class="n">{{old}}</td><td class="n {{style}}">{{new}}</td><td class="n {{style}}">{{factor}}</td></tr>
    {{/latency}}
    </tbody>
    </table>
    </div>
    {{/obstacle}}
    </section>
    {{/hasLatency}}
    <section aria-labelledby="grid-title">
    <h2 id="grid-title">{{words.titleLayers}} × gates</h2>
    <p class="lead">Now / then, of the gate's figure that moved most. Pointing at a cell shows the figure.</p>
    <div class="scroll" tabindex="0" role="group" aria-label="{{words.titleLayers}} by gates">
    <table class="heat">
    <thead><tr><th scope="col" class="pin">{{words.endPoint}}</th>{{#gates}}<th scope="col" title="{{title}}">{{gate}}</th>{{/gates}}</tr></thead>
    <tbody>
    {{#rows}}
    <tr><th scope="row" class="pin">{{name}}</th>{{#cells}}<td class="{{style}}" title="{{words}}">{{text}}</td>{{/cells}}</tr>
    {{/rows}}
    </tbody>
    </table>
    </div>
    <ul class="legend" aria-label="How figures moved">
    {{#legend}}
    <li><span class="swatch {{style}}" aria-hidden="true"></span>{{label}}</li>
    {{/legend}}
    </ul>
    </section>
    <section aria-labelledby="figures-title">
    <h2 id="figures-title">Every figure</h2>
    <p class="lead">The worst of all cases.</p>
    <div class="scroll" tabindex="0" role="group" aria-label="Table of all figures">
    <table class="figures">
    <thead>{{> baselineColumns}}</thead>
    <tbody>
    {{#figures}}
    {{> baselineFigure}}
    {{/figures}}
    </tbody>
    </table>
    </div>
    </section>
    </main>
    <footer>
    <p>{{line}}</p>
    </footer>
    </body>
    </html>

    """

  static let columns = """
    <tr><th scope="col"><span class="hidden">Moved</span></th><th scope="col">{{words.endPoint}}</th><th scope="col">gate</th><th scope="col">figure</th><th scope="col" class="n">baseline</th><th scope="col" class="n">now</th><th scope="col" class="n">factor</th><th scope="col" class="n">used then</th><th scope="col" class="n">used now</th><th scope="col">case</th></tr>
    """

  static let row = """
    <tr><td class="{{style}}">{{sign}}</td><th scope="row">{{endPoint}}</th><td>{{gate}}</td><td class="wrap wide">{{measure}}</td><td class="n">{{old}}</td><td class="n {{style}}">{{new}}</td><td class="n {{style}}">{{factor}}</td><td class="n">{{oldShare}}</td><td class="n">{{newShare}}</td><td>{{caseName}}</td></tr>

    """
}

extension BaselineReport {
  /// The comparison as an HTML page that needs no network and no JavaScript.
  ///
  /// - Parameter record: Where the record's own page is, as seen from this one.
  /// - Throws: Only if a template of this module is malformed.
  public func html(record: String? = nil) throws -> String {
    try HTMLTemplates.render(BaselinePage(self, record: record), HTMLTemplates.baseline)
  }
}
