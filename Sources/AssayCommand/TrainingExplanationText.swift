import Conformance
import Report

/// An explanation of an element of a step of training, for a terminal.
struct TrainingExplanationText {
  private let explanation: TrainingExplanation
  private let lines = ExplanationLines()

  init(_ explanation: TrainingExplanation) {
    self.explanation = explanation
  }

  func render() -> String {
    let place = explanation.coordinates.map(String.init).joined(separator: ",")
    let head = "\(explanation.point) at \(place) of case \(explanation.caseName)".oneLine
    let alone =
      explanation.isolated.map { lines.comparison("alone, on its own operands", $0) }
      ?? ["alone          the subject does not show the operands"]
    let sum = explanation.sum.map(lines.sum) ?? []
    return
      ([head, "  \(explanation.formula)", ""] + alone
      + lines.comparison("in the chain, from the images", explanation.accumulated)
      + lines.golden(explanation.golden) + (sum.isEmpty ? [] : [""] + sum))
      .joined(separator: "\n")
  }
}
