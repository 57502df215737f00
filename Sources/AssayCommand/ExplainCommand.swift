import ArgumentParser
import Conformance
import Golden
import MobileNet

/// `assay explain`: one element, and everything that made it what it is.
struct ExplainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Shows one element of a layer: values, bits, bounds, where its error comes from.",
    discussion: """
      Without --at it is the element that comes nearest to its bound, or goes farthest beyond it. \
      It is looked for in one case: the first, unless --case names another. With --activations it is \
      an element of a recorded run, whose layer is looked at on the recorded end point before it.
      """)

  @OptionGroup var goldenOptions: GoldenOptions
  @OptionGroup var subjectOptions: SubjectOptions
  @OptionGroup var recordingOptions: RecordingOptions

  @Option(help: ArgumentHelp("The end point, such as Conv2d_6_depthwise.", valueName: "NAME"))
  var layer: String

  @Option(
    help: ArgumentHelp(
      "The element: n,y,x,c; of Logits and Predictions n,class.", valueName: "INDICES"))
  var at: String?

  @Option(name: .customLong("case"), help: ArgumentHelp("The case.", valueName: "NAME"))
  var caseName: String?

  func validate() throws { try recordingOptions.validate(with: subjectOptions) }

  func run() async throws {
    let coordinates = try at.map(parse)
    let (goldens, parametersFile) = try goldenOptions.open()
    let (golden, name) = try select(goldens)
    let explainer = Explainer(
      parameters: parametersFile.parameters,
      subject: try recordingOptions.makeSubject(parametersFile, else: subjectOptions))
    let explanation = try explainer.explain(
      try golden.readCase(name), endPoint: EndPoint(layer), at: coordinates)
    print(ExplanationText(explanation).render())
    print("")
    print("reproduce with")
    print("  \(reproduction(explanation))")
  }

  private func parse(_ text: String) throws -> [Int] {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    let indices = parts.compactMap { $0 }
    guard indices.count == parts.count, indices.count == 4 || indices.count == 2 else {
      throw ValidationError("--at takes n,y,x,c or n,class, not '\(text)'")
    }
    return indices
  }

  private func select(_ goldens: [GoldenFile]) throws -> (GoldenFile, String) {
    for golden in goldens {
      for name in golden.caseNames where goldenOptions.selects(name) {
        if caseName == nil || caseName == name { return (golden, name) }
      }
    }
    throw VerificationError.nothingSelected(
      what: "case", pattern: caseName ?? goldenOptions.cases ?? "*")
  }

  /// The command that shows this very element again.
  private func reproduction(_ explanation: Explanation) -> String {
    let parameters = goldenOptions.parameters.map { ["--parameters", $0] } ?? []
    return ExplainCommandLine(
      goldens: goldenOptions.goldens, caseName: explanation.caseName,
      endPoint: explanation.endPoint, coordinates: explanation.coordinates,
      arguments: parameters + subjectOptions.arguments + recordingOptions.arguments
    ).text
  }
}
