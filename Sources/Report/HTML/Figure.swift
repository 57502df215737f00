import Conformance

/// A figure of the record that tables and charts show.
struct Figure {
  /// Which comparison it is of.
  enum Family: String {
    case isolated, accumulated, golden
  }

  let family: Family
  let title: String
  /// Read from one end point of one case.
  let value: @Sendable (EndPointRecord) -> Double?
  /// The most it may be; `nil` if nothing judges it.
  var limit: (@Sendable (Profile) -> Double)?
}

extension Figure {
  static let isolatedUtilisation = Figure(
    family: .isolated, title: "|e| / bound", value: { $0.isolated?.utilisation },
    limit: { $0.boundUtilisation })
  static let isolatedRatio = Figure(
    family: .isolated, title: "rms / σ", value: { $0.isolated?.budgetRatio },
    limit: { $0.isolatedBudgetRatio })
  static let isolatedMaxSigma = Figure(
    family: .isolated, title: "max / σ", value: { $0.isolated?.maxSigma },
    limit: { $0.isolatedMaxSigma })
  static let isolatedMaxULP = Figure(
    family: .isolated, title: "max ulp", value: { $0.isolated?.maxULP })
  static let isolatedMaxAbsolute = Figure(
    family: .isolated, title: "max |e|", value: { $0.isolated?.maxAbsolute })
  static let isolatedRMS = Figure(family: .isolated, title: "rms", value: { $0.isolated?.rms })

  static let accumulatedRatio = Figure(
    family: .accumulated, title: "rms / σ", value: { $0.accumulated?.budgetRatio },
    limit: { $0.accumulatedBudgetRatio })
  static let accumulatedMaxSigma = Figure(
    family: .accumulated, title: "max / σ", value: { $0.accumulated?.maxSigma },
    limit: { $0.accumulatedMaxSigma })
  static let accumulatedMaxAbsolute = Figure(
    family: .accumulated, title: "max |e|", value: { $0.accumulated?.maxAbsolute })
  static let accumulatedRMS = Figure(
    family: .accumulated, title: "rms", value: { $0.accumulated?.rms })
  static let accumulatedRelativeL2 = Figure(
    family: .accumulated, title: "rel. L2", value: { $0.accumulated?.relativeL2 })

  static let goldenUtilisation = Figure(
    family: .golden, title: "|e| / bound", value: { $0.goldenIsolated?.utilisation },
    limit: { $0.boundUtilisation })
  static let goldenRatio = Figure(
    family: .golden, title: "rms / σ", value: { $0.goldenAccumulated?.budgetRatio },
    limit: { $0.accumulatedBudgetRatio })
  static let goldenMaxSigma = Figure(
    family: .golden, title: "max / σ", value: { $0.goldenAccumulated?.maxSigma },
    limit: { $0.accumulatedMaxSigma })
  static let goldenRMS = Figure(
    family: .golden, title: "rms", value: { $0.goldenAccumulated?.rms })

  /// Columns of tables.
  static let columns: [Figure] = [
    isolatedUtilisation, isolatedRatio, isolatedMaxSigma, isolatedMaxULP, isolatedMaxAbsolute,
    accumulatedRatio, accumulatedMaxSigma, accumulatedMaxAbsolute, accumulatedRelativeL2,
    goldenUtilisation, goldenRatio,
  ]
}

/// A figure in its cell.
struct FigureCell {
  let text: String
  /// For sorting.
  let machine: String
  /// Where it comes from.
  let hint: String
  /// Whether it is beyond its limit.
  let over: Bool

  init(_ value: Double?, limit: Double?, hint: String = "") {
    text = Wording.figure(value)
    machine = Wording.machine(value)
    self.hint = hint
    over =
      if let value, let limit { !(value <= limit) } else { false }
  }
}

/// Neighbouring columns of one family under a common heading.
struct ColumnGroup {
  let title: String
  let span: Int

  static func groups(of figures: [Figure]) -> [ColumnGroup] {
    var groups: [ColumnGroup] = []
    for figure in figures {
      if let last = groups.last, last.title == figure.family.rawValue {
        groups[groups.count - 1] = ColumnGroup(title: last.title, span: last.span + 1)
      } else {
        groups.append(ColumnGroup(title: figure.family.rawValue, span: 1))
      }
    }
    return groups
  }
}
