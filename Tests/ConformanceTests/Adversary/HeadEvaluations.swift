import Conformance
import Foundation

/// One logit: n products and a bias, in any tree.
struct LogitElement {
  var x: [Float]
  var w: [Float]
  var bias: Float

  /// Exactly.
  var exact: Double {
    var sum = ExactSum()
    for (x, w) in zip(x, w) { sum.add(Double(x), times: Double(w)) }
    sum.add(Double(bias))
    return sum.value
  }

  func value(_ tree: SummationTree, _ arithmetic: Arithmetic) -> Float {
    arithmetic.written(Float(tree.sum(x + [bias], w + [1], arithmetic)))
  }
}

/// One admitted way to compute the mean over h x w positions.
struct PoolEvaluation {
  enum Form: String, CaseIterable {
    case division = "sum / N"
    case reciprocal = "sum x fl(1/N)"
    case scaledTerms = "terms x fl(1/N)"
    /// Means of the rows, then their mean.
    case twoSteps = "rows, then columns, / N"
    case twoStepsReciprocal = "rows, then columns, x fl(1/N)"
  }

  var form: Form
  var tree: SummationTree
  var arithmetic: Arithmetic
  /// Divides N.
  var rows: Int

  func value(of x: [Float]) -> Float {
    switch form {
    case .division, .reciprocal:
      return mean(x, tree, divides: form == .division)
    case .scaledTerms:
      let ones = [Float](repeating: 1 / Float(x.count), count: x.count)
      return arithmetic.written(Float(tree.sum(x, ones, arithmetic)))
    case .twoSteps, .twoStepsReciprocal:
      return twoSteps(x)
    }
  }

  private func twoSteps(_ x: [Float]) -> Float {
    let columns = x.count / rows
    let means = (0..<rows).map { row in
      mean(
        Array(x[row * columns..<(row + 1) * columns]), part(columns),
        divides: form == .twoSteps)
    }
    return mean(means, part(rows), divides: form == .twoSteps)
  }

  /// The tree over the first few terms.
  private func part(_ count: Int) -> SummationTree {
    var part = tree
    part.order.removeAll { $0 >= count }
    return part
  }

  private func mean(_ x: [Float], _ tree: SummationTree, divides: Bool) -> Float {
    let ones = [Float](repeating: 1, count: x.count)
    let count = Float(x.count)
    let sum = arithmetic.written(Float(tree.sum(x, ones, arithmetic)))
    return divides ? arithmetic.quotient(sum, count) : arithmetic.product(sum, 1 / count)
  }
}

/// One admitted way to compute a softmax.
struct SoftmaxEvaluation {
  enum Exponential: String, CaseIterable {
    case exp
    /// 2^fl(z log2 e).
    case exp2 = "exp2"
    /// 2^(z log2 e - fl(m log2 e)), the product fused or not; only with a shift.
    case exp2Fused = "exp2 of an FMA"
    case exp2Separate = "exp2 of a difference"
  }

  var subtractsMaximum: Bool
  var exponential: Exponential
  /// By class: how many floats the exponential is off.
  var steps: [Int]
  var tree: SummationTree
  var divides: Bool
  var arithmetic: Arithmetic

  func value(of z: [Float]) -> [Float] {
    let largest = z.max() ?? 0
    let powers = zip(z, steps).map { power(of: $0, largest, steps: $1) }
    let sum = Float(tree.sum(powers, [Float](repeating: 1, count: z.count), arithmetic))
    let reciprocal = 1 / sum
    return powers.map {
      divides ? arithmetic.quotient($0, sum) : arithmetic.product($0, reciprocal)
    }
  }

  private func power(of z: Float, _ largest: Float, steps: Int) -> Float {
    let exact: Double
    if exponential == .exp {
      exact = Foundation.exp(Double(subtractsMaximum ? arithmetic.sum(z, -largest) : z))
    } else {
      exact = Foundation.exp2(Double(exponent(z, largest)))
    }
    return arithmetic.written(approximation(of: exact, steps: steps))
  }

  private func exponent(_ z: Float, _ largest: Float) -> Float {
    let factor = Float(1.4426950408889634)
    guard subtractsMaximum else { return arithmetic.product(z, factor) }
    switch exponential {
    case .exp2Fused:
      return arithmetic.fused(z, factor, -arithmetic.product(largest, factor))
    case .exp2Separate:
      return arithmetic.sum(
        arithmetic.product(z, factor), -arithmetic.product(largest, factor))
    default:
      return arithmetic.product(arithmetic.sum(z, -largest), factor)
    }
  }

  /// Exactly, all but 2^-48.
  static func exact(_ z: [Float]) -> [Double] {
    let largest = Double(z.max() ?? 0)
    let powers = z.map { Foundation.exp(Double($0) - largest) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }
}
