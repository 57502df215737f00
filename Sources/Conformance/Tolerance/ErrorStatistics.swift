import Foundation
import MobileNet

/// How far one tensor is from the reference, in every unit that helps to judge it.
///
/// Errors are differences to the float64 reference. A value that is not a number, or infinite where
/// the reference is not, counts as an infinite error, so that it can never pass.
///
/// Where both are NaN, or both the same infinity, the element is *matched*: there is no error to
/// measure, and it enters no figure. What a layer makes of a NaN in its input says nothing of how it
/// rounds, and must not hide what it does elsewhere.
public struct ErrorStatistics: Hashable, Sendable, Codable {
  /// Elements compared: all but the matched ones.
  public var count: Int
  /// Elements that are NaN, or the same infinity, in both; `nil` if there are none.
  public var matched: Int?
  /// Elements that are not finite although the reference is.
  public var notFinite: Int
  /// Elements where only one of the two is NaN, or where they are not the same infinity.
  public var notMatched: Int
  /// Elements that are -0.
  public var negativeZeros: Int
  /// Share of elements that are exactly zero in the judged tensor.
  public var zeroFraction: Double
  /// Largest absolute error.
  public var maxAbsolute: Double
  /// Root mean square of the error.
  public var rms: Double
  /// Mean error; far from zero compared with ``rms`` it betrays biased rounding.
  public var mean: Double
  /// Largest error in units in the last place of the reference value rounded to float32.
  public var maxULP: Double
  /// ‖error‖ / ‖reference‖.
  public var relativeL2: Double
  /// Cosine of the angle between the tensor and the reference.
  public var cosine: Double
  /// Largest |error| / bound, if bounds were given and any element was compared: above 1 no correct
  /// implementation explains it.
  public var utilisation: Double?
  /// rms(error) / rms(sigma), if a budget was given and any element was compared.
  public var budgetRatio: Double?
  /// How many independent errors ``budgetRatio`` averages over, if a budget was given.
  ///
  /// Elements of equal value come from equal operands and err equally, so they count once, as do all
  /// probabilities of one image, which share one sum. Elements whose variance is small beside the
  /// others' hardly count.
  public var effectiveCount: Double?
  /// Largest |error| / sigma, if a budget was given and any element was compared.
  public var maxSigma: Double?
  /// The form of evaluation by whose budget it was judged, for an isolated layer.
  public var form: EvaluationForm?
  /// What the clamp holds at 0 and 6, for a convolution by itself.
  public var clamp: ClampStatistics?
  /// Bias and spread of the rounding errors, for a layer by itself.
  public var rounding: RoundingStatistics?
  /// The first element that is NaN or infinite out of place; else the one with the largest
  /// utilisation, or else with the most sigmas or the largest error.
  public var worst: Element?
  /// How the errors are spread, if that was asked for.
  public var detail: ErrorDetail?

  /// One element of the comparison.
  public struct Element: Hashable, Sendable, Codable {
    /// Position in the tensor, outermost axis first (n, y, x, c).
    public var index: [Int]
    /// The judged value.
    public var value: Double
    public var reference: Double
    /// What the error may be at most, if bounds were given.
    public var bound: Double?
    /// Predicted standard deviation, if a budget was given.
    public var sigma: Double?
  }
}

extension ErrorStatistics {
  /// Budget of a comparison.
  package struct Budget {
    /// Variance of every element's error before the clamp: the yardstick of single elements. An
    /// element just beyond the clamp may still err by this much.
    package let element: Tensor<Double>
    /// Variance after the clamp: the yardstick of the whole.
    package let clamped: Tensor<Double>
    /// Whether all elements of one image err together, as the softmax's do through their common sum.
    package let isCommon: Bool
    /// Of ``clamped``; `nil` if it has yet to be counted.
    package private(set) var effectiveCount: Double?

    package init(element: Tensor<Double>, clamped: Tensor<Double>, isCommon: Bool = false) {
      self.element = element
      self.clamped = clamped
      self.isCommon = isCommon
    }

    /// The same with its independent errors counted, once for all that is compared with `reference`.
    package func counted(for reference: Tensor<Double>) -> Budget {
      var budget = self
      budget.effectiveCount = EffectiveCount.count(
        clamped, reference: reference, isCommon: isCommon)
      return budget
    }

    /// The budget for errors that are larger by `factor`.
    ///
    /// - Parameter element: The yardstick of single elements, if theirs are not larger by that.
    func scaled(by factor: Double, element: Tensor<Double>? = nil) -> Budget {
      guard factor != 1 || element != nil else { return self }
      let square = factor * factor
      var budget = Budget(
        element: element ?? self.element.map { $0 * square },
        clamped: clamped.map { $0 * square }, isCommon: isCommon)
      // A common factor changes no proportion.
      budget.effectiveCount = effectiveCount
      return budget
    }
  }

  /// Compares `tensor` with `reference`, element by element.
  ///
  /// - Parameters:
  ///   - bounds: Largest admissible errors.
  ///   - budget: Predicted variances.
  ///   - isDetailed: Whether to record how the errors are spread as well.
  /// All are of the same shape.
  package init(
    _ tensor: Tensor<Float>, reference: Tensor<Double>, bounds: Tensor<Double>? = nil,
    budget: Budget? = nil, isDetailed: Bool = false
  ) {
    var sums = Sums()
    var tightest = (ratio: -1.0, index: 0)
    var misplaced: Int?
    var survey = isDetailed ? ErrorSurvey(shape: reference.shape) : nil
    for index in 0..<reference.count {
      let exact = reference[flat: index]
      let place = Self.place(of: tensor[flat: index], exact)
      if place == .matched {
        sums.matched += 1
        continue
      }
      if place == .misplaced { misplaced = misplaced ?? index }
      let error = Self.error(Double(tensor[flat: index]), exact)
      let ulps = Self.ratio(error, Self.ulp(exact))
      sums.add(value: tensor[flat: index], reference: exact, error: error, ulps: ulps)
      var ratio = error
      if let budget {
        ratio = Self.ratio(error, budget.element[flat: index].squareRoot())
        sums.maxSigma = max(sums.maxSigma, ratio)
        // What is NaN out of place has no variance, and an infinite error without one.
        let variance = budget.clamped[flat: index]
        if variance.isFinite { sums.variance += variance }
      }
      if let bounds {
        ratio = Self.ratio(error, bounds[flat: index])
        sums.utilisation = max(sums.utilisation, ratio)
      }
      if ratio > tightest.ratio { tightest = (ratio, index) }
      survey?.add(index, ratio: ratio, ulps: ulps)
    }
    func element(_ place: Int) -> Element {
      Element(
        index: reference.coordinates(of: place), value: Double(tensor[flat: place]),
        reference: reference[flat: place], bound: bounds?[flat: place],
        sigma: budget?.element[flat: place].squareRoot())
    }
    self.init(
      sums, hasBounds: bounds != nil,
      effectiveCount: budget.map {
        $0.effectiveCount ?? $0.counted(for: reference).effectiveCount ?? 0
      },
      worst: sums.count == 0 ? nil : element(misplaced ?? tightest.index))
    let yardstick = bounds != nil ? ErrorDetail.Yardstick.bound : budget != nil ? .sigma : .one
    detail = survey?.detail(by: yardstick, element: element)
  }

  /// - Parameter effectiveCount: Of the budget, if there was one.
  private init(_ sums: Sums, hasBounds: Bool, effectiveCount: Double?, worst: Element?) {
    // Nothing compared is nothing within a bound.
    let hasBounds = hasBounds && sums.count > 0
    let hasBudget = effectiveCount != nil && sums.count > 0
    let count = Double(max(sums.count, 1))
    self.count = sums.count
    matched = sums.matched > 0 ? sums.matched : nil
    notFinite = sums.notFinite
    notMatched = sums.notMatched
    negativeZeros = sums.negativeZeros
    zeroFraction = Double(sums.zeros) / count
    maxAbsolute = sums.maxAbsolute
    rms = (sums.squares / count).squareRoot()
    mean = sums.error / count
    maxULP = sums.maxULP
    relativeL2 = Self.ratio(sums.squares.squareRoot(), sums.referenceSquares.squareRoot())
    cosine = Self.cosine(sums)
    utilisation = hasBounds ? sums.utilisation : nil
    budgetRatio =
      hasBudget ? Self.ratio(sums.squares.squareRoot(), sums.variance.squareRoot()) : nil
    self.effectiveCount = hasBudget ? effectiveCount : nil
    maxSigma = hasBudget ? sums.maxSigma : nil
    self.worst = worst
  }

  /// What a value is beside the reference.
  private enum Place {
    /// Both are finite.
    case comparable
    /// Both are NaN, or the same infinity.
    case matched
    /// Only one of them is finite or NaN, or the infinities have different signs.
    case misplaced
  }

  /// A reference that float32 cannot hold is an infinity to a float32 engine.
  private static func place(of value: Float, _ reference: Double) -> Place {
    if value.isFinite && reference.isFinite { return .comparable }
    if value.isNaN || reference.isNaN {
      return value.isNaN && reference.isNaN ? .matched : .misplaced
    }
    return value == Float(reference) ? .matched : .misplaced
  }

  /// |value - reference|, infinite where one is not finite and they are not the same; 0 where a
  /// reference below the normal range was flushed to zero.
  static func error(_ value: Double, _ reference: Double) -> Double {
    if value == reference || (value.isNaN && reference.isNaN) { return 0 }
    if value == 0 && abs(reference) < Roundoff.smallestNormal { return 0 }
    let error = abs(value - reference)
    return error.isNaN ? .infinity : error
  }

  /// error / scale, where no error is 0 on any scale, and any error on the scale 0 is infinite.
  static func ratio(_ error: Double, _ scale: Double) -> Double {
    if error == 0 { return 0 }
    let ratio = error / scale
    return ratio.isNaN ? .infinity : ratio
  }

  /// 1 for two zero vectors: they point nowhere, and agree.
  private static func cosine(_ sums: Sums) -> Double {
    let product = (sums.valueSquares * sums.referenceSquares).squareRoot()
    if product == 0 { return sums.valueSquares == sums.referenceSquares ? 1 : 0 }
    return min(sums.dot / product, 1)
  }

  private struct Sums {
    var count = 0
    var matched = 0
    var notFinite = 0
    var notMatched = 0
    var negativeZeros = 0
    var zeros = 0
    var error = 0.0
    var squares = 0.0
    var valueSquares = 0.0
    var referenceSquares = 0.0
    var dot = 0.0
    var variance = 0.0
    var maxAbsolute = 0.0
    var maxULP = 0.0
    var maxSigma = 0.0
    var utilisation = 0.0

    /// - Parameter value: Not matched.
    mutating func add(value: Float, reference: Double, error: Double, ulps: Double) {
      let wide = Double(value)
      count += 1
      if value == 0 { zeros += 1 }
      if !value.isFinite && reference.isFinite { notFinite += 1 }
      if !value.isFinite || !reference.isFinite { notMatched += 1 }
      if value == 0 && value.sign == .minus { negativeZeros += 1 }
      self.error += wide - reference
      squares += error * error
      valueSquares += wide * wide
      referenceSquares += reference * reference
      dot += wide * reference
      maxAbsolute = max(maxAbsolute, error)
      maxULP = max(maxULP, ulps)
    }
  }

  /// Spacing of float32 numbers around `value`; below the normal range that of the smallest normal.
  static func ulp(_ value: Double) -> Double {
    let magnitude = max(abs(value), Roundoff.smallestNormal)
    return magnitude.binade * 0x1p-23
  }
}
