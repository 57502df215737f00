import Engine
import Foundation

/// What `assay bench` found out about one shape and thread count.
struct BenchResult: Encodable {
  /// One layer of it.
  struct Layer: Encodable {
    let endPoint: String
    let shape: [Int]
    /// Of a thread, on average over the threads.
    let medianMicroseconds: Double
    let minimumMicroseconds: Double
    /// All threads together, at the median.
    let gigaflops: Double
    let shareOfPeak: Double
    let weightBytes: Int
    let activationBytes: Int
    /// The least time that this layer can take: its operations or its weights, whichever is longer.
    let rooflineMicroseconds: Double
  }

  let images: [Int]
  let threads: Int
  let isa: String
  let minimumMicroseconds: Double
  let medianMicroseconds: Double
  let percentile90Microseconds: Double
  let multiplyAccumulates: Int
  /// Weights, activations and scratch memory.
  let bytes: Int
  let peakGigaflops: Double
  let peakGigabytesPerSecond: Double
  /// At the minimum.
  let shareOfPeak: Double
  /// All operations at the peak rate.
  let computeLimitMicroseconds: Double
  let layers: [Layer]

  init(
    _ benchmark: Benchmark, _ shape: BenchShape, _ latency: Latency, _ costs: [LayerCost],
    peak: Peak
  ) {
    images = shape.images
    threads = benchmark.engine.threads
    isa = benchmark.engine.instructionSet.rawValue
    minimumMicroseconds = latency.minimum
    medianMicroseconds = latency.median
    percentile90Microseconds = latency.percentile(0.9)
    multiplyAccumulates = benchmark.multiplyAccumulates
    bytes = benchmark.byteCount
    peakGigaflops = peak.gigaflops
    peakGigabytesPerSecond = peak.gigabytes
    computeLimitMicroseconds = 2 * Double(multiplyAccumulates) / 1000 / peak.gigaflops
    shareOfPeak = computeLimitMicroseconds / latency.minimum
    layers = costs.map { cost in
      Layer(
        endPoint: cost.endPoint.rawValue, shape: cost.shape,
        medianMicroseconds: cost.time.median, minimumMicroseconds: cost.time.minimum,
        gigaflops: cost.gigaflops, shareOfPeak: cost.gigaflops / peak.gigaflops,
        weightBytes: cost.weightBytes, activationBytes: cost.activationBytes,
        rooflineMicroseconds: peak.limit(cost))
    }
  }

  /// A line of a table, under its head if it is the first; with layers, their table too.
  func text(first: Bool) -> String {
    let head =
      "   images     threads  isa          min     median        p90    GFLOP/s   of peak"
      + "     limit        MB"
    let size = "\(images[1])x\(images[2]):\(images[0])"
    var lines = first ? [head] : []
    lines.append(
      Self.cell(size, 12) + Self.cell("\(threads)", 8) + "  "
        + isa.padding(toLength: 9, withPad: " ", startingAt: 0)
        + Self.cell(minimumMicroseconds, 8, "us") + Self.cell(medianMicroseconds, 8, "us")
        + Self.cell(percentile90Microseconds, 8, "us")
        + Self.cell(2 * Double(multiplyAccumulates) / 1000 / minimumMicroseconds, 11)
        + Self.cell(100 * shareOfPeak, 8, "%") + Self.cell(computeLimitMicroseconds, 8, "us")
        + Self.cell(Double(bytes) / 1e6, 8))
    if !layers.isEmpty { lines += layerLines }
    return lines.joined(separator: "\n")
  }

  private var layerLines: [String] {
    let peak =
      "\(Self.cell(peakGigaflops, 0)) GFLOP/s, \(Self.cell(peakGigabytesPerSecond, 0)) GB/s"
    let roof = layers.map(\.rooflineMicroseconds).reduce(0, +)
    let sum = layers.map(\.medianMicroseconds).reduce(0, +)
    let head =
      "  layer                  shape                  median    roofline    GFLOP/s   of peak"
      + "    weights KB  moved KB"
    let rows = layers.map { layer in
      "  " + layer.endPoint.padding(toLength: 22, withPad: " ", startingAt: 0) + " "
        + layer.shape.map(String.init).joined(separator: "x")
        .padding(toLength: 18, withPad: " ", startingAt: 0)
        + Self.cell(layer.medianMicroseconds, 8, "us")
        + Self.cell(layer.rooflineMicroseconds, 9, "us") + Self.cell(layer.gigaflops, 11)
        + Self.cell(100 * layer.shareOfPeak, 8, "%")
        + Self.cell(Double(layer.weightBytes) / 1000, 13)
        + Self.cell(Double(layer.activationBytes) / 1000, 10)
    }
    return [head] + rows + [
      "  roofline: \(Self.cell(roof, 0)) us of \(Self.cell(sum, 0)) us in layers, at \(peak)", "",
    ]
  }

  private static func cell(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(width - text.count, 0)) + text
  }

  private static func cell(_ value: Double, _ width: Int, _ unit: String = "") -> String {
    let text = String(format: "%.1f", value)
    return cell(text, width) + (unit.isEmpty ? "" : " \(unit)")
  }
}
