import Conformance
import Engine
import Foundation
import Golden
import MobileNet
import Report

/// Measures the built-in engine for a baseline.
struct EngineLatency {
  /// Each round probes the peak on both sides of its calls, so that clocks and neighbours weigh on
  /// both alike.
  private static let rounds = 7
  private static let warmup = 5
  private static let runs = 20
  private static let shapes = [
    BenchShape(size: 128, batch: 1), BenchShape(size: 224, batch: 1),
    BenchShape(size: 128, batch: 8),
  ]

  private let engine: Engine

  /// The engine as it was judged.
  ///
  /// - Parameter path: Its parameters.
  /// - Throws: ``InputError`` if the record is not of the engine, or of other parameters.
  init(of record: ConformanceRecord, at recordPath: String, parameters path: String) throws {
    guard record.subject.name == EngineSubject.name else {
      throw InputError.badData(
        path: recordPath,
        reason: "is of \(record.subject.name.oneLine.shortened(to: 60)); only the built-in "
          + "engine's latency can be measured")
    }
    let file = try ParametersFile(reading: path)
    let hashes = Set(record.goldens.map(\.provenance.parametersSHA256))
    guard hashes == [file.provenance.parametersSHA256] else {
      throw InputError.badData(
        path: path,
        reason: "holds other parameters than the record is of; name them with --parameters")
    }
    guard let isa = record.subject.isa.flatMap(InstructionSet.init(rawValue:)) else {
      throw InputError.badData(path: recordPath, reason: "names no instruction set of the engine")
    }
    engine = try Engine(
      parameters: file.parameters, isa: isa, threads: record.subject.threads ?? 1)
  }

  func measure() throws -> BaselineLatency {
    BaselineLatency(
      processor: Processor.name, isa: engine.instructionSet.rawValue, threads: engine.threads,
      figures: try Self.shapes.compactMap { shape in
        let benchmark = try Benchmark(engine, images: shape.images)
        return BaselineLatency.Figure(
          images: shape.images, rounds: (0..<Self.rounds).map { _ in round(benchmark) })
      })
  }

  /// Fastest call / time at the peak rate.
  private func round(_ benchmark: Benchmark) -> Double {
    let before = engine.peak()
    let latency = benchmark.latency(warmup: Self.warmup, runs: Self.runs)
    let peak = before.best(engine.peak())
    return latency.minimum / (2 * Double(benchmark.multiplyAccumulates) / 1000 / peak.gigaflops)
  }
}

/// The processor that this runs on.
enum Processor {
  /// As its maker names it; `unknown` where the system does not say.
  static var name: String {
    #if os(macOS)
      var size = 0
      sysctlbyname("machdep.cpu.brand_string", nil, &size, nil, 0)
      var text = [UInt8](repeating: 0, count: size)
      guard size > 0, sysctlbyname("machdep.cpu.brand_string", &text, &size, nil, 0) == 0 else {
        return "unknown"
      }
      return String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
    #else
      guard let info = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8) else {
        return "unknown"
      }
      return name(in: info) ?? "unknown"
    #endif
  }

  /// The first `model name` of `/proc/cpuinfo`.
  static func name(in info: String) -> String? {
    let line = info.split(separator: "\n").first { $0.hasPrefix("model name") }
    let value = line?.split(separator: ":", maxSplits: 1).dropFirst().first
    return value?.trimmingCharacters(in: .whitespaces)
  }
}
