import Conformance

/// What was put in, and which class came out on top.
struct CasesView {
  let rows: [Row]
  let isEmpty: Bool

  struct Row {
    let anchor: String
    let name: String
    let about: String
    let golden: String
    let images: String
    let classes: [String]
    let seconds: String
    let status: StatusView
  }

  init(_ record: ConformanceRecord) {
    rows = record.cases.enumerated().map { index, item in
      Row(
        anchor: Self.anchor(index), name: item.name, about: item.description,
        golden: item.golden.shortened(to: 300), images: Wording.shape(item.images),
        classes: item.topClasses.map(Self.describe), seconds: Wording.seconds(item.seconds),
        status: StatusView(item.status))
    }
    isEmpty = rows.isEmpty
  }

  static func anchor(_ index: Int) -> String { "case-\(index + 1)" }

  /// `286 (p 0.631), all agree`
  private static func describe(_ top: CaseRecord.TopClass) -> String {
    var text = "\(top.reference) (p \(Wording.figure(top.probability)))"
    let others = [("subject", top.subject), ("golden", top.golden)]
    let differing = others.compactMap { name, found in
      found.flatMap { $0 == top.reference ? nil : "\(name) \($0)" }
    }
    let missing = others.filter { $0.1 == nil }.map { "\($0.0) unknown" }
    let remarks = differing + missing
    text += remarks.isEmpty ? ", all agree" : "; " + remarks.joined(separator: ", ")
    return text
  }
}

extension CasesView {
  static let template = """
    <section id="cases" aria-labelledby="cases-title">
    <h2 id="cases-title">Cases</h2>
    {{#isEmpty}}
    <p>No case was judged.</p>
    {{/isEmpty}}
    {{^isEmpty}}
    <div class="scroll" tabindex="0" role="group" aria-label="Table of cases">
    <table class="figures">
    <thead><tr><th scope="col">case</th><th scope="col">what it is for</th><th scope="col">images</th><th scope="col">top class of the reference</th><th scope="col">golden file</th><th scope="col" class="n">time</th><th scope="col">status</th></tr></thead>
    <tbody>
    {{#rows}}
    <tr id="{{anchor}}"><th scope="row" class="wrap"><div class="long">{{name}}</div></th><td class="wrap"><div class="long">{{about}}</div></td><td class="nowrap">{{images}}</td><td class="wide">{{#classes}}<div>{{.}}</div>{{/classes}}</td><td class="wrap">{{golden}}</td><td class="n">{{seconds}}</td><td class="nowrap {{status.style}}">{{status.sign}} {{status.name}}</td></tr>
    {{/rows}}
    </tbody>
    </table>
    </div>
    {{/isEmpty}}
    </section>
    """
}
