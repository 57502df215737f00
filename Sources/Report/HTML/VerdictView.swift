import Conformance

/// The head of the page: the answer, who was judged against what, and on failure where it first goes
/// wrong.
struct VerdictView {
  let conforms: Bool
  let style: String
  let sign: String
  let answer: String
  let assayVersion: String
  let subject: String
  let subjectDescription: String
  let checkpoints: [CheckpointView]
  /// What was judged, in numbers.
  let scope: String
  let gateCounts: [GateCount]
  let startedAt: String
  let seconds: String
  /// What a selection left out; `nil` if everything was judged.
  let selection: String?
  let divergence: DivergenceView?
  let nothingJudged: Bool
  let tightest: TightestView?
  let line: String

  struct CheckpointView {
    let checkpoint: String
    let about: String
    let network: String
  }

  struct GateCount {
    let count: String
    let status: StatusView
  }

  init(_ record: ConformanceRecord, _ words: PageWords, layers: [LayerDigest]) {
    let verdict = record.verdict
    conforms = verdict.conforms
    style = verdict.conforms ? "pass" : "fail"
    sign = verdict.conforms ? "✓" : "✕"
    answer = verdict.conforms ? "Conforms" : "Does not conform"
    assayVersion = record.assayVersion.shortened(to: 40)
    subject = record.subject.name.shortened(to: 100)
    subjectDescription = Self.describe(record.subject)
    checkpoints = Self.checkpoints(record)
    scope = Self.scope(record, words)
    gateCounts = Status.allCases.compactMap { status in
      guard let count = verdict.gates[status.rawValue], count > 0 else { return nil }
      return GateCount(count: Wording.grouped(count), status: StatusView(status))
    }
    startedAt = record.startedAt.shortened(to: 40)
    seconds = Wording.seconds(record.seconds)
    selection = Self.describe(record.selection, words)
    divergence = verdict.firstDivergence.map { DivergenceView($0, record, words, layers: layers) }
    nothingJudged = verdict.firstDivergence == nil && !verdict.conforms
    tightest = verdict.conforms ? TightestView(layers) : nil
    line = verdict.line.shortened(to: 1000)
  }

  private static func describe(_ subject: SubjectIdentity) -> String {
    var parts = [subject.description.shortened(to: 300)]
    if let isa = subject.isa { parts.append(isa.shortened(to: 60)) }
    if let threads = subject.threads {
      parts.append(Wording.count(threads, "thread", "threads"))
    }
    return parts.joined(separator: ", ")
  }

  /// Several goldens usually speak of one checkpoint.
  private static func checkpoints(_ record: ConformanceRecord) -> [CheckpointView] {
    var seen: Set<String> = []
    return record.goldens.map(\.provenance)
      .filter { seen.insert("\($0.checkpoint)\u{0}\($0.depthMultiplier)").inserted }
      .map {
        CheckpointView(
          checkpoint: $0.checkpoint.name.shortened(to: 100),
          about: $0.checkpoint.description.shortened(to: 300),
          network: "MobileNet V1 \($0.depthMultiplier), \($0.imageSize)")
      }
  }

  private static func scope(_ record: ConformanceRecord, _ words: PageWords) -> String {
    let endPoints = record.cases.flatMap(\.endPoints)
    let gates = endPoints.reduce(0) { $0 + $1.gates.count }
    return [
      Wording.count(record.cases.count, "case", "cases"),
      Wording.count(endPoints.count, words.endPoint, words.endPoints),
      Wording.count(gates, "gate", "gates"),
    ].joined(separator: ", ")
  }

  private static func describe(
    _ selection: ConformanceRecord.Selection, _ words: PageWords
  ) -> String? {
    let parts = [
      selection.cases.map { "cases \($0.shortened(to: 100))" },
      selection.layers.map { "\(words.endPoints) \($0.shortened(to: 100))" },
    ].compactMap { $0 }
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }
}

/// Of a subject that conforms: the gate that comes closest to its limit.
struct TightestView {
  let anchor: String
  let endPoint: String
  let gate: String
  let share: String
  let caseName: String

  init?(_ layers: [LayerDigest]) {
    let candidates = layers.flatMap { layer in
      layer.gates.compactMap { gate in gate.worst.map { (layer, gate.gate, $0) } }
    }
    guard let (layer, gate, worst) = candidates.max(by: { $0.2.value.rank < $1.2.value.rank })
    else { return nil }
    anchor = layer.anchor
    endPoint = layer.name
    self.gate = "\(gate.rawValue), \(gate.title)"
    share = Wording.share(worst.value)
    caseName = worst.caseName.shortened(to: 60)
  }
}

extension VerdictView {
  static let template = """
    <header id="verdict" class="verdict {{style}}">
    <p class="eyebrow">Assay {{assayVersion}} · conformance record</p>
    <h1><span class="sign" aria-hidden="true">{{sign}}</span> {{answer}}</h1>
    <dl class="facts">
    <div><dt>Subject</dt><dd><strong>{{subject}}</strong> – {{subjectDescription}}</dd></div>
    {{#checkpoints}}
    <div><dt>Checkpoint</dt><dd><strong>{{checkpoint}}</strong> – {{about}} ({{network}})</dd></div>
    {{/checkpoints}}
    <div><dt>Judged</dt><dd>{{scope}}{{#gateCounts}} · <span class="{{status.style}}">{{count}} {{status.sign}} {{status.name}}</span>{{/gateCounts}}</dd></div>
    <div><dt>When</dt><dd>{{startedAt}}, {{seconds}}</dd></div>
    {{#.selection}}
    <div class="warn"><dt>Selection</dt><dd>Only a part was judged: {{.}}</dd></div>
    {{/.selection}}
    </dl>
    {{#divergence}}
    <section class="divergence" aria-labelledby="divergence-title">
    <h2 id="divergence-title"><span class="label">First divergence</span> {{#anchor}}<a href="#{{anchor}}">{{endPoint}}</a>{{/anchor}}{{^anchor}}{{endPoint}}{{/anchor}}</h2>
    <div class="columns">
    <div>
    <p class="gate"><span class="fail">{{status.sign}} {{status.name}}</span> {{gate}}</p>
    {{#criterion}}
    <p class="measure"><span class="number">{{value}}</span> <span class="of">{{measure}}, limit {{limit}}{{#share}} – {{share}} the limit{{/share}}</span></p>
    {{/criterion}}
    {{#cause}}
    <p class="cause"><span class="label">{{title}}</span> {{#summaries}}<strong>{{.}}</strong> {{/summaries}}</p>
    <p class="muted">{{about}}</p>
    {{/cause}}
    {{#.note}}<p>{{.}}</p>{{/.note}}
    <p>{{shownBy}}</p>
    <p>{{consequence}}</p>
    </div>
    {{#worst}}
    <div class="scroll" tabindex="0" role="group" aria-label="Worst element">
    <table class="plain">
    <caption>Worst element, {{place}}</caption>
    <thead><tr><th scope="col"><span class="hidden">Quantity</span></th><th scope="col" class="n">value</th><th scope="col" class="n">float32 bits</th></tr></thead>
    <tbody>
    <tr><th scope="row">subject</th><td class="n">{{value}}</td><td class="n code">{{valueBits}}</td></tr>
    <tr><th scope="row">reference</th><td class="n">{{reference}}</td><td class="n code">{{referenceBits}}</td></tr>
    <tr><th scope="row">difference</th><td class="n">{{difference}}</td><td class="n">{{ulp}} ulp</td></tr>
    {{#bound}}<tr><th scope="row">bound</th><td class="n">{{bound}}</td><td class="n">{{boundShare}} bounds</td></tr>{{/bound}}
    {{#sigma}}<tr><th scope="row">σ</th><td class="n">{{sigma}}</td><td class="n">{{sigmas}} σ</td></tr>{{/sigma}}
    </tbody>
    </table>
    </div>
    {{/worst}}
    </div>
    {{#.command}}<div class="commands" role="group" aria-label="Command that explains the worst element"><code>{{.}}</code></div>{{/.command}}
    </section>
    {{/divergence}}
    {{#nothingJudged}}
    <p class="divergence">Nothing was judged, and nothing judged is nothing passed.</p>
    {{/nothingJudged}}
    {{#tightest}}
    <p class="tightest">Closest to its limit: <a href="#{{anchor}}">{{endPoint}}</a>, gate {{gate}}, uses <strong>{{share}}</strong> of what is allowed, in case {{caseName}}.</p>
    {{/tightest}}
    <nav aria-label="Sections">
    <ul>
    <li><a href="#network">{{words.network.entry}}</a></li>
    <li><a href="#growth">{{words.growth.entry}}</a></li>
    <li><a href="#end-points">{{words.titleEndPoints}}</a></li>
    <li><a href="#heat-map">Cases × {{words.endPoints}}</a></li>
    <li><a href="#layers">{{words.titleLayer}} by {{words.layer}}</a></li>
    <li><a href="#cases">Cases</a></li>
    <li><a href="#conditions">Provenance</a></li>
    <li><a href="#glossary">How to read this page</a></li>
    </ul>
    </nav>
    </header>
    """
}
