import Conformance

/// How to read the page.
struct Glossary {
  let gates = Gate.allCases.map {
    Entry(name: $0.rawValue, title: $0.title, meaning: $0.meaning)
  }

  struct Entry {
    let name: String
    let title: String
    let meaning: String
  }

  static let template = """
    <section id="glossary" aria-labelledby="glossary-title">
    <h2 id="glossary-title">How to read this page</h2>
    <dl class="glossary">
    <div><dt>Reference</dt><dd>The network in plain float64 loops. All errors are differences to it.</dd></div>
    {{#words.terms}}
    <div><dt>{{name}}</dt><dd>{{meaning}}</dd></div>
    {{/words.terms}}
    <div><dt>Accumulated</dt><dd>The subject's own chain against the reference's, both from the images: what was introduced and what was inherited.</dd></div>
    <div><dt>Bound</dt><dd>The largest error that any correct float32 evaluation of an element can make, whatever its order of summation, computed from the data. An error above it proves a fault. For long dot products it is loose.</dd></div>
    <div><dt>σ, budget</dt><dd>{{words.budget}}</dd></div>
    <div><dt>Share, utilisation</dt><dd>A figure divided by its limit: 100% is just allowed, 12× is twelve times too much.</dd></div>
    <div><dt>ulp</dt><dd>Distance between neighbouring float32 numbers at the reference's value.</dd></div>
    {{#gates}}
    <div><dt>{{name}} {{title}}</dt><dd>{{meaning}}</dd></div>
    {{/gates}}
    <div><dt>Golden sandwich</dt><dd>Of three witnesses the odd one out is known: subject, golden or reference.</dd></div>
    <div><dt>First divergence</dt><dd>The first {{words.layer}} that fails by itself; if none does, the first that fails in the chain. What fails after it may be its consequence.</dd></div>
    <div><dt>Statuses</dt><dd>✓ PASS and ~ WAIVED (someone signed for it) conform. ✕ FAIL, ? MISTRUSTED (the data could not have told right from wrong), ○ NOT_RUN and ! HARNESS_ERROR do not.</dd></div>
    </dl>
    </section>
    """
}
