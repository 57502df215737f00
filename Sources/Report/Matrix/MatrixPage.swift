import Conformance
import Mustache

/// The matrix as a self-contained HTML page, with the style of the report on one record.
struct MatrixPage {
  let style = HTMLStyle.text
  let words: PageWords
  let title: String
  let mark: String
  let subjects: [SubjectView]
  let labels: [String]
  let rows: [GridRow]
  let legend = Shade.legend

  struct SubjectView {
    let label: String
    let link: String?
    let summary: String
    let checkpoint: String
    let cases: String
    let verdict: String
    let style: String
  }

  init(_ matrix: ConformanceMatrix, links: [String]) {
    words = PageWords(matrix.words)
    title = "Conformance of \(Wording.count(matrix.columns.count, "subject", "subjects"))"
    mark = matrix.conforms ? "All conform." : "Not all conform."
    labels = matrix.columns.map(\.label)
    subjects = matrix.columns.enumerated().map { index, column in
      SubjectView(
        label: column.label, link: links.indices.contains(index) ? links[index] : nil,
        summary: column.summary.shortened(to: 300),
        checkpoint: column.checkpoint.shortened(to: 200),
        cases: Wording.count(column.cases, "case", "cases"),
        verdict: column.verdict.shortened(to: 300), style: column.conforms ? "pass" : "fail")
    }
    rows = matrix.rows.map { row in
      GridRow(
        name: row.name.shortened(to: 60),
        cells: row.cells.map { finding in
          GridCell(
            text: ConformanceMatrix.Row.text(finding), style: Shade.style(finding?.share),
            words: finding?.summary ?? "not judged")
        })
    }
  }

  static let template = """
    {{> head}}
    <header>
    <h1>{{title}}</h1>
    <p class="lead">{{mark}}</p>
    </header>
    <main>
    <section aria-labelledby="subjects-title">
    <h2 id="subjects-title">Subjects</h2>
    <ul>
    {{#subjects}}
    <li><strong>{{#link}}<a href="{{.}}">{{label}}</a>{{/link}}{{^link}}{{label}}{{/link}}</strong>: {{summary}}; {{checkpoint}}; {{cases}}<br/><span class="{{style}}">{{verdict}}</span></li>
    {{/subjects}}
    </ul>
    </section>
    <section aria-labelledby="matrix-title">
    <h2 id="matrix-title">{{words.titleLayers}}</h2>
    <p class="lead">Of every {{words.layer}} the gravest result of all gates and cases, with the share of the limit that was used. Pointing at a cell shows the gate, the figure and the case.</p>
    <div class="scroll" tabindex="0" role="group" aria-label="Table of subjects and {{words.layers}}">
    <table class="figures">
    <thead><tr><th scope="col">{{words.endPoint}}</th>{{#labels}}<th scope="col">{{.}}</th>{{/labels}}</tr></thead>
    <tbody>
    {{#rows}}
    <tr><th scope="row">{{name}}</th>{{#cells}}<td class="nowrap {{style}}" title="{{words}}">{{text}}</td>{{/cells}}</tr>
    {{/rows}}
    </tbody>
    </table>
    </div>
    {{> legend}}
    </section>
    </main>
    </body>
    </html>

    """
}

extension ConformanceMatrix {
  /// The matrix as an HTML page that needs no network and no JavaScript.
  ///
  /// - Parameter links: Where the page of every record is, as seen from this one; none, unless given.
  /// - Throws: Only if a template of this module is malformed.
  public func html(links: [String] = []) throws -> String {
    try HTMLTemplates.render(MatrixPage(self, links: links), HTMLTemplates.matrix)
  }
}
