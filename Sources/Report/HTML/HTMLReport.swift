import Conformance
import Mustache

/// The record as one self-contained HTML page: verdict first, then where and how the error grows, then
/// every figure.
///
/// The page needs no network and no JavaScript; with JavaScript its tables sort and filter. It is
/// well-formed XML at the same time, so that any parser can check it. All text of the record is
/// escaped, whatever it holds. The same record gives the same bytes.
public struct HTMLReport {
  private let record: ConformanceRecord

  public init(_ record: ConformanceRecord) {
    self.record = record
  }

  /// - Throws: Only if a template of this module is malformed.
  public func render() throws -> String {
    try HTMLTemplates.render(PageView(record), HTMLTemplates.page)
  }
}

/// Everything the page shows, section by section.
struct PageView {
  let title: String
  let style = HTMLStyle.text
  let script = HTMLScript.text
  let words: PageWords
  let verdict: VerdictView
  let network: NetworkView
  let growth: GrowthView
  let endPoints: EndPointTableView
  let heatMap: HeatMapView
  let layers: LayersView
  let cases: CasesView
  let conditions: ConditionsView
  let glossary = Glossary()

  init(_ record: ConformanceRecord) {
    let layers = LayerDigest.all(of: record)
    let words = PageWords(PlaceWords(record.cases))
    self.words = words
    title = "\(record.verdict.conforms ? "CONFORMS" : "DOES NOT CONFORM"): \(record.subject.name)"
      .shortened(to: 120)
    verdict = VerdictView(record, words, layers: layers)
    network = NetworkView(layers)
    growth = GrowthView(record, words, layers: layers)
    endPoints = EndPointTableView(record, layers: layers)
    heatMap = HeatMapView(record, words, layers: layers)
    self.layers = LayersView(record, words, layers: layers)
    cases = CasesView(record)
    conditions = ConditionsView(record)
  }
}

extension PageView {
  static let template = """
    {{> head}}
    <a class="skip" href="#verdict">Skip to the verdict</a>
    {{#verdict}}{{> verdict}}{{/verdict}}
    <main>
    {{#network}}{{> network}}{{/network}}
    {{#growth}}{{> growth}}{{/growth}}
    {{#endPoints}}{{> endPoints}}{{/endPoints}}
    {{#heatMap}}{{> heatMap}}{{/heatMap}}
    {{#layers}}{{> layers}}{{/layers}}
    {{#cases}}{{> cases}}{{/cases}}
    {{#conditions}}{{> conditions}}{{/conditions}}
    {{#glossary}}{{> glossary}}{{/glossary}}
    </main>
    <footer>
    <p>{{#verdict}}{{line}}{{/verdict}}</p>
    </footer>
    <script>
    {{{script}}}
    </script>
    </body>
    </html>

    """
}
