import MobileNet

/// One end point over all cases: the worst of every figure.
public struct EndPointSummary: Hashable, Sendable {
  public var name: EndPoint
  /// The gravest status of any case.
  public var status: Status
  /// Cases in which the end point was judged.
  public var caseCount: Int
  /// Largest isolated |error| / bound, and the case that has it.
  public var utilisation: Worst?
  /// Largest isolated rms(error) / rms(sigma).
  public var isolatedRatio: Worst?
  /// Largest isolated |error| / sigma.
  public var isolatedMaxSigma: Worst?
  /// Largest accumulated rms(error) / rms(sigma).
  public var accumulatedRatio: Worst?
  /// Largest accumulated |error| / sigma.
  public var accumulatedMaxSigma: Worst?
  /// Largest accumulated absolute error.
  public var maxAbsolute: Worst?
  /// Largest |error| / bound of the golden by itself.
  public var goldenUtilisation: Worst?
  /// The gates that do not let this end point pass, in any case: first the one that every report names.
  public var failingGates: [Gate]

  /// The largest value of a figure, with the case it comes from.
  public struct Worst: Hashable, Sendable {
    public var value: Double
    public var caseName: String
  }
}

extension ConformanceRecord {
  /// Every judged end point over all cases, in order of computation.
  public var endPointSummaries: [EndPointSummary] {
    var order: [EndPoint] = []
    var byName: [EndPoint: [(caseName: String, record: EndPointRecord)]] = [:]
    for record in cases {
      for endPoint in record.endPoints {
        if byName[endPoint.name] == nil { order.append(endPoint.name) }
        byName[endPoint.name, default: []].append((record.name, endPoint))
      }
    }
    let named = Dictionary(
      findings.map { ($0.endPoint, $0.gate) }, uniquingKeysWith: { first, _ in first })
    return order.map { name in
      EndPointSummary(name: name, records: byName[name] ?? [], named: named[name])
    }
  }
}

extension EndPointSummary {
  fileprivate init(
    name: EndPoint, records: [(caseName: String, record: EndPointRecord)], named: Gate?
  ) {
    func worst(_ figure: (EndPointRecord) -> Double?) -> Worst? {
      records.compactMap { entry in
        figure(entry.record).map { Worst(value: $0, caseName: entry.caseName) }
      }
      // What is not a number is worse than any number.
      .max { ($0.value.isNaN ? .infinity : $0.value) < ($1.value.isNaN ? .infinity : $1.value) }
    }
    self.name = name
    status = Status.gravest(records.map(\.record.status)) ?? .notRun
    caseCount = records.count
    utilisation = worst { $0.isolated?.utilisation }
    isolatedRatio = worst { $0.isolated?.budgetRatio }
    isolatedMaxSigma = worst { $0.isolated?.maxSigma }
    accumulatedRatio = worst { $0.accumulated?.budgetRatio }
    accumulatedMaxSigma = worst { $0.accumulated?.maxSigma }
    maxAbsolute = worst { $0.accumulated?.maxAbsolute }
    goldenUtilisation = worst { $0.goldenIsolated?.utilisation }
    let failing = records.flatMap { $0.record.gates.filter { !$0.status.conforms }.map(\.gate) }
    failingGates = Set(failing).sorted { ($0 == named ? 0 : 1, $0) < ($1 == named ? 0 : 1, $1) }
  }
}
