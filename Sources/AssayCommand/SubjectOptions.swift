import ArgumentParser
import Conformance
import Engine
import MobileNet

/// Which subject to judge, and how it is to run.
struct SubjectOptions: ParsableArguments {
  enum Kind: String, CaseIterable, ExpressibleByArgument {
    case engine
    case naive32
    case reference
  }

  @Option(help: "What to judge: engine, naive32 (plain float32 loops) or reference (float64).")
  var subject = Kind.engine

  @Option(help: "Instruction set of the engine; the best that this processor has, unless given.")
  var isa: InstructionSet?

  @Option(help: "Threads of the engine.")
  var threads = 1

  @Option(
    help: ArgumentHelp(
      "Make a known mistake in one layer, to see what failing looks like.",
      discussion: "FAULT is one of: \(Self.faultNames.joined(separator: ", ")).",
      valueName: "FAULT@LAYER"))
  var inject: String?

  /// Mistakes of inference, then of training.
  private static var faultNames: [String] {
    Faults.all.map(\.name) + TrainingFault.allCases.map(\.rawValue)
  }

  func validate() throws {
    guard threads >= 1, threads <= 64 else {
      throw ValidationError("--threads must be from 1 to 64, not \(threads)")
    }
    if let isa, !isa.isSupported {
      throw ValidationError("this processor does not have \(isa.rawValue)")
    }
  }

  /// The subject, with the fault if one is asked for.
  func makeSubject(parameters: Parameters) throws -> any Subject {
    let subject: any Subject =
      switch kind {
      case .engine: try EngineSubject(parameters: parameters, isa: isa, threads: threads)
      case .naive32: NaiveSubject(parameters: parameters)
      case .reference: ReferenceSubject(parameters: parameters)
      }
    guard let (name, layer) = try injection() else { return subject }
    if TrainingFault(rawValue: name) != nil { return subject }
    guard let fault = Faults.named(name) else { throw FaultError.unknown(name) }
    guard let place = parameters.architecture.layer(layer) else {
      throw ValidationError("there is no layer '\(layer)'")
    }
    return try FaultySubject(
      subject, fault: fault, parameters: parameters, layer: place.index)
  }

  /// The subject that trains, with the fault if one of training is asked for.
  func makeTrainingSubject(parameters: Parameters) throws -> any TrainingSubject {
    if let (name, layer) = try injection(), let fault = TrainingFault(rawValue: name) {
      return try FaultyTrainingSubject(parameters: parameters, fault: fault, layer: layer)
    }
    switch kind {
    case .engine:
      return try EngineTrainingSubject(parameters: parameters, isa: isa, threads: threads)
    case .naive32: return NaiveTrainingSubject(parameters: parameters)
    case .reference: return ReferenceTrainingSubject(parameters: parameters)
    }
  }

  /// The mistake that is asked for, and where.
  private func injection() throws -> (fault: String, layer: EndPoint)? {
    guard let inject else { return nil }
    let parts = inject.split(separator: "@", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2 else {
      throw ValidationError("--inject takes FAULT@LAYER, not '\(inject)'")
    }
    return (parts[0], EndPoint(parts[1]))
  }

  /// The options as they are written on a command line, defaults left out.
  var arguments: [String] {
    var words: [String] = []
    if subject != .engine { words += ["--subject", subject.rawValue] }
    if let isa { words += ["--isa", isa.rawValue] }
    if threads != 1 { words += ["--threads", "\(threads)"] }
    if let inject { words += ["--inject", inject] }
    return words
  }

  /// Makes the subject for any parameters.
  var factory: SubjectFactory {
    { parameters in try makeSubject(parameters: parameters) }
  }

  /// Whether the subject is the reference, which can also be recorded in float64.
  var isReference: Bool { subject == .reference && inject == nil }

  private var kind: Kind { subject }
}

extension InstructionSet: ExpressibleByArgument {}
