import ArgumentParser
import Engine
import Foundation
import Golden
import MobileNet

/// `assay bench`: latency of the engine, beside what this processor can do at best.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measures the engine's latency, and what the processor could do in the same run.",
    discussion: """
      A run is one call with the images in memory and the logits left where the engine writes \
      them. The peak is probed before and after on the same threads: multiply-adds in registers, \
      and reading as many bytes as the network has weights. Clocks vary, so that shares of the \
      peak mean something within one run only.

      If BENCH_SIZE is set, that is the only size, BENCH_BATCH, BENCH_THREADS, BENCH_RUNS and \
      BENCH_WARMUP overrule the options, and the last line printed is \
      {"min_us": …, "median_us": …, "samples_us": […]}, so that a script can run this engine \
      and others in turns.
      """)

  @Option(help: ArgumentHelp("Sizes with batches.", valueName: "SIZE:BATCH,…"))
  var shapes = List<BenchShape>([
    BenchShape(size: 128, batch: 1), BenchShape(size: 224, batch: 1),
    BenchShape(size: 128, batch: 8),
  ])

  @Option(help: ArgumentHelp("Threads of the engine.", valueName: "N,…"))
  var threads = List([1, 2])

  @Option(help: "Instruction set of the engine; the best that this processor has, unless given.")
  var isa: InstructionSet?

  @Option(help: "Calls before the first that counts.")
  var warmup = 20

  @Option(help: "Calls that count.")
  var runs = 200

  @Flag(help: "Time, rate and traffic of each layer; some percent slower for looking at the clock.")
  var perLayer = false

  @Flag(help: "Training steps instead of inference: loss and all gradients.")
  var training = false

  @Flag(help: "All figures as JSON.")
  var json = false

  @Option(
    help: ArgumentHelp(
      "The network's parameters; the embedded default, unless given.", valueName: "FILE"))
  var parameters: String?

  func validate() throws {
    guard runs >= 1, warmup >= 0 else {
      throw ValidationError("--runs must be at least 1 and --warmup at least 0")
    }
    guard threads.elements.allSatisfy({ (1...64).contains($0) }) else {
      throw ValidationError("--threads must be from 1 to 64")
    }
    if let isa, !isa.isSupported {
      throw ValidationError("this processor does not have \(isa.rawValue)")
    }
    if training, perLayer { throw ValidationError("--per-layer is not for --training") }
  }

  func run() throws {
    let path = try parameters ?? DefaultGolden.directory() + "/parameters.h5"
    let parameters = try ParametersFile(reading: path).parameters
    if let turn = try BenchTurn(ProcessInfo.processInfo.environment) {
      try training
        ? turn.train(parameters, isa: isa) : turn.run(parameters, isa: isa)
      return
    }
    if training { return try measureTraining(parameters) }
    var results: [BenchResult] = []
    for shape in shapes.elements {
      for threads in threads.elements {
        let engine = try Engine(parameters: parameters, isa: isa, threads: threads)
        let result = try measure(engine, shape)
        results.append(result)
        if !json { print(result.text(first: results.count == 1)) }
      }
    }
    if json { try StandardOutput.print(json: results) }
  }

  private func measureTraining(_ parameters: Parameters) throws {
    var results: [TrainingBenchResult] = []
    for shape in shapes.elements {
      for threads in threads.elements {
        let benchmark = try TrainingBenchmark(
          parameters: parameters, images: shape.images, isa: isa, threads: threads)
        let result = TrainingBenchResult(
          benchmark, benchmark.latency(warmup: warmup, runs: runs))
        results.append(result)
        if !json { print(result.text(first: results.count == 1)) }
      }
    }
    if json { try StandardOutput.print(json: results) }
  }

  private func measure(_ engine: Engine, _ shape: BenchShape) throws -> BenchResult {
    let before = engine.peak()
    let benchmark = try Benchmark(engine, images: shape.images)
    let latency = benchmark.latency(warmup: warmup, runs: runs)
    let layers = perLayer ? benchmark.layers(warmup: warmup, runs: runs) : []
    return BenchResult(
      benchmark, shape, latency, layers, peak: before.best(engine.peak()))
  }
}

/// Comma-separated values of an option.
struct List<Element: ExpressibleByArgument & Sendable>: ExpressibleByArgument, Sendable {
  let elements: [Element]

  init(_ elements: [Element]) { self.elements = elements }

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
    elements = parts.compactMap { Element(argument: String($0)) }
    if elements.count != parts.count { return nil }
  }

  var defaultValueDescription: String {
    elements.map(\.defaultValueDescription).joined(separator: ",")
  }
}

/// Images to measure with: `128:8`, `97x131:1`, or `128` for a batch of one.
struct BenchShape: ExpressibleByArgument, Sendable {
  let height: Int
  let width: Int
  let batch: Int

  init(size: Int, batch: Int) {
    height = size
    width = size
    self.batch = batch
  }

  init?(argument: String) {
    let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
    let sides = parts[0].split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count <= 2, sides.count <= 2, let height = sides[0],
      let width = sides[sides.count - 1], let batch = parts.count == 2 ? Int(parts[1]) : 1,
      min(height, width, batch) >= 1, max(height, width, batch) <= 4096
    else { return nil }
    self.height = height
    self.width = width
    self.batch = batch
  }

  /// `[batch, height, width, channels]`.
  var images: [Int] { [batch, height, width, Architecture.imageChannels] }

  var defaultValueDescription: String { "\(size):\(batch)" }

  /// `128` for a square, `97x131` otherwise.
  var size: String { height == width ? "\(height)" : "\(height)x\(width)" }
}

/// One turn in a script that measures several engines: what the environment asks for.
struct BenchTurn {
  private let shape: BenchShape
  private let threads: Int
  private let runs: Int
  private let warmup: Int

  /// `nil` unless `BENCH_SIZE` is set.
  ///
  /// - Throws: `ValidationError` if a variable is no number of at least 1 (0 for `BENCH_WARMUP`).
  init?(_ environment: [String: String]) throws {
    func number(_ name: String, _ other: Int, atLeast least: Int = 1) throws -> Int {
      guard let text = environment[name], !text.isEmpty else { return other }
      guard let number = Int(text), number >= least else {
        throw ValidationError("\(name) must be a number of at least \(least), not '\(text)'")
      }
      return number
    }
    guard let size = environment["BENCH_SIZE"], !size.isEmpty else { return nil }
    shape = BenchShape(
      size: try number("BENCH_SIZE", 128), batch: try number("BENCH_BATCH", 1))
    threads = try number("BENCH_THREADS", 1)
    runs = try number("BENCH_RUNS", 50)
    warmup = try number("BENCH_WARMUP", 10, atLeast: 0)
  }

  /// Measures and prints the line that the script reads.
  func run(_ parameters: Parameters, isa: InstructionSet?) throws {
    let engine = try Engine(parameters: parameters, isa: isa, threads: threads)
    let latency = try Benchmark(engine, images: shape.images).latency(warmup: warmup, runs: runs)
    print("{\(figures(latency))}")
  }

  /// The same for training steps; with the loss, by which the script sees that all do the same.
  func train(_ parameters: Parameters, isa: InstructionSet?) throws {
    let benchmark = try TrainingBenchmark(
      parameters: parameters, images: shape.images, isa: isa, threads: threads)
    let latency = benchmark.latency(warmup: warmup, runs: runs)
    print(
      "{\"cross_entropy\": \(benchmark.loss.crossEntropy), "
        + "\"regularization\": \(benchmark.loss.regularization), \(figures(latency))}")
  }

  private func figures(_ latency: Latency) -> String {
    let samples = latency.samples.map { "\($0)" }.joined(separator: ", ")
    return "\"min_us\": \(latency.minimum), \"median_us\": \(latency.median), "
      + "\"samples_us\": [\(samples)]"
  }
}
