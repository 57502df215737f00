import Conformance
import MobileNet
import Report
import Testing

/// At inference layers have end points; what is judged of training is points, of which a layer has several.
@Suite struct PlaceWordsTests {
  private let inference: ConformanceRecord
  /// The same figures at the outputs of a step.
  private let training: ConformanceRecord

  init() throws {
    inference = try RecordFixture(caseNames: ["only"], faultyLayer: 11).record()
    var record = inference
    for index in record.cases[0].endPoints.indices {
      let name = record.cases[0].endPoints[index].name
      record.cases[0].endPoints[index].name = EndPoint("\(name)/output")
    }
    record.verdict.firstDivergence?.endPoint = record.cases[0].endPoints[11].name
    training = record
  }

  @Test func `the page`() throws {
    let (layers, points) = (
      try ParsedPage(HTMLReport(inference).render()), try ParsedPage(HTMLReport(training).render())
    )
    for (page, words) in [
      (
        layers,
        [
          "1 case, 30 end points, ", "Layer by layer", "Cases × end points", "The layer by itself",
          "11 layers before it pass", "Of 18 layers after it", "The output of a layer",
          "The first layer that fails",
        ]
      ),
      (
        points,
        [
          "1 case, 30 points, ", "Point by point", "Cases × points", "The point by itself",
          "11 points before it pass", "Of 18 points after it", "What a step of training yields",
          "The first point that fails",
        ]
      ),
    ] {
      for word in words { #expect(page.text.contains(word), "\(word)") }
    }
    let headings = points.elements(where: { ["h1", "h2", "h3", "th", "caption"].contains($0.name) })
    #expect(headings.count > 20)
    for heading in headings {
      #expect(!heading.text.lowercased().contains("layer"), "\(heading.text)")
      #expect(!heading.text.lowercased().contains("end point"), "\(heading.text)")
    }
    let labels = points.elements.compactMap { $0.attributes["aria-label"] }
    #expect(labels.contains("Table of points") && labels.contains("Picture of all points"))
    #expect(labels.allSatisfy { !$0.contains("layer") && !$0.contains("end point") })
  }

  @Test(arguments: [(false, "end point"), (true, "point")])
  func `every text`(isTraining: Bool, word: String) throws {
    let record = isTraining ? training : inference
    #expect(TextReport(record).render().contains("\n\(word)  "))
    #expect(MarkdownReport(record).render().contains("\n| \(word) | isolated"))
    let summary = MarkdownSummary(record).render()
    #expect(summary.contains("\n| \(word) | gate |"))
    #expect(summary.contains("<summary>All 30 \(word)s</summary>"))
    #expect(summary.contains("\nand 9 more \(word)s\n"))
    #expect(
      GitHubAnnotations(record).render().last?.contains("11 more \(word)s do not pass") == true)
    #expect(ConformanceMatrix([record]).markdown().contains("\n| \(word) | engine |"))
    #expect(try ConformanceMatrix([record]).html().contains("<th scope=\"col\">\(word)</th>"))
  }

  /// One point of training among layers makes all of them points.
  @Test func `both at once are points`() throws {
    var both = inference
    both.cases += training.cases
    #expect(MarkdownSummary(both).render().contains("<summary>All 60 points</summary>"))
  }

  @Test func `a baseline's pages`() throws {
    for (record, words) in [(inference, "Layers × gates"), (training, "Points × gates")] {
      var good = record
      good.verdict.conforms = true
      let report = BaselineReport(
        try BaselineComparison(good, with: try Baseline(accepting: good)))
      #expect(try report.html(record: nil).contains(words))
    }
  }
}
