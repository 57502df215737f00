import Foundation
import MobileNet
import Testing

import Conformance

/// Where and how errors are spread, on planted data.
@Suite struct ErrorDetailTests {
  private static let shape = [2, 37, 20, 100]

  /// Ones with some elements changed.
  private func detail(
    _ planted: [([Int], Float)], shape: [Int] = shape, bound: Double? = 0.25,
    sigma: Double? = nil
  ) throws -> ErrorDetail {
    var values = Tensor(repeating: Float(1), shape: shape)
    for (place, value) in planted {
      values[flat: zip(place, shape).reduce(0) { $0 * $1.1 + $1.0 }] = value
    }
    let variance = sigma.map { Tensor(repeating: $0 * $0, shape: shape) }
    let statistics = ErrorStatistics(
      values, reference: Tensor(repeating: 1, shape: shape),
      bounds: bound.map { Tensor(repeating: $0, shape: shape) },
      budget: variance.map { ErrorStatistics.Budget(element: $0, clamped: $0) }, isDetailed: true)
    return try #require(statistics.detail)
  }

  @Test func `no element is lost, wherever it is planted`() throws {
    var generator = SplitMix64(seed: 11)
    for _ in 0..<40 {
      let place = Self.shape.map { Int.random(in: 0..<$0, using: &generator) }
      let detail = try detail([(place, 2)])
      let map = try #require(detail.map)
      #expect(map.rows == 16 && map.columns == 16)
      let hit = try #require(map.cells.indices.filter { map.cells[$0] > 0 }.first)
      #expect(map.cells.reduce(0, +) == 4 && map.cells[hit] == 4)
      #expect(Partition(37, into: 16).positions(in: hit / 16).contains(place[1]))
      #expect(Partition(20, into: 16).positions(in: hit % 16).contains(place[2]))
      #expect(detail.channels.count == 64 && detail.channels.reduce(0, +) == 4)
      let strip = try #require(detail.channels.firstIndex(of: 4))
      #expect(Partition(100, into: 64).positions(in: strip).contains(place[3]))
      #expect(detail.worst.map(\.index) == [place])
    }
  }

  @Test func `a cell holds the worst of its pixels, images and channels`() throws {
    let detail = try detail([
      ([0, 0, 0, 0], 1.25), ([0, 1, 0, 50], 1.5), ([1, 2, 1, 99], 1.75), ([1, 36, 19, 99], 1.125),
    ])
    // Rows 0 to 2 and columns 0 to 1 make the first cell: 37/16 and 20/16 rounded up.
    #expect(detail.map?.cells.first == 3)
    #expect(detail.map?.cells.last == 0.5)
    #expect(detail.channels.first == 1 && detail.channels[32] == 2 && detail.channels.last == 3)
    #expect(detail.worst.count == 4)
    #expect(detail.worst.map(\.value) == [1.75, 1.5, 1.25, 1.125])
    #expect(detail.worst.first?.bound == 0.25)
  }

  @Test func `counts sum to all elements, each in its octave`() throws {
    let detail = try detail([
      ([0, 0, 0, 0], 1.25), ([0, 0, 0, 1], 1.4375), ([0, 0, 0, 2], 1.5), ([0, 0, 0, 3], .nan),
      ([0, 0, 0, 4], .infinity), ([0, 0, 0, 5], Float(1).nextUp),
    ])
    let count = Self.shape.reduce(1, *)
    for histogram in [detail.ratios, detail.ulps] {
      #expect(histogram.total == count)
      #expect(histogram.zero == count - 6 && histogram.infinite == 2)
    }
    // 2^-21 bounds; 1 and 1.75 bounds share an octave, 2 bounds begin the next.
    #expect(detail.ratios.first == -21)
    #expect(detail.ratios.counts == [1] + Array(repeating: 0, count: 20) + [2, 1])
    // 1 ulp, then 2^21 up to 2^22.
    #expect(detail.ulps.first == 0)
    #expect(detail.ulps.counts == [1] + Array(repeating: 0, count: 20) + [2, 1])
    #expect(detail.worst.prefix(2).map(\.index.last) == [3, 4])
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func `what is not finite is infinite in every part`(value: Float) throws {
    let detail = try detail([([1, 20, 10, 70], value)])
    #expect(detail.ratios.infinite == 1 && detail.ulps.infinite == 1)
    #expect(detail.map?.cells.filter { $0 == .infinity }.count == 1)
    #expect(detail.channels.filter { $0 == .infinity }.count == 1)
    #expect(detail.worst.first?.index == [1, 20, 10, 70])
  }

  @Test func `an error where none is admissible is infinite`() throws {
    let detail = try detail([([0, 0, 0, 0], 1.5)], bound: 0)
    #expect(detail.ratios.infinite == 1 && detail.ulps.infinite == 0)
    #expect(detail.map?.cells.first == .infinity)
  }

  @Test func `sizes far beyond the bins are in the outermost ones`() throws {
    let tiny = try detail([([0, 0, 0, 0], Float(1).nextUp)], bound: 1e300)
    #expect(tiny.ratios.first == -30 && tiny.ratios.counts == [1])
    let huge = try detail([([0, 0, 0, 0], 2)], bound: 1e-300)
    #expect(huge.ratios.first == 60 && huge.ratios.counts == [1])
  }

  @Test func `the yardstick is the bound, or else sigma, or else nothing`() throws {
    let place = [0, 3, 3, 3]
    let bound = try detail([(place, 1.5)], bound: 0.25, sigma: 0.125)
    #expect(bound.yardstick == .bound && bound.worst.first?.sigma == 0.125)
    #expect(bound.channels.max() == 2)
    let sigma = try detail([(place, 1.5)], bound: nil, sigma: 0.125)
    #expect(sigma.yardstick == .sigma && sigma.channels.max() == 4)
    let one = try detail([(place, 1.5)], bound: nil)
    #expect(one.yardstick == .one && one.channels.max() == 0.5)
  }

  @Test func `only images of more than one pixel have a map`() throws {
    #expect(try detail([([1, 0, 0, 5], 2)], shape: [2, 1, 1, 8]).map == nil)
    let logits = try detail([([1, 1000], 2)], shape: [2, 1001])
    #expect(logits.map == nil && logits.channels.count == 64 && logits.channels.last == 4)
    #expect(try detail([([0, 0, 1, 0], 2)], shape: [1, 1, 2, 1]).map?.cells == [0, 4])
  }

  @Test func `nothing compared has nothing in it`() throws {
    for shape in [[0, 4, 4, 3], [1, 0, 0, 3], [1, 4, 4, 0], [0]] {
      let detail = try detail([], shape: shape)
      #expect(detail.ratios.total == 0 && detail.ulps.total == 0 && detail.worst.isEmpty)
    }
  }

  @Test func `only so many are listed, the first of equals in front`() throws {
    let places = (0..<9).map { [0, 0, 0, $0] }
    let equal = try detail(places.map { ($0, 1.5) })
    #expect(equal.worst.map(\.index) == Array(places.prefix(5)))
    let rising = try detail(places.enumerated().map { ($1, 1 + Float($0 + 1) / 16) })
    #expect(rising.worst.map(\.index) == Array(places.reversed().prefix(5)))
  }

  @Test func `no detail unless asked for`() {
    #expect(
      ErrorStatistics(Tensor(shape: [1], scalars: [1]), reference: Tensor(shape: [1], scalars: [1]))
        .detail == nil)
  }

  @Test func `rounded figures are short, and never smaller`() {
    var generator = SplitMix64(seed: 5)
    for _ in 0..<20_000 {
      let value = exp2(Double.random(in: -60...70, using: &generator))
      let rounded = value.roundedUp()
      #expect(rounded >= value && rounded <= value * 1.0101, "\(value)")
      let digits = "\(rounded)".split(separator: "e")[0].filter(\.isNumber)
      let significant = digits.drop { $0 == "0" }.reversed().drop { $0 == "0" }
      #expect(significant.count <= 3, "\(value) became \(rounded)")
    }
    for value in [0, 1, 0.07, 0.5, 1.01, 123, 1e22, .infinity] {
      #expect(value.roundedUp() == value)
    }
    #expect(1.0.nextUp.roundedUp() == 1.01)
    #expect((0.123).nextUp.roundedUp() == 0.124)
  }

  @Test(arguments: 1...70)
  func `cells divide an axis without gaps`(extent: Int) {
    for limit in [1, 7, 16, 64] {
      let partition = Partition(extent, into: limit)
      var next = 0
      for cell in 0..<partition.count {
        let positions = partition.positions(in: cell)
        #expect(positions.lowerBound == next && !positions.isEmpty)
        #expect(positions.allSatisfy { partition.cell(of: $0) == cell })
        next = positions.upperBound
      }
      #expect(next == extent)
    }
  }
}

/// The record says where errors are, the same in every run.
@Suite struct RecordDetailTests {
  private let fixture: Fixture

  init() throws { fixture = try Fixture() }

  @Test func `every end point of a record has its details`() async throws {
    let record = try await fixture.verify(NaiveSubject(parameters: fixture.parameters))
    for endPoint in record.cases.flatMap(\.endPoints) {
      for statistics in [endPoint.isolated, endPoint.accumulated].compactMap({ $0 }) {
        let detail = try #require(statistics.detail)
        #expect(detail.ratios.total == statistics.count)
        #expect(detail.ulps.total == statistics.count)
        #expect(detail.worst.count <= 5)
        if statistics.maxAbsolute > 0 { #expect(detail.worst.first == statistics.worst) }
        let largest = try #require(detail.channels.max())
        let figure = statistics.utilisation ?? statistics.maxSigma ?? statistics.maxAbsolute
        #expect(largest >= figure && largest <= figure * 1.0101)
        if let map = detail.map { #expect(map.cells.max() == largest) }
      }
      #expect(endPoint.goldenIsolated?.detail == nil && endPoint.goldenAccumulated?.detail == nil)
    }
  }

  @Test func `two runs differ only in when and how long`() async throws {
    var records: [Data] = []
    for _ in 0..<2 {
      var record = try await fixture.verify(
        try fixture.faulty("weight-1e-3", in: "Conv2d_3_depthwise"))
      record.startedAt = ""
      record.seconds = 0
      for index in record.cases.indices { record.cases[index].seconds = 0 }
      records.append(try record.json())
    }
    #expect(records[0] == records[1])
  }

  @Test func `a record is read back as it was written, and one without details still is`()
    async throws
  {
    let record = try await fixture.verify(
      try fixture.faulty("weight-1e-3", in: "Conv2d_3_depthwise"), cases: "2x2")
    let json = try record.json()
    #expect(try ConformanceRecord(json: json).json() == json)
    var old = record
    for index in old.cases.indices {
      for place in old.cases[index].endPoints.indices {
        old.cases[index].endPoints[place].isolated?.detail = nil
        old.cases[index].endPoints[place].accumulated?.detail = nil
      }
    }
    let text = String(decoding: try old.json(), as: UTF8.self)
    #expect(!text.contains("detail"))
    #expect(try ConformanceRecord(json: Data(text.utf8)).verdict == record.verdict)
  }
}
