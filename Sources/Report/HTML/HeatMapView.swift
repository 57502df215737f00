import Conformance

/// Cases by end points: how much of its limits each one used. Where the cases are the sizes of a sweep,
/// they are in order of size.
struct HeatMapView {
  let title: String
  let columns: [Column]
  let rows: [Row]
  let legend = Shade.legend

  struct Column {
    let anchor: String
    let name: String
    let shortName: String
  }

  struct Row {
    let anchor: String
    let name: String
    let cells: [Cell]
  }

  struct Cell {
    let style: String
    let beyond: Bool
    let text: String
    let words: String
  }

  init(_ record: ConformanceRecord, _ words: PageWords, layers: [LayerDigest]) {
    columns = layers.map {
      Column(anchor: $0.anchor, name: $0.name, shortName: $0.shortName)
    }
    let isSweep = SweepOrder.isSweep(record.cases)
    title = "\(isSweep ? "Sizes" : "Cases") × \(words.endPoints)"
    let places = Array(record.cases.indices)
    rows = (isSweep ? SweepOrder.places(record.cases) : places).map { index in
      let item = record.cases[index]
      return Row(
        anchor: CasesView.anchor(index), name: item.name.shortened(to: 40),
        cells: layers.map { layer in
          Self.cell(layer.entries.first { $0.caseIndex == index }?.record)
        })
    }
  }

  private static func cell(_ record: EndPointRecord?) -> Cell {
    guard let record else {
      return Cell(style: "u-none", beyond: false, text: "", words: "not judged")
    }
    let tightest = record.gates.compactMap { gate in gate.utilisation.map { (gate.gate, $0) } }
      .max { $0.1.rank < $1.1.rank }
    let share = Wording.share(tightest?.1)
    let isPlain = record.status == .pass || record.status == .fail
    return Cell(
      style: Shade.style(tightest?.1), beyond: !record.status.conforms,
      text: isPlain ? share : StatusView(record.status).sign,
      words: "\(record.status.rawValue)"
        + (tightest.map { ", \($0.0.rawValue) \(share)" } ?? ""))
  }
}

extension HeatMapView {
  static let template = """
    <section id="heat-map" aria-labelledby="heat-map-title">
    <h2 id="heat-map-title">{{title}}</h2>
    <p class="lead">The largest share of a limit that any gate used, in per cent, or in multiples (×) of the limit where it is exceeded. Hatched: does not pass. ? mistrusted, ○ not run, ! harness error.</p>
    <div class="scroll" tabindex="0" role="group" aria-label="{{title}}">
    <table class="heat">
    <thead><tr><th scope="col" class="pin">case</th>{{#columns}}<th scope="col"><a href="#{{anchor}}"><span class="hidden">{{name}}</span><span class="up" aria-hidden="true">{{shortName}}</span></a></th>{{/columns}}</tr></thead>
    <tbody>
    {{#rows}}
    <tr><th scope="row" class="pin"><a href="#{{anchor}}">{{name}}</a></th>{{#cells}}<td class="{{style}}{{#beyond}} beyond{{/beyond}}" title="{{words}}">{{text}}</td>{{/cells}}</tr>
    {{/rows}}
    </tbody>
    </table>
    </div>
    {{> legend}}
    </section>
    """
}
