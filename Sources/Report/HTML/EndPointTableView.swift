import Conformance

/// All end points, worst of all cases: the table to sort and filter.
struct EndPointTableView {
  let groups: [ColumnGroup]
  let columns: [Column]
  let rows: [Row]
  let caseCount: String
  let statuses: [String]

  struct Column {
    let title: String
    let limit: String
  }

  struct Row {
    let number: Int
    let anchor: String
    let name: String
    let shape: String
    let cells: [FigureCell]
    let status: StatusView
    let failing: String
  }

  init(_ record: ConformanceRecord, layers: [LayerDigest]) {
    let figures = Figure.columns
    groups = ColumnGroup.groups(of: figures)
    columns = figures.map { figure in
      Column(
        title: figure.title,
        limit: figure.limit.map { Wording.figure($0(record.profile)) } ?? "")
    }
    rows = layers.map { layer in
      Row(
        number: layer.index, anchor: layer.anchor, name: layer.name,
        shape: Wording.shape(layer.shape),
        cells: figures.map { Self.cell($0, layer, record.profile) },
        status: StatusView(layer.summary.status),
        failing: layer.summary.failingGates.map(\.rawValue).joined(separator: " "))
    }
    caseCount = Wording.count(record.cases.count, "case", "cases")
    let present = Set(layers.map(\.summary.status))
    statuses = Status.allCases.filter(present.contains).map(\.rawValue)
  }

  private static func cell(
    _ figure: Figure, _ layer: LayerDigest, _ profile: Profile
  ) -> FigureCell {
    let worst = layer.worst(figure.value)
    return FigureCell(
      worst?.value, limit: figure.limit?(profile), hint: worst?.caseName.shortened(to: 60) ?? "")
  }
}

extension EndPointTableView {
  static let template = """
    <section id="end-points" aria-labelledby="end-points-title">
    <h2 id="end-points-title">{{words.titleEndPoints}}</h2>
    <p class="lead">Each figure is the worst of {{caseCount}}; pointing at it shows which. Figures beyond their limit are bold and marked ✕.</p>
    <p class="tools" hidden="hidden"><label>Filter <input type="search" id="filter-name" placeholder="pointwise" autocomplete="off"/></label> <label>Status <select id="filter-status"><option value="">any</option>{{#statuses}}<option>{{.}}</option>{{/statuses}}</select></label> <span id="filter-count" role="status"></span></p>
    <div class="scroll" tabindex="0" role="group" aria-label="Table of {{words.endPoints}}">
    <table class="figures sortable" id="end-point-table">
    <thead>
    <tr><td colspan="3"></td>{{#groups}}<th scope="colgroup" colspan="{{span}}">{{title}}</th>{{/groups}}<td></td></tr>
    <tr class="sort"><th scope="col" class="n">#</th><th scope="col" class="pin">{{words.endPoint}}</th><th scope="col">shape</th>{{#columns}}<th scope="col" class="n">{{title}}</th>{{/columns}}<th scope="col">status</th></tr>
    <tr class="limits"><td></td><th scope="row" class="pin">limit</th><td></td>{{#columns}}<td class="n">{{limit}}</td>{{/columns}}<td></td></tr>
    </thead>
    <tbody>
    {{#rows}}
    <tr data-name="{{name}}" data-status="{{status.name}}"><td class="n muted" data-v="{{number}}">{{number}}</td><th scope="row" class="pin"><a href="#{{anchor}}">{{name}}</a></th><td class="nowrap muted">{{shape}}</td>{{#cells}}<td class="n{{#over}} over{{/over}}" data-v="{{machine}}" title="{{hint}}">{{#over}}✕ {{/over}}{{text}}</td>{{/cells}}<td class="nowrap {{status.style}}">{{status.sign}} {{status.name}} {{failing}}</td></tr>
    {{/rows}}
    </tbody>
    </table>
    </div>
    </section>
    """
}
