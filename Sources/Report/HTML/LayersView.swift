import Conformance

/// A section for each layer, folded until asked for; those that go wrong by themselves are open.
struct LayersView {
  let layers: [LayerView]

  init(_ record: ConformanceRecord, _ words: PageWords, layers: [LayerDigest]) {
    let divergence = record.verdict.firstDivergence?.endPoint
    self.layers = layers.map {
      LayerView($0, in: record, words, isOpen: $0.failsByItself || $0.summary.name == divergence)
    }
  }
}

/// One layer: pictures of its errors, its worst elements, its gates, its cases.
struct LayerView {
  let anchor: String
  let name: String
  let shape: String
  let isOpen: Bool
  let status: StatusView
  let chips: [Chip]
  let criteria: [CriterionRow]
  let groups: [ColumnGroup]
  let columns: [String]
  let rows: [CaseRow]
  let comparisons: [ComparisonView]
  let distance: String?

  /// A gate in the line that is always visible.
  struct Chip {
    let gate: String
    let style: String
    let sign: String
    let share: String
  }

  /// A criterion of a gate, worst of all cases.
  struct CriterionRow {
    let gate: String
    let measure: String
    let value: String
    let limit: String
    let share: String
    let over: Bool
    let caseName: String
    let status: StatusView
    let note: String
  }

  /// The figures of one case.
  struct CaseRow {
    let anchor: String
    let name: String
    let cells: [FigureCell]
    let status: StatusView
  }
}

extension LayerView {
  init(
    _ layer: LayerDigest, in record: ConformanceRecord, _ words: PageWords, isOpen: Bool
  ) {
    anchor = layer.anchor
    name = layer.name
    shape = Wording.shape(layer.shape)
    self.isOpen = isOpen
    status = StatusView(layer.summary.status)
    chips = layer.gates.map { gate in
      Chip(
        gate: gate.gate.rawValue, style: Shade.style(gate.worst?.value),
        sign: StatusView(gate.status).sign, share: Wording.share(gate.worst?.value))
    }
    criteria = layer.gates.flatMap { Self.criteria(of: $0, layer) }
    groups = ColumnGroup.groups(of: Figure.columns)
    columns = Figure.columns.map(\.title)
    rows = layer.entries.map { entry in
      CaseRow(
        anchor: CasesView.anchor(entry.caseIndex), name: entry.caseName.shortened(to: 40),
        cells: Figure.columns.map {
          FigureCell($0.value(entry.record), limit: $0.limit?(record.profile))
        },
        status: StatusView(entry.record.status))
    }
    comparisons = [.isolated(words), .accumulated, .golden].compactMap {
      ComparisonView($0, of: layer, in: record)
    }
    distance = layer.worst { $0.referenceDistance }.map { Wording.figure($0.value) }
  }

  /// Every criterion of the gate with its worst case; of a gate that did not run, why.
  private static func criteria(
    of digest: LayerDigest.GateDigest, _ layer: LayerDigest
  ) -> [CriterionRow] {
    let results = layer.entries.flatMap { entry in
      entry.record.gates.filter { $0.gate == digest.gate }.map { (entry.caseName, $0) }
    }
    var measures: [String] = []
    for (_, result) in results {
      for criterion in result.criteria where !measures.contains(criterion.measure) {
        measures.append(criterion.measure)
      }
    }
    let note = results.compactMap(\.1.note).first?.shortened(to: 300) ?? ""
    guard !measures.isEmpty else {
      return [
        CriterionRow(
          gate: title(digest.gate), measure: "", value: Wording.none, limit: Wording.none,
          share: Wording.none, over: false, caseName: "", status: StatusView(digest.status),
          note: note)
      ]
    }
    return measures.compactMap { measure in
      row(measure, of: digest, in: results, note: note)
    }
  }

  private static func row(
    _ measure: String, of digest: LayerDigest.GateDigest, in results: [(String, GateResult)],
    note: String
  ) -> CriterionRow? {
    let candidates = results.compactMap { name, result in
      result.criteria.first { $0.measure == measure }.map { (name, $0, result.status) }
    }
    guard
      let (name, criterion, status) = candidates.max(by: {
        ($0.1.value / $0.1.limit).rank < ($1.1.value / $1.1.limit).rank
      })
    else { return nil }
    return CriterionRow(
      gate: title(digest.gate), measure: measure.shortened(to: 120),
      value: Wording.figure(criterion.value), limit: Wording.figure(criterion.limit),
      share: Wording.share(criterion.value == 0 ? 0 : criterion.value / criterion.limit),
      over: !criterion.holds, caseName: name.shortened(to: 40), status: StatusView(status),
      note: note)
  }

  private static func title(_ gate: Gate) -> String { "\(gate.rawValue) \(gate.title)" }
}

extension LayersView {
  static let template = """
    <section id="layers" aria-labelledby="layers-title">
    <h2 id="layers-title">{{words.titleLayer}} by {{words.layer}}</h2>
    <p class="tools" hidden="hidden"><button type="button" id="open-all">Unfold all</button> <button type="button" id="close-all">Fold all</button></p>
    {{#layers}}
    {{> layer}}
    {{/layers}}
    </section>
    """
}

extension LayerView {
  static let template = """
    <details class="layer" id="{{anchor}}"{{#isOpen}} open="open"{{/isOpen}}>
    <summary><span class="{{status.style}} state">{{status.sign}} {{status.name}}</span> <span class="title">{{name}}</span> <span class="muted shape">{{shape}}</span> <span class="chips">{{#chips}}<span class="chip {{style}}">{{gate}} {{sign}} {{share}}</span> {{/chips}}</span></summary>
    {{#comparisons}}{{> comparison}}{{/comparisons}}
    <div class="scroll" tabindex="0" role="group" aria-label="Gates of {{name}}">
    <table class="figures">
    <caption>Gates, worst of all cases</caption>
    <thead><tr><th scope="col">gate</th><th scope="col">criterion</th><th scope="col" class="n">figure</th><th scope="col" class="n">limit</th><th scope="col" class="n">used</th><th scope="col">case</th><th scope="col">status</th><th scope="col">note</th></tr></thead>
    <tbody>
    {{#criteria}}
    <tr><th scope="row">{{gate}}</th><td class="wide">{{measure}}</td><td class="n{{#over}} over{{/over}}">{{value}}</td><td class="n">{{limit}}</td><td class="n">{{share}}</td><td class="wrap">{{caseName}}</td><td class="nowrap {{status.style}}">{{status.sign}} {{status.name}}</td><td class="wide">{{note}}</td></tr>
    {{/criteria}}
    </tbody>
    </table>
    </div>
    {{#.distance}}<p class="muted">The reference's chain is {{.}} (relative L2) from TensorFlow's float64 here.</p>{{/.distance}}
    <div class="scroll" tabindex="0" role="group" aria-label="Cases of {{name}}">
    <table class="figures sortable">
    <caption>Every case</caption>
    <thead>
    <tr><td></td>{{#groups}}<th scope="colgroup" colspan="{{span}}">{{title}}</th>{{/groups}}<td></td></tr>
    <tr class="sort"><th scope="col" class="pin">case</th>{{#columns}}<th scope="col" class="n">{{.}}</th>{{/columns}}<th scope="col">status</th></tr>
    </thead>
    <tbody>
    {{#rows}}
    <tr><th scope="row" class="pin"><a href="#{{anchor}}">{{name}}</a></th>{{#cells}}<td class="n{{#over}} over{{/over}}" data-v="{{machine}}">{{#over}}✕ {{/over}}{{text}}</td>{{/cells}}<td class="nowrap {{status.style}}">{{status.sign}} {{status.name}}</td></tr>
    {{/rows}}
    </tbody>
    </table>
    </div>
    </details>
    """
}
