import Conformance
import Foundation
import Report

/// An explanation for a terminal.
struct ExplanationText {
  private let explanation: Explanation

  init(_ explanation: Explanation) {
    self.explanation = explanation
  }

  func render() -> String {
    let place = explanation.coordinates.map(String.init).joined(separator: ",")
    let head = "\(explanation.endPoint) at \(place) of case \(explanation.caseName)".oneLine
    let input = explanation.isOnOwnInput ? "its own input" : "the golden's input"
    return
      ([head, ""] + comparison("alone, on \(input)", explanation.isolated)
      + comparison("in the chain, from the images", explanation.accumulated) + golden + origin
      + [""] + sum + [""] + field).joined(separator: "\n")
  }

  private func comparison(_ title: String, _ comparison: Explanation.Comparison) -> [String] {
    var lines = [title, row("reference", comparison.reference)]
    guard let subject = comparison.subject, let error = comparison.error else {
      return lines + ["  subject      does not show it"]
    }
    lines.append(row("subject", Double(subject), bits: subject))
    let ulp = comparison.ulp.map { ", \(number($0)) ulp" } ?? ""
    lines.append("  error        \(number(error))\(ulp)")
    if let bound = comparison.bound {
      lines.append("  bound        \(number(bound)), used \(ratio(error, bound))")
    }
    lines.append(
      "  sigma        \(number(comparison.sigma)), error \(ratio(error, comparison.sigma)) sigma")
    return lines
  }

  private var golden: [String] {
    guard let golden = explanation.golden else { return ["golden         does not show it"] }
    return ["golden", row("TensorFlow", Double(golden), bits: golden)]
  }

  private var origin: [String] {
    guard let error = explanation.accumulated.error, let inherited = explanation.inherited else {
      return []
    }
    return [
      "of the chain's error",
      "  inherited    \(number(inherited))",
      "  introduced   \(number(error - inherited))",
    ]
  }

  private var sum: [String] {
    let terms = explanation.sum.terms
    let largest = explanation.sum.largest(8)
    var lines = [
      "the sum: \(terms.count) terms, \(number(explanation.sum.sum)); the largest of them",
      "  " + left("term", 7) + left("tap", 6) + left("input", 16) + right("x", 14)
        + right("weight", 14) + right("product", 14) + right("running sum", 14),
    ]
    lines += largest.map { term in
      "  " + left("\(term.order)", 7) + left(term.tap.map { "\($0.row),\($0.column)" } ?? "-", 6)
        + left(term.input.map(String.init).joined(separator: ","), 16)
        + [term.x, term.weight, term.product, term.partialSum].map { right(number($0), 14) }
        .joined()
    }
    if !explanation.sum.paddingTaps.isEmpty {
      let taps = explanation.sum.paddingTaps.map { "\($0.row),\($0.column)" }
      lines.append("  taps on padding: \(taps.joined(separator: " "))")
    }
    if let norm = explanation.norm {
      lines.append(
        "  batch norm: (sum - \(number(norm.mean))) x \(number(norm.scale)) + "
          + "\(number(norm.offset)) = \(number(norm.preActivation)), then the clamp to 0…6")
    }
    return lines
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

  /// A value with the bits of its float32.
  private func row(_ label: String, _ value: Double, bits: Float? = nil) -> String {
    let bits = (bits ?? Float(value)).bitPattern
    let hex = String(bits, radix: 16, uppercase: true)
    return "  \(left(label, 13))\(left(String(format: "%.17g", value), 26))"
      + "0x" + String(repeating: "0", count: 8 - hex.count) + hex
  }

  private func ratio(_ error: Double, _ scale: Double) -> String {
    error == 0 ? "0" : number(abs(error) / scale)
  }

  private func number(_ value: Double) -> String { String(format: "%.6g", value) }

  private func left(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(width - text.count, 1))
  }

  private func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(width - text.count, 1)) + text
  }
}
