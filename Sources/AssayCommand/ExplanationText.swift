import Conformance
import Foundation
import Report

/// An explanation for a terminal.
struct ExplanationText {
  private let explanation: Explanation
  private let lines = ExplanationLines()

  init(_ explanation: Explanation) {
    self.explanation = explanation
  }

  func render() -> String {
    let place = explanation.coordinates.map(String.init).joined(separator: ",")
    let head = "\(explanation.endPoint) at \(place) of case \(explanation.caseName)".oneLine
    let input = explanation.isOnOwnInput ? "its own input" : "the golden's input"
    return
      ([head, ""] + lines.comparison("alone, on \(input)", explanation.isolated)
      + lines.comparison("in the chain, from the images", explanation.accumulated)
      + lines.golden(explanation.golden.map { Double($0) }) + origin + [""] + sum + [""] + field)
      .joined(separator: "\n")
  }

  private var origin: [String] {
    guard let error = explanation.accumulated.error, let inherited = explanation.inherited else {
      return []
    }
    return [
      "of the chain's error",
      "  inherited    \(lines.number(inherited))",
      "  introduced   \(lines.number(error - inherited))",
    ]
  }

  private var sum: [String] {
    var text = lines.sum(explanation.sum)
    if !explanation.sum.paddingTaps.isEmpty {
      let taps = explanation.sum.paddingTaps.map { "\($0.row),\($0.column)" }
      text.append("  taps on padding: \(taps.joined(separator: " "))")
    }
    if let norm = explanation.norm {
      let number = lines.number
      text.append(
        "  batch norm: (sum - \(number(norm.mean))) x \(number(norm.scale)) + "
          + "\(number(norm.offset)) = \(number(norm.preActivation)), then the clamp to 0…6")
    }
    return text
  }

  private var field: [String] {
    let field = explanation.receptiveField
    var lines = [
      "depends on the image's rows \(field.rows.lowerBound)…\(field.rows.upperBound) and columns "
        + "\(field.columns.lowerBound)…\(field.columns.upperBound)"
    ]
    if !field.paddedLayers.isEmpty {
      let names = field.paddedLayers.map(\.rawValue)
      let text = names.count > 4 ? "\(names.count) layers" : names.joined(separator: ", ")
      lines.append("reaches into the padding of \(text)")
    }
    return lines
  }
}
