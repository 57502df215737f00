import Mustache

/// All templates of the page, each under its name.
enum HTMLTemplates {
  static let page = "page"
  static let matrix = "matrix"
  static let faults = "faults"
  static let baseline = "baseline"

  private static let sources = [
    page: PageView.template,
    matrix: MatrixPage.template,
    faults: FaultPage.template,
    baseline: BaselinePage.template,
    "baselineColumns": BaselinePage.columns,
    "baselineFigure": BaselinePage.row,
    "head": HTMLShell.template,
    "verdict": VerdictView.template,
    "network": NetworkView.template,
    "growth": GrowthView.template,
    "chart": ChartView.template,
    "endPoints": EndPointTableView.template,
    "heatMap": HeatMapView.template,
    "layers": LayersView.template,
    "layer": LayerView.template,
    "comparison": ComparisonView.template,
    "errorMap": ErrorMapView.template,
    "histogram": HistogramView.template,
    "channelStrip": ChannelStripView.template,
    "shadedCells": ShadedCells.template,
    "cases": CasesView.template,
    "conditions": ConditionsView.template,
    "legend": Shade.template,
    "glossary": Glossary.template,
  ]

  /// Parses the templates. Each of them escapes with ``HTMLEscaping``.
  private static func library() throws -> MustacheLibrary {
    HTMLEscaping.register()
    return MustacheLibrary(
      templates: try sources.mapValues { try MustacheTemplate(string: HTMLEscaping.pragma + $0) })
  }

  /// A page, from its view.
  ///
  /// - Throws: Only if a template of this module is malformed or missing.
  static func render(_ view: Any, _ name: String) throws -> String {
    guard let page = try library().render(view, withTemplate: name) else {
      throw Missing(name: name)
    }
    return page
  }

  /// A template is missing from the library.
  struct Missing: Error, CustomStringConvertible {
    let name: String

    var description: String { "the report's template '\(name)' is missing" }
  }
}
