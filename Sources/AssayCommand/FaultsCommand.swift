import ArgumentParser
import Conformance
import Engine
import Foundation
import Golden
import MobileNet
import Report

/// `assay faults`: does the suite catch each known mistake?
struct FaultsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "faults",
    abstract: "Makes every known mistake in every layer, and shows which ones are caught.",
    discussion: """
      Each mistake is judged on a probe of its layer and on the smallest cases of the goldens. The \
      engine computes the layers without a mistake. Ends with the share of mistakes caught, the \
      share blamed on the right layer, and the false alarms on correct subjects. DIR gets \
      faults.json and faults.html.
      """)

  @OptionGroup var goldenOptions: GoldenOptions

  @Option(
    help: ArgumentHelp("Only the faults that match, such as 'weights-*'.", valueName: "GLOB"))
  var faults: String?

  @Option(
    help: ArgumentHelp("Only the layers that match, such as '*_depthwise'.", valueName: "GLOB"))
  var layers: String?

  @Flag(help: "Only the first and the last layer of every fault, and no search for the smallest.")
  var subset = false

  @Flag(
    help: "The mistakes of training instead, on one case of a training golden; odd, unless --cases."
  )
  var training = false

  @Option(name: .shortAndLong, help: ArgumentHelp("Where the record goes.", valueName: "DIR"))
  var output = "Reports/latest"

  func run() async throws {
    if training {
      try await runTraining()
      return
    }
    let (goldens, parametersFile) = try goldenOptions.open()
    let parameters = parametersFile.parameters
    let matrix = FaultMatrix(
      parameters: parameters,
      base: try EngineSubject(parameters: parameters, isa: nil, threads: 1),
      controls: try Self.correctSubjects(parameters),
      selection: selection)
    let record = try await Progress.showing("injecting") {
      try await matrix.run(goldens, progress: $0.update)
    }
    try show(record)
  }

  /// The matrix of training, on the first selected case of a training golden; `odd`, unless given.
  private func runTraining() async throws {
    let golden = try TrainingFile(
      reading: try goldenOptions.goldens.first ?? DefaultGolden.training())
    let pattern = goldenOptions.cases ?? "odd"
    guard let name = golden.caseNames.first(where: { Glob(pattern).matches($0) }) else {
      throw VerificationError.nothingSelected(what: "case", pattern: pattern)
    }
    let parameters = try golden.readParameters(from: goldenOptions.parameters).parameters
    let matrix = TrainingFaultMatrix(
      parameters: parameters, controls: try Self.correctTraining(parameters), selection: selection)
    try show(
      try await Progress.showing("injecting") {
        try await matrix.run(golden, case: name, progress: $0.update)
      })
  }

  private var selection: FaultMatrix.Selection {
    FaultMatrix.Selection(
      faults: faults.map(Glob.init), layers: layers.map(Glob.init), isSubset: subset)
  }

  private func show(_ record: FaultRecord) throws {
    try ReportWriter(directory: OutputDirectory(path: output)).write(record)
    let text = FaultReport(record)
    print(text.render())
    print("")
    print("report        \(output)/faults.html")
    print(text.rates)
    if !record.passes { throw ExitCode(ExitStatus.doesNotConform.rawValue) }
  }

  /// The same, training.
  private static func correctTraining(
    _ parameters: Parameters
  ) throws -> [any TrainingSubject] {
    let engines = try InstructionSet.allCases.filter(\.isSupported).map {
      isa -> any TrainingSubject in
      try EngineTrainingSubject(parameters: parameters, isa: isa, threads: 1)
    }
    return engines + [
      NaiveTrainingSubject(parameters: parameters),
      ReferenceTrainingSubject(parameters: parameters),
    ]
  }

  /// The engine on every instruction set that this processor has, and the plain loops.
  private static func correctSubjects(_ parameters: Parameters) throws -> [any Subject] {
    let engines = try InstructionSet.allCases.filter(\.isSupported).map { isa -> any Subject in
      try EngineSubject(parameters: parameters, isa: isa, threads: 1)
    }
    return engines + [
      NaiveSubject(parameters: parameters), ReferenceSubject(parameters: parameters),
    ]
  }
}
