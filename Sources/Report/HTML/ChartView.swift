import Conformance
import Foundation

/// One chart: figures along the network on a logarithmic axis.
///
/// Bold lines are the worst of all cases, faint ones the single cases.
struct ChartView {
  let id: String
  let title: String
  let about: String
  let width = Layout.width
  let height = Layout.height
  let left = Layout.left
  let top = Layout.top
  let right = Layout.right
  let bottom = Layout.bottom
  let plotWidth = Layout.right - Layout.left
  let plotHeight = Layout.bottom - Layout.top
  let ticks: [Tick]
  let names: [Name]
  let limits: [Limit]
  let lines: [Line]
  let singleCases: [SingleCase]
  let columns: [Column]

  struct Tick {
    let y: String
    let textY: String
    let label: String
  }

  struct Name {
    let x: String
    let text: String
  }

  struct Limit {
    let style: String
    let y: String
    let textY: String
    let label: String
  }

  struct Line {
    let style: String
    let label: String
    let path: String
    let marks: [Mark]
  }

  struct Mark {
    let x: String
    let y: String
    /// Where the value does not fit on the axis, what it is instead.
    let label: String?
  }

  struct SingleCase {
    let index: Int
    let lines: [Path]

    struct Path {
      let style: String
      let path: String
    }
  }

  /// An invisible strip over one layer that shows its figures when pointed at.
  struct Column {
    let x: String
    let width: String
    let words: String
  }

  /// What a chart shows.
  struct Content {
    let id: String
    let title: String
    let about: String
    let series: [Series]
  }

  /// A figure and how its line looks: the same all over the charts.
  struct Series {
    enum Style: String {
      case isolated = "s0"
      case accumulated = "s1"
      case golden = "s2"
      case accumulatedMean = "s3"
      case isolatedMean = "s4"
    }

    let label: String
    let figure: Figure
    let style: Style
  }

  enum Layout {
    static let width = 640
    static let height = 300
    static let left = 50
    static let right = 630
    static let top = 14
    static let bottom = 250
    /// That have room below the chart.
    static let names = 50
  }
}

extension ChartView {
  init(_ content: Content, record: ConformanceRecord, layers: [LayerDigest]) {
    let drawing = Drawing(content, record: record, layers: layers)
    id = content.id
    title = content.title
    about = content.about
    ticks = drawing.ticks
    // Of many points only some have room for their names.
    let every = (layers.count + Layout.names - 1) / Layout.names
    names = layers.filter { $0.index % every == 0 }.map { layer in
      Name(x: Drawing.text(drawing.x(layer.index)), text: layer.shortName)
    }
    limits = drawing.limits(record.profile)
    lines = content.series.enumerated().map { index, series in
      drawing.line(index, series)
    }
    singleCases = record.cases.indices.map { drawing.singleCase($0, content) }
    columns = layers.map { drawing.column($0, content) }
  }

  /// Turns figures into coordinates.
  private struct Drawing {
    let content: Content
    let layers: [LayerDigest]
    let scale: LogScale
    /// Of every series the worst of all cases, layer by layer.
    let worst: [[LayerDigest.Worst?]]

    init(_ content: Content, record: ConformanceRecord, layers: [LayerDigest]) {
      self.content = content
      self.layers = layers
      worst = content.series.map { series in layers.map { $0.worst(series.figure.value) } }
      let limits = content.series.compactMap { $0.figure.limit?(record.profile) }
      scale = LogScale(
        values: worst.joined().compactMap { $0?.value } + limits, top: Double(Layout.top),
        bottom: Double(Layout.bottom))
    }

    static func text(_ value: Double) -> String { String(format: "%.1f", value) }

    func x(_ index: Int) -> Double {
      let pitch = Double(Layout.right - Layout.left) / Double(max(layers.count, 1))
      return Double(Layout.left) + (Double(index) + 0.5) * pitch
    }

    var ticks: [Tick] {
      scale.ticks.map { tick in
        let y = scale.position(tick.value)
        return Tick(y: Self.text(y), textY: Self.text(y + 4), label: tick.label)
      }
    }

    /// One line for all series that share a limit.
    func limits(_ profile: Profile) -> [Limit] {
      let limited = content.series.compactMap { series in
        series.figure.limit.map { (series: series, value: $0(profile)) }
      }
      var values: [Double] = []
      for entry in limited where !values.contains(entry.value) { values.append(entry.value) }
      return values.map { value in
        let sharing = limited.filter { $0.value == value }.map(\.series)
        let y = scale.position(value)
        return Limit(
          style: sharing.first?.style.rawValue ?? "", y: Self.text(y), textY: Self.text(y - 4),
          label: "limit \(Wording.figure(value))"
            + (values.count > 1 ? ", " + sharing.map(\.label).joined(separator: ", ") : ""))
      }
    }

    func line(_ index: Int, _ series: Series) -> Line {
      let values = worst[index].map { $0?.value }
      let marks = values.enumerated().compactMap { layer, value -> Mark? in
        guard let value else { return nil }
        let label = value.isFinite ? (value == 0 ? "0" : nil) : (value.isNaN ? "NaN" : "∞")
        return Mark(x: Self.text(x(layer)), y: Self.text(scale.position(value)), label: label)
      }
      return Line(
        style: series.style.rawValue, label: series.label, path: path(values), marks: marks)
    }

    func singleCase(_ index: Int, _ content: Content) -> SingleCase {
      SingleCase(
        index: index,
        lines: content.series.map { series in
          let values = layers.map { layer in
            layer.entries.first { $0.caseIndex == index }.flatMap { series.figure.value($0.record) }
          }
          return SingleCase.Path(style: series.style.rawValue, path: path(values))
        })
    }

    /// A line through all values, with gaps where there are none.
    private func path(_ values: [Double?]) -> String {
      var path = ""
      var isDrawing = false
      for (index, value) in values.enumerated() {
        if let value {
          path +=
            "\(isDrawing ? "L" : "M")\(Self.text(x(index))) "
            + "\(Self.text(scale.position(value)))"
        }
        isDrawing = value != nil
      }
      return path
    }

    func column(_ layer: LayerDigest, _ content: Content) -> Column {
      let pitch = Double(Layout.right - Layout.left) / Double(max(layers.count, 1))
      let figures = content.series.enumerated().compactMap { index, series in
        worst[index][layer.index].map {
          "\(series.label): \(Wording.figure($0.value)) (\($0.caseName.shortened(to: 40)))"
        }
      }
      return Column(
        x: Self.text(x(layer.index) - pitch / 2), width: Self.text(pitch),
        words: ([layer.name] + figures).joined(separator: "\n"))
    }
  }
}

extension ChartView {
  static let template = """
    <figure class="chart">
    <figcaption><h3 id="{{id}}">{{title}}</h3> <span class="keys">{{#lines}}<span class="key"><svg width="26" height="8" aria-hidden="true"><line class="line {{style}}" x1="0" y1="4" x2="26" y2="4"/></svg> {{label}}</span> {{/lines}}</span></figcaption>
    <div class="scroll" tabindex="0" role="group" aria-label="{{title}}">
    <svg viewBox="0 0 {{width}} {{height}}" role="img" aria-labelledby="{{id}} {{id}}-about">
    <desc id="{{id}}-about">{{about}}</desc>
    {{#ticks}}
    <line class="grid" x1="{{left}}" y1="{{y}}" x2="{{right}}" y2="{{y}}"/><text class="tick" x="{{left}}" dx="-5" y="{{textY}}">{{label}}</text>
    {{/ticks}}
    {{#names}}
    <text class="axis" transform="translate({{x}} {{bottom}}) rotate(-90)" x="-6" y="3.5">{{text}}</text>
    {{/names}}
    {{#limits}}
    <line class="limit {{style}}" x1="{{left}}" y1="{{y}}" x2="{{right}}" y2="{{y}}"/><text class="limit" x="{{right}}" dx="-2" y="{{textY}}">{{label}}</text>
    {{/limits}}
    <svg x="{{left}}" y="0" width="{{plotWidth}}" height="{{bottom}}" viewBox="{{left}} 0 {{plotWidth}} {{bottom}}">
    {{#singleCases}}
    <g class="case" data-case="{{index}}">{{#lines}}<path class="line {{style}}" d="{{path}}"/>{{/lines}}</g>
    {{/singleCases}}
    </svg>
    <g class="worst">
    {{#lines}}
    <path class="line {{style}}" d="{{path}}"/>{{#marks}}<circle class="mark {{style}}" cx="{{x}}" cy="{{y}}" r="2.4"/>{{#.label}}<text class="edge" x="{{x}}" y="{{y}}" dy="-4">{{.}}</text>{{/.label}}{{/marks}}
    {{/lines}}
    </g>
    {{#columns}}
    <rect class="hit" x="{{x}}" y="{{top}}" width="{{width}}" height="{{plotHeight}}"><title>{{words}}</title></rect>
    {{/columns}}
    </svg>
    </div>
    </figure>
    """
}
