import Engine
import Foundation

/// What `assay bench --training` found out about one shape and thread count.
struct TrainingBenchResult: Encodable {
  let images: [Int]
  let threads: Int
  let isa: String
  let minimumMicroseconds: Double
  let medianMicroseconds: Double
  let percentile90Microseconds: Double
  /// Of forward and backward convolutions and logits: three times those of inference.
  let multiplyAccumulates: Int
  /// Variables, gradients, velocities, activations and scratch memory.
  let bytes: Int

  init(_ benchmark: TrainingBenchmark, _ latency: Latency) {
    let engine = benchmark.engine
    images = engine.images
    threads = engine.threads
    isa = engine.instructionSet.rawValue
    minimumMicroseconds = latency.minimum
    medianMicroseconds = latency.median
    percentile90Microseconds = latency.percentile(0.9)
    multiplyAccumulates = 3 * engine.architecture.multiplyAccumulates(images: engine.images)
    bytes = engine.byteCount
  }

  /// A line of a table, under its head if it is the first.
  func text(first: Bool) -> String {
    let head = "   images     threads  isa          min     median        p90    GFLOP/s        MB"
    let rate = 2 * Double(multiplyAccumulates) / 1000 / minimumMicroseconds
    let line =
      Self.cell("\(images[1])x\(images[2]):\(images[0])", 12) + Self.cell("\(threads)", 8) + "  "
      + isa.padding(toLength: 9, withPad: " ", startingAt: 0)
      + [minimumMicroseconds, medianMicroseconds, percentile90Microseconds]
      .map { Self.cell(String(format: "%.1f ms", $0 / 1000), 11) }.joined()
      + Self.cell(String(format: "%.1f", rate), 11)
      + Self.cell(String(format: "%.1f", Double(bytes) / 1e6), 10)
    return first ? "\(head)\n\(line)" : line
  }

  private static func cell(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(width - text.count, 0)) + text
  }
}
