import Conformance
import Foundation

/// What the explanations of a layer and of a step of training have in common.
struct ExplanationLines {
  func comparison(_ title: String, _ comparison: Explanation.Comparison) -> [String] {
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
    if let sigma = comparison.sigma {
      lines.append("  sigma        \(number(sigma)), error \(ratio(error, sigma)) sigma")
    }
    return lines
  }

  func golden(_ value: Double?) -> [String] {
    guard let value else { return ["golden         does not show it"] }
    return ["golden", row("TensorFlow", value, bits: Float(value))]
  }

  /// The terms that count.
  func sum(_ list: TermList) -> [String] {
    let terms = list.terms
    let largest = list.largest(8)
    let lines = [
      "the sum: \(terms.count) terms, \(number(list.sum)); the largest of them",
      "  " + left("term", 7) + left("tap", 6) + left("input", 16) + right("x", 14)
        + right("weight", 14) + right("product", 14) + right("running sum", 14),
    ]
    return lines
      + largest.map { term in
        "  " + left("\(term.order)", 7) + left(term.tap.map { "\($0.row),\($0.column)" } ?? "-", 6)
          + left(term.input.map(String.init).joined(separator: ","), 16)
          + [term.x, term.weight, term.product, term.partialSum].map { right(number($0), 14) }
          .joined()
      }
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

  func number(_ value: Double) -> String { String(format: "%.6g", value) }

  private func left(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(width - text.count, 1))
  }

  private func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(width - text.count, 1)) + text
  }
}
