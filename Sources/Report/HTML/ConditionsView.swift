import Conformance
import Golden

/// Under which conditions the verdict holds: goldens, limits, host.
struct ConditionsView {
  let goldens: [GoldenView]
  let profile: String
  let limits: [Limit]
  let facts: [Fact]

  struct GoldenView {
    let file: String
    let facts: [Fact]
  }

  struct Fact {
    let term: String
    let text: String
    var isCode = false
  }

  struct Limit {
    let name: String
    let value: String
    let gates: String
  }

  init(_ record: ConformanceRecord) {
    goldens = record.goldens.map {
      GoldenView(file: $0.file.shortened(to: 300), facts: Self.facts($0.provenance))
    }
    profile = record.profile.name.shortened(to: 60)
    limits = Self.limits(record.profile)
    let host = record.host
    let origin = (OriginText(record)?.facts ?? []).map {
      Fact(term: $0.term.prefix(1).uppercased() + $0.term.dropFirst(), text: $0.text)
    }
    let run = [
      Fact(term: "Assay", text: record.assayVersion),
      Fact(term: "Record format", text: "version \(record.formatVersion)"),
      Fact(term: "Operating system", text: host.operatingSystem),
      Fact(term: "Processor", text: "\(host.architecture), \(host.processors) available"),
      Fact(term: "Started", text: record.startedAt),
      Fact(term: "Took", text: Wording.seconds(record.seconds)),
    ]
    facts = (run + origin).map { Fact(term: $0.term, text: $0.text.shortened(to: 300)) }
  }

  private static func facts(_ provenance: Provenance) -> [Fact] {
    var facts = [
      Fact(term: "Checkpoint", text: provenance.checkpoint.name),
      Fact(term: "Which is", text: provenance.checkpoint.description),
      Fact(term: "Checkpoint sha256", text: provenance.checkpoint.sha256, isCode: true),
      Fact(term: "Parameters sha256", text: provenance.parametersSHA256, isCode: true),
      Fact(
        term: "Network",
        text: "MobileNet V1, depth multiplier \(provenance.depthMultiplier), "
          + "\(provenance.numClasses) classes, images \(provenance.imageSize)"),
    ]
    if let oracle = provenance.oracle {
      facts += [
        Fact(term: "Oracle", text: oracle.name),
        Fact(term: "Oracle sha256", text: oracle.sha256, isCode: true),
        Fact(term: "TensorFlow", text: "\(oracle.tensorflow), oneDNN \(oracle.onednn)"),
        Fact(term: "Made on", text: oracle.hostISA),
        Fact(term: "Seed", text: "\(oracle.seed)"),
      ]
    }
    if let subject = provenance.subject {
      facts.append(Fact(term: "Recorded from", text: "\(subject.name): \(subject.description)"))
    }
    return facts.map {
      Fact(term: $0.term, text: $0.text.shortened(to: 500), isCode: $0.isCode)
    }
  }

  /// Every limit, with the gates that apply it.
  private static func limits(_ profile: Profile) -> [Limit] {
    Profile.Limit.allCases.map { limit in
      let gates = Gate.allCases.filter { $0.limits.contains(limit) }.map(\.rawValue)
      return Limit(
        name: limit.title,
        value: profile.thresholds[limit.rawValue] == nil && limit.isOptional
          ? "not judged" : Wording.figure(profile[limit]),
        gates: gates.isEmpty ? "else MISTRUSTED" : gates.joined(separator: ", "))
    }
  }
}

extension ConditionsView {
  static let template = """
    <section id="conditions" aria-labelledby="conditions-title">
    <h2 id="conditions-title">Provenance and conditions</h2>
    <div class="conditions">
    {{#goldens}}
    <div>
    <h3>Golden {{file}}</h3>
    <dl class="facts">
    {{#facts}}
    <div><dt>{{term}}</dt><dd{{#isCode}} class="code"{{/isCode}}>{{text}}</dd></div>
    {{/facts}}
    </dl>
    </div>
    {{/goldens}}
    <div>
    <h3>Judged with</h3>
    <dl class="facts">
    {{#facts}}
    <div><dt>{{term}}</dt><dd>{{text}}</dd></div>
    {{/facts}}
    </dl>
    </div>
    <div>
    <h3 id="limits-title">Limits of the profile {{profile}}</h3>
    <div class="scroll" tabindex="0" role="group" aria-labelledby="limits-title">
    <table class="figures">
    <thead><tr><th scope="col">figure</th><th scope="col" class="n">at most</th><th scope="col">gate</th></tr></thead>
    <tbody>
    {{#limits}}
    <tr><th scope="row" class="wrap">{{name}}</th><td class="n">{{value}}</td><td>{{gates}}</td></tr>
    {{/limits}}
    </tbody>
    </table>
    </div>
    </div>
    </div>
    </section>
    """
}
