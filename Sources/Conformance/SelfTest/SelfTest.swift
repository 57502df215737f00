import MobileNet
import Reference

/// The suite's own test, run before any verdict: data whose results are known in closed form go
/// through the code that judges. If one result is not what it must be, nothing is judged.
///
/// The BLAS testers do the same: they first check their own dot products on exact data, and abandon
/// the test if those are wrong.
public struct SelfTest: Sendable {
  package typealias Compare =
    @Sendable (Tensor<Float>, Tensor<Double>, Tensor<Double>?, Tensor<Double>?) -> ErrorStatistics
  package typealias Bounds =
    @Sendable (Layer, LayerEvaluation, Tensor<Double>) -> Tensor<Double>
  package typealias Variance =
    @Sendable (Layer, LayerEvaluation, Tensor<Double>) -> Tensor<Double>

  /// What is tested; the suite's own functions, unless a test hands in broken ones.
  package var compare: Compare = { values, reference, bounds, variance in
    ErrorStatistics(
      values, reference: reference, bounds: bounds,
      budget: variance.map { ErrorStatistics.Budget(element: $0, clamped: $0) }, isDetailed: true)
  }
  package var bounds: Bounds = { ErrorBound.bounds(of: $0, $1, input: $2) }
  package var variance: Variance = { ErrorBudget.introduced(by: $0, $1, input: $2) }

  public init() {}

  /// - Throws: ``HarnessError`` naming every check that fails.
  public func run() throws(HarnessError) {
    let failures = failures()
    guard failures.isEmpty else {
      throw HarnessError("the self-test fails: " + failures.joined(separator: "; "))
    }
  }

  /// The checks that fail, in words.
  package func failures() -> [String] {
    let checks: [(String, Bool)] =
      sums() + limits() + distances() + planted() + special() + gates() + clampAndBias()
      + details()
    return checks.filter { !$0.1 }.map(\.0)
  }

  /// x = (1, 2, 3) times w = (4, -5, 6): products 4, -10, 18, partial sums 4, -6, 12.
  private func sums() -> [(String, Bool)] {
    let moments = Self.layer.evaluation.moments?[flat: 0]
    return [
      ("an exact sum", moments?.value == 12),
      ("a sum of magnitudes", moments?.absolute == 32),
      ("a sum of squares", moments?.squares == 16 + 100 + 324 + 36 + 144),
    ]
  }

  /// Bound and variance of that sum minus 8, doubled, plus 1: y = 9, which the clamp makes 6.
  private func limits() -> [(String, Bool)] {
    let (layer, evaluation, input) = Self.layer
    let u = Roundoff.unit
    let bound = bounds(layer, evaluation, input)[flat: 0]
    // 2 (γ_5 32 + γ_9 (12 + 8)) + γ_4 |1 - 16|, to first order.
    let expected: Double = u * Double(2 * (5 * 32 + 9 * 20) + 4 * 15)
    let variance = variance(layer, evaluation, input)[flat: 0]
    // The sum that ends with the bias is the widest here: scale² times Σp² twice and the mean of Σs_k² over
    // all orders, (440 / 6 + 144 / 3) 4; three roundings of the scale, mean times scale, offset less
    // that, y.
    let sums: Double = 2 * 440 + (440.0 / 6 + 48) * 4
    let squares: Double = 4 * sums + Double(3 * 64 + 16 * 16 + 15 * 15 + 81)
    return [
      (
        "an output", evaluation.output[flat: 0] == 6 && isNear(evaluation.preActivation[flat: 0], 9)
      ),
      ("a bound", isNear(bound, expected)),
      ("a variance", isNear(variance, Roundoff.meanSquare * u * u * squares)),
    ]
  }

  /// Errors of which every figure is a short fraction.
  private func distances() -> [(String, Bool)] {
    let statistics = compare(
      tensor([1.5, 2, -4, 1]), tensor([1, 2, -3, 1]), tensor([1, 1, 4, 1]),
      tensor([0.0625, 0.0625, 0.25, 0.0625]))
    let ulps = [(Float(1).nextUp, 1.0, 1.0), (Float(1).nextDown, 1, 0.5), (0x1.000004p2, 4, 2)]
    return [
      ("a largest error", statistics.maxAbsolute == 1),
      ("an rms", isNear(statistics.rms, (1.25 / 4).squareRoot())),
      ("a utilisation", statistics.utilisation == 0.5),
      ("a largest error in sigma", statistics.maxSigma == 2),
      ("a budget ratio", isNear(statistics.budgetRatio ?? 0, (1.25 / 0.4375).squareRoot())),
      (
        "independent errors",
        isNear(statistics.effectiveCount ?? 0, 0.4375 * 0.4375 / (0.015625 + 0.0625 + 0.00390625))
      ),
    ]
      + ulps.map { value, reference, distance in
        (
          "a distance of \(distance) ulp",
          compare(tensor([value]), tensor([reference]), nil, nil).maxULP == distance
        )
      }
  }

  /// An error just beyond the bound is caught in whatever place, one just within is not.
  private func planted() -> [(String, Bool)] {
    let count = 7
    let bound = 0x1p-12
    return (0..<count).flatMap { place in
      [(1.01, true), (0.99, false)].map { factor, isCaught in
        var values = [Float](repeating: 1, count: count)
        // 0.99 and 1.01 of 2^-12 are exact multiples of nothing: rounding moves them by 2^-24.
        values[place] = Float(1 + factor * bound)
        let statistics = compare(
          tensor(values), tensor([Double](repeating: 1, count: count)),
          tensor([Double](repeating: bound, count: count)), nil)
        let utilisation = statistics.utilisation ?? 0
        return (
          "a planted error of \(factor) x bound at \(place)",
          (utilisation > 1) == isCaught && abs(utilisation - factor) < 1e-3
            && statistics.worst?.index == [0, 0, 0, place]
        )
      }
    }
  }

  /// What is not finite is infinitely wrong; a flushed subnormal is not wrong.
  private func special() -> [(String, Bool)] {
    let one = tensor([1.0])
    let bad: [(String, Bool)] = [Float.nan, .infinity, -.infinity].map { value in
      let statistics = compare(tensor([value]), one, one, one)
      return (
        "\(value)",
        statistics.utilisation == .infinity && statistics.maxSigma == .infinity
          && statistics.notMatched == 1
      )
    }
    let nan = compare(tensor([Float.nan]), tensor([Double.nan]), one, one)
    let swapped = compare(tensor([Float.infinity]), tensor([-Double.infinity]), one, one)
    let flushed = compare(tensor([Float(0)]), tensor([0x1p-127]), tensor([0x1p-140]), nil)
    let negative = compare(tensor([Float(-0.0)]), tensor([0]), one, one)
    return bad + [
      (
        "NaN for NaN",
        nan.notMatched == 0 && nan.matched == 1 && nan.count == 0
          && nan.utilisation == nil
      ),
      (
        "an infinity of the wrong sign", swapped.notMatched == 1 && swapped.utilisation == .infinity
      ),
      ("a subnormal flushed to zero", flushed.utilisation == 0),
      ("a negative zero", negative.negativeZeros == 1 && negative.utilisation == 0),
    ]
  }

  /// A gate passes the exact result, fails what is far off, and does not run without data.
  private func gates() -> [(String, Bool)] {
    let reference = tensor([1.0, 2, 3, 4])
    let (bounds, variance) = (
      tensor([1e-6, 1e-6, 1e-6, 1e-6]), tensor([1e-14, 1e-14, 1e-14, 1e-14])
    )
    let exact = compare(tensor([1, 2, 3, 4]), reference, bounds, variance)
    let wrong = compare(tensor([1, 2, 3, 4.5]), reference, bounds, variance)
    let empty = Verdict(
      Judgement(of: [], profile: .standard, waivers: [], restricted: false, order: []),
      subject: SubjectIdentity(name: "", description: ""), restricted: false)
    func status(_ gate: Gate, _ statistics: ErrorStatistics?) -> Status {
      gate.judge(
        Measurement(isolated: statistics, accumulated: statistics), of: .globalPool, .standard
      ).status
    }
    return [Gate.isolatedBound, .isolatedBudget, .accumulatedBudget].flatMap { gate in
      [
        ("\(gate.rawValue) on the exact result", status(gate, exact) == .pass),
        ("\(gate.rawValue) on a wrong result", status(gate, wrong) == .fail),
        ("\(gate.rawValue) on nothing", status(gate, nil) == .notRun),
      ]
    } + [("a verdict on nothing", !empty.conforms)]
  }
}

/// The suite itself is at fault: nothing that it says may be believed.
public struct HarnessError: Error, Hashable, CustomStringConvertible {
  public let reason: String

  public init(_ reason: String) { self.reason = reason }

  public var description: String {
    "\(Status.harnessError.rawValue): \(reason); nothing was judged"
  }
}
