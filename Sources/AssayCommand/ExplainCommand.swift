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
      an element of a recorded run, whose layer is looked at on the recorded end point before it. \
      Of a training.h5 it is an element of a step, such as Conv2d_3_pointwise/weights/gradient.
      """)

  @OptionGroup var goldenOptions: GoldenOptions
  @OptionGroup var subjectOptions: SubjectOptions
  @OptionGroup var recordingOptions: RecordingOptions

  @Option(help: ArgumentHelp("The end point, such as Conv2d_6_depthwise.", valueName: "NAME"))
  var layer: String

  @Option(
    help: ArgumentHelp(
      "The element: n,y,x,c; of Logits and Predictions n,class; of a variable as it is shaped.",
      valueName: "INDICES"))
  var at: String?

  @Option(name: .customLong("case"), help: ArgumentHelp("The case.", valueName: "NAME"))
  var caseName: String?

  func validate() throws { try recordingOptions.validate(with: subjectOptions) }

  func run() async throws {
    let coordinates = try at.map(parse)
    let (goldens, parametersFile) = try goldenOptions.open(training: true)
    if let training = goldens.first(where: { $0.kind == .training }) {
      return try explainTraining(training, parametersFile.parameters, at: coordinates)
    }
    let (golden, name) = try select(goldens)
    let explainer = Explainer(
      parameters: parametersFile.parameters,
      subject: try recordingOptions.makeSubject(parametersFile, else: subjectOptions))
    let explanation = try explainer.explain(
      try golden.readCase(name), endPoint: EndPoint(layer), at: coordinates)
    print(ExplanationText(explanation).render())
    printReproduction(explanation.caseName, explanation.endPoint, explanation.coordinates)
  }

  private func explainTraining(
    _ golden: GoldenFile, _ parameters: Parameters, at coordinates: [Int]?
  ) throws {
    guard recordingOptions.activations == nil else {
      throw ValidationError("--activations has no steps of training")
    }
    let file = try TrainingFile(reading: golden.path)
    let names = file.caseNames.filter { goldenOptions.selects($0) }
    guard let name = names.first(where: { caseName == nil || caseName == $0 }) else {
      throw VerificationError.nothingSelected(
        what: "case", pattern: caseName ?? goldenOptions.cases ?? "*")
    }
    let explainer = TrainingExplainer(
      parameters: parameters,
      subject: try subjectOptions.makeTrainingSubject(parameters: parameters))
    let explanation = try explainer.explain(
      try file.readCase(name), point: EndPoint(layer), at: coordinates)
    print(TrainingExplanationText(explanation).render())
    printReproduction(name, explanation.point, explanation.coordinates)
  }

  private func parse(_ text: String) throws -> [Int] {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    let indices = parts.compactMap { $0 }
    guard indices.count == parts.count, [1, 2, 4].contains(indices.count) else {
      throw ValidationError(
        "--at takes n,y,x,c, n,class, or one index of a vector, not '\(text)'")
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
  private func printReproduction(_ caseName: String, _ endPoint: EndPoint, _ coordinates: [Int]) {
    let parameters = goldenOptions.parameters.map { ["--parameters", $0] } ?? []
    let command = ExplainCommandLine(
      goldens: goldenOptions.goldens, caseName: caseName, endPoint: endPoint,
      coordinates: coordinates,
      arguments: parameters + subjectOptions.arguments + recordingOptions.arguments
    ).text
    print("")
    print("reproduce with")
    print("  \(command)")
  }
}
