import Conformance

/// One comparison of one layer in the case that shows it most clearly: where its errors are, how often
/// which size occurs, and the worst elements.
struct ComparisonView {
  let title: String
  let anchor: String
  /// Which case it is of, and why that.
  let about: String
  let map: ErrorMapView?
  let histograms: [HistogramView]
  let strip: ChannelStripView?
  let hasPicture: Bool
  let elements: [ElementView]
  let hasElements: Bool
  /// Commands that explain the elements, one each; empty if Assay cannot run the subject or the case.
  let commands: [String]
  let hasCommands: Bool

  /// Which of a layer's comparisons.
  struct Kind {
    let family: Figure.Family
    let title: String
    let statistics: @Sendable (EndPointRecord) -> ErrorStatistics?
    /// By what the case is chosen.
    let figure: @Sendable (ErrorStatistics) -> Double?

    static func isolated(_ words: PageWords) -> Kind {
      Kind(
        family: .isolated, title: "The \(words.layer) by itself", statistics: { $0.isolated },
        figure: { $0.utilisation ?? ($0.maxAbsolute == 0 ? 0 : .infinity) })
    }
    static let accumulated = Kind(
      family: .accumulated, title: "In the chain", statistics: { $0.accumulated },
      figure: { $0.maxSigma })
    static let golden = Kind(
      family: .golden, title: "The golden by itself", statistics: { $0.goldenIsolated },
      figure: { $0.utilisation })
  }

  /// - Returns: `nil` if no case has the comparison.
  init?(_ kind: Kind, of layer: LayerDigest, in record: ConformanceRecord) {
    let limit =
      kind.family == .accumulated
      ? record.profile.accumulatedMaxSigma : record.profile.boundUtilisation
    let candidates = layer.candidates(kind.statistics, by: kind.figure)
    guard let shown = Self.shown(of: candidates, limit: limit) else { return nil }
    let (entry, statistics) = (shown.entry, shown.statistics)
    title = kind.title
    anchor = "\(layer.anchor)-\(kind.family.rawValue)"
    about =
      "Case \(entry.caseName.shortened(to: 60)), " + Self.reason(candidates.count)
      + (statistics.form.map { " Judged by the errors of: \($0.summary)." } ?? "")
    let detail = statistics.detail
    let yardstick = detail?.yardstick ?? (kind.family == .accumulated ? .sigma : .bound)
    let scale = RatioScale(yardstick, kind.family, record.profile)
    map = detail.flatMap { ErrorMapView($0, shape: entry.record.shape, scale: scale) }
    histograms =
      detail.map {
        [
          HistogramView($0.ratios, name: scale.label, limit: scale.limit),
          HistogramView($0.ulps, name: "ulp", limit: nil),
        ].compactMap { $0 }
      } ?? []
    strip = detail.flatMap {
      ChannelStripView($0, depth: entry.record.shape.last ?? 0, scale: scale)
    }
    hasPicture = detail != nil
    let worst = detail.map(\.worst) ?? [statistics.worst].compactMap { $0 }
    elements = worst.map {
      ElementView($0, caseName: entry.caseName)
    }
    hasElements = !elements.isEmpty
    commands = worst.compactMap {
      record.copyableCommand(case: entry.caseIndex, endPoint: layer.summary.name, at: $0.index)
    }
    hasCommands = !commands.isEmpty
  }

  /// The worst case. One of the goldens' before one that Assay makes, whose elements `assay explain`
  /// cannot look at, unless only the latter goes beyond the limit.
  private static func shown(
    of candidates: [LayerDigest.Candidate], limit: Double
  ) -> LayerDigest.Candidate? {
    let worst = candidates.max { $0.figure.rank < $1.figure.rank }
    let golden = candidates.filter { !$0.entry.isMade }.max { $0.figure.rank < $1.figure.rank }
    guard let worst, let golden else { return worst }
    return worst.figure <= limit || golden.figure > limit ? golden : worst
  }

  private static func reason(_ count: Int) -> String {
    count == 1 ? "the only one." : "the worst of \(count)."
  }
}

extension ComparisonView {
  static let template = """
    <section class="comparison" aria-labelledby="{{anchor}}">
    <h3 id="{{anchor}}">{{title}}</h3>
    <p class="muted">{{about}}</p>
    {{#hasPicture}}
    <div class="plots">
    {{#map}}{{> errorMap}}{{/map}}
    <div class="plots beside">
    {{#histograms}}{{> histogram}}{{/histograms}}
    {{#strip}}{{> channelStrip}}{{/strip}}
    </div>
    </div>
    {{/hasPicture}}
    {{#hasElements}}
    <div class="scroll" tabindex="0" role="group" aria-label="Worst elements, {{title}}">
    <table class="figures">
    <caption>Worst elements</caption>
    <thead><tr><th scope="col">index</th><th scope="col" class="n">value</th><th scope="col">float32 bits</th><th scope="col" class="n">reference</th><th scope="col">float32 bits</th><th scope="col" class="n">difference</th><th scope="col" class="n">ulp</th><th scope="col" class="n">bound</th><th scope="col" class="n">|e| / bound</th><th scope="col" class="n">σ</th><th scope="col" class="n">|e| / σ</th></tr></thead>
    <tbody>
    {{#elements}}
    <tr><th scope="row">{{index}}</th><td class="n">{{value}}</td><td class="code">{{valueBits}}</td><td class="n">{{reference}}</td><td class="code">{{referenceBits}}</td><td class="n">{{difference}}</td><td class="n">{{ulp}}</td><td class="n">{{bound}}</td><td class="n">{{boundShare}}</td><td class="n">{{sigma}}</td><td class="n">{{sigmas}}</td></tr>
    {{/elements}}
    </tbody>
    </table>
    </div>
    {{/hasElements}}
    {{^hasElements}}
    <p>No element errs.</p>
    {{/hasElements}}
    {{#hasCommands}}
    <div class="commands" role="group" aria-label="Commands that explain these elements">
    {{#commands}}<code>{{.}}</code>{{/commands}}
    </div>
    {{/hasCommands}}
    </section>
    """
}
