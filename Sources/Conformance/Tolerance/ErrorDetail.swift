import Foundation
import MobileNet

/// Where and how the errors of one comparison are spread: more than the few figures that gates judge
/// by, and less than the tensor.
///
/// Every error is taken relative to its ``yardstick``. Ratios of areas are the largest in the area,
/// rounded up to three digits: a single element that is beyond its limit cannot disappear.
public struct ErrorDetail: Hashable, Sendable, Codable {
  /// What the errors are divided by.
  public var yardstick: Yardstick
  /// How many elements come to which ratio.
  public var ratios: LogHistogram
  /// How many elements are how many units in the last place of the reference off.
  public var ulps: LogHistogram
  /// Where in the image the errors are; `nil` for tensors of a single pixel.
  public var map: ErrorMap?
  /// Largest ratio over batch and pixels, channel by channel; of more than ``channelLimit`` channels
  /// in that many strips of neighbours.
  public var channels: [Double]
  /// The elements with the largest ratios, the worst first: ``elementLimit``, or fewer if fewer err.
  public var worst: [ErrorStatistics.Element]

  /// What an error is divided by to make a ratio.
  public enum Yardstick: String, Hashable, Sendable, Codable {
    /// What the element's error may be at most.
    case bound
    /// The element's predicted standard deviation.
    case sigma
    /// One: there is neither, and the ratio is the error itself.
    case one
  }

  package static let channelLimit = 64
  package static let elementLimit = 5
}

/// The largest ratio over batch and channels, pixel by pixel; of more than ``limit`` rows or columns
/// in that many areas.
public struct ErrorMap: Hashable, Sendable, Codable {
  public var rows: Int
  public var columns: Int
  /// Row by row, `rows` x `columns`.
  public var cells: [Double]

  package static let limit = 16
}

/// Collects what an ``ErrorDetail`` says while the elements of a comparison pass by.
struct ErrorSurvey {
  private var ratios = LogHistogram.Tally()
  private var ulps = LogHistogram.Tally()
  private var cells: [Double]
  private var channels: [Double]
  private(set) var worst: [(ratio: Double, index: Int)] = []

  private let depth: Int
  private let pixels: Int
  private let map: (rows: Partition, columns: Partition)?
  private let cellOfPixel: [Int]
  private let stripOfChannel: [Int]

  /// - Parameter shape: `[batch, height, width, channels]` or `[batch, channels]`.
  init(shape: [Int]) {
    depth = max(shape.last ?? 1, 1)
    let strips = Partition(depth, into: ErrorDetail.channelLimit)
    stripOfChannel = (0..<depth).map(strips.cell)
    channels = [Double](repeating: 0, count: strips.count)
    pixels = shape.count == 4 ? max(shape[1] * shape[2], 1) : 1
    if pixels > 1 {
      let rows = Partition(shape[1], into: ErrorMap.limit)
      let columns = Partition(shape[2], into: ErrorMap.limit)
      map = (rows, columns)
      cellOfPixel = (0..<pixels).map {
        rows.cell(of: $0 / shape[2]) * columns.count + columns.cell(of: $0 % shape[2])
      }
      cells = [Double](repeating: 0, count: rows.count * columns.count)
    } else {
      map = nil
      cellOfPixel = [0]
      cells = [0]
    }
  }

  /// - Parameters:
  ///   - index: Flat position of the element.
  ///   - ratio: Its error in units of the yardstick, never negative nor NaN.
  ///   - ulps: The same in units in the last place.
  mutating func add(_ index: Int, ratio: Double, ulps: Double) {
    ratios.add(ratio)
    self.ulps.add(ulps)
    guard ratio > 0 else { return }
    let cell = cellOfPixel[index / depth % pixels]
    let strip = stripOfChannel[index % depth]
    if ratio > cells[cell] { cells[cell] = ratio }
    if ratio > channels[strip] { channels[strip] = ratio }
    enter(ratio, index)
  }

  /// Keeps the list of the worst sorted; of equals the first stays in front.
  private mutating func enter(_ ratio: Double, _ index: Int) {
    if worst.count == ErrorDetail.elementLimit {
      guard let last = worst.last, ratio > last.ratio else { return }
      worst.removeLast()
    }
    let place = worst.firstIndex { ratio > $0.ratio } ?? worst.count
    worst.insert((ratio, index), at: place)
  }

  /// - Parameter element: Makes the element at a flat position.
  func detail(
    by yardstick: ErrorDetail.Yardstick, element: (Int) -> ErrorStatistics.Element
  ) -> ErrorDetail {
    ErrorDetail(
      yardstick: yardstick, ratios: ratios.histogram, ulps: ulps.histogram,
      map: map.map {
        ErrorMap(
          rows: $0.rows.count, columns: $0.columns.count, cells: cells.map { $0.roundedUp() })
      },
      channels: channels.map { $0.roundedUp() }, worst: worst.map { element($0.index) })
  }
}

extension Double {
  /// The next number of three significant decimal digits that is not smaller.
  ///
  /// For positive numbers from 1e-19 to 1e22; others stay as they are, which only makes them longer.
  package func roundedUp() -> Double {
    guard isFinite, self >= 1e-19, self <= 1e22 else { return self }
    // Powers of ten up to 1e22 are exact, so one operation yields the double that is nearest to the
    // decimal, and that prints as three digits.
    let exponent = 2 - Int(Foundation.log10(self).rounded(.down))
    let power = Foundation.pow(10, Double(abs(exponent)))
    let digits = (exponent >= 0 ? self * power : self / power).rounded()
    let value = { (digits: Double) in exponent >= 0 ? digits / power : digits * power }
    return value(digits) >= self ? value(digits) : value(digits + 1)
  }
}
