import Conformance

/// Cases in the order of a sweep.
enum SweepOrder {
  /// Places of the cases by number of pixels, then as the record has them; the cases that are not about
  /// images last.
  static func places(_ cases: [CaseRecord]) -> [Int] {
    cases.enumerated().map { place, item in
      (item.isMade ? Int.max : item.images.dropFirst().reduce(1, *), item.images.first ?? 0, place)
    }.sorted(by: <).map(\.2)
  }

  /// Whether most of the cases are images of sizes of their own.
  static func isSweep(_ cases: [CaseRecord]) -> Bool {
    let sizes = Set(cases.map { Array($0.images.dropFirst()) })
    return sizes.count >= 8 && sizes.count * 2 > cases.count
  }
}
