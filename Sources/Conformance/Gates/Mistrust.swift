import MobileNet

/// Agreement on nothing proves nothing: an end point whose reference values are nearly all zero, over
/// all cases together, could not have told right from wrong.
///
/// A single case may well hold an end point at zero (a black image, one pixel); the others then have
/// to show it alive.
enum Mistrust {
  /// Marks the gates that such an end point passed as mistrusted.
  static func apply(to cases: [CaseRecord], limit: Double) -> [CaseRecord] {
    var tally: [EndPoint: (zeros: Int, count: Int)] = [:]
    // Integers are alive by construction, which says nothing about the golden's values.
    for endPoint in cases.filter({ !$0.isMade }).flatMap(\.endPoints) {
      tally[endPoint.name, default: (0, 0)].zeros += endPoint.zeros
      tally[endPoint.name, default: (0, 0)].count += endPoint.shape.reduce(1, *)
    }
    var notes: [EndPoint: String] = [:]
    for (name, sums) in tally {
      let fraction = sums.count == 0 ? 1 : Double(sums.zeros) / Double(sums.count)
      if fraction > limit {
        notes[name] = "\(format(100 * fraction)) % of the reference is zero: too little to judge by"
      }
    }
    return cases.map { mark($0, notes) }
  }

  private static func mark(_ record: CaseRecord, _ notes: [EndPoint: String]) -> CaseRecord {
    guard !record.isMade else { return record }
    var record = record
    for index in record.endPoints.indices {
      guard let note = notes[record.endPoints[index].name] else { continue }
      for gate in record.endPoints[index].gates.indices
      where record.endPoints[index].gates[gate].status == .pass {
        record.endPoints[index].gates[gate].status = .mistrusted
        record.endPoints[index].gates[gate].note = note
      }
    }
    record.settle()
    return record
  }
}
