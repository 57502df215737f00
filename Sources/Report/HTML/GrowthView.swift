import Conformance

/// How errors behave along the network: three charts of ratios that have limits, and one of absolute
/// errors.
struct GrowthView {
  let isEmpty: Bool
  let cases: [CaseOption]
  let charts: [ChartView]

  struct CaseOption {
    let index: Int
    let name: String
  }

  init(_ record: ConformanceRecord, _ words: PageWords, layers: [LayerDigest]) {
    isEmpty = layers.isEmpty
    cases = record.cases.enumerated().map {
      CaseOption(index: $0, name: $1.name.shortened(to: 60))
    }
    charts =
      layers.isEmpty
      ? [] : Self.contents(words).map { ChartView($0, record: record, layers: layers) }
  }

  private static func contents(_ words: PageWords) -> [ChartView.Content] {
    [
      ChartView.Content(
        id: "chart-bound", title: "Largest |error| / bound, each \(words.layer) by itself",
        about: "Gate G1. Above 1 no correct float32 implementation explains the error.",
        series: [
          .init(label: "subject", figure: .isolatedUtilisation, style: .isolated),
          .init(label: "golden", figure: .goldenUtilisation, style: .golden),
        ]),
      ChartView.Content(
        id: "chart-rms", title: "rms(error) / rms(σ)",
        about: "Gates G2 and G3: the error against what rounding predicts, \(words.layer) by "
          + "\(words.layer) and along the chain.",
        series: [
          .init(label: "isolated", figure: .isolatedRatio, style: .isolated),
          .init(label: "accumulated", figure: .accumulatedRatio, style: .accumulated),
          .init(label: "golden, accumulated", figure: .goldenRatio, style: .golden),
        ]),
      ChartView.Content(
        id: "chart-sigma", title: "Largest |error| / σ of a single element",
        about:
          "Gates G2 and G3: the most conspicuous element, \(words.layer) by \(words.layer) and "
          + "along the chain.",
        series: [
          .init(label: "isolated", figure: .isolatedMaxSigma, style: .isolated),
          .init(label: "accumulated", figure: .accumulatedMaxSigma, style: .accumulated),
          .init(label: "golden, accumulated", figure: .goldenMaxSigma, style: .golden),
        ]),
      ChartView.Content(
        id: "chart-growth", title: words.errorChart,
        about: "Largest and root mean square error, \(words.growth.about)",
        series: [
          .init(label: "isolated max |e|", figure: .isolatedMaxAbsolute, style: .isolated),
          .init(label: "isolated rms", figure: .isolatedRMS, style: .isolatedMean),
          .init(label: "accumulated max |e|", figure: .accumulatedMaxAbsolute, style: .accumulated),
          .init(label: "accumulated rms", figure: .accumulatedRMS, style: .accumulatedMean),
        ]),
    ]
  }
}

extension GrowthView {
  static let template = """
    <section id="growth" aria-labelledby="growth-title">
    <h2 id="growth-title">{{words.growth.title}}</h2>
    <p class="lead">Logarithmic. Bold: worst of all cases; faint: single cases; dashed: the gate's limit. Zero lies on the lower edge. All figures are in the tables below.</p>
    {{#isEmpty}}
    <p>No {{words.endPoint}} was judged.</p>
    {{/isEmpty}}
    {{^isEmpty}}
    <p class="tools" hidden="hidden"><label>Show <select id="chart-case"><option value="">the worst of all cases</option>{{#cases}}<option value="{{index}}">{{name}}</option>{{/cases}}</select></label></p>
    <div class="charts">
    {{#charts}}
    {{> chart}}
    {{/charts}}
    </div>
    {{/isEmpty}}
    </section>
    """
}
