import ArgumentParser
import Conformance
import Golden
import MobileNet
import Reference

/// `assay run`: records what a subject computes.
struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Records a subject's end points, for the images of golden files.",
    discussion: """
      The reference is recorded in float64, every other subject in float32, in the layout of the \
      golden files.
      """)

  @OptionGroup var goldenOptions: GoldenOptions
  @OptionGroup var subjectOptions: SubjectOptions

  @Option(name: .shortAndLong, help: ArgumentHelp("The file to write.", valueName: "FILE.h5"))
  var output: String

  func run() async throws {
    let (goldens, parametersFile) = try goldenOptions.open()
    let parameters = parametersFile.parameters
    let recorder = Recorder(
      subject: try subjectOptions.makeSubject(parameters: parameters),
      reference: subjectOptions.isReference ? ReferenceNetwork(parameters: parameters) : nil)
    let writer = try RecordingWriter(
      creating: output, provenance: recorder.provenance(parametersFile.provenance))
    let names = goldens.flatMap { golden in
      golden.caseNames.filter(goldenOptions.selects).map { (golden, $0) }
    }
    guard !names.isEmpty else {
      throw VerificationError.nothingSelected(what: "case", pattern: goldenOptions.cases ?? "*")
    }
    try await Progress.showing("recording") { progress in
      for (done, (golden, name)) in names.enumerated() {
        progress.update(done, of: names.count)
        try writer.write(try recorder.record(try golden.readCase(name)))
      }
      try writer.commit()
    }
    print("\(output): \(names.count) \(names.count == 1 ? "case" : "cases") of \(recorder.name)")
  }
}

/// Computes the end points of a case, and nothing else.
private struct Recorder {
  let subject: any Subject
  /// Records float64 in place of the subject's float32.
  let reference: ReferenceNetwork<Double>?

  var name: String { subject.identity.name }

  func provenance(_ golden: Provenance) -> Provenance {
    golden.recorded(
      by: RecordedSubject(
        name: name, description: subject.identity.description, hostISA: subject.identity.isa ?? ""))
  }

  func record(_ golden: GoldenCase) throws -> GoldenCase {
    var activations: [EndPoint: Tensor<Float>] = [:]
    var activations64: [EndPoint: Tensor<Double>] = [:]
    if let reference {
      activations64 = Dictionary(
        uniqueKeysWithValues: zip(
          reference.architecture.endPoints, reference.endPoints(images: Tensor(golden.images))))
    } else {
      activations = try subject.endPoints(images: golden.images)
    }
    return GoldenCase(
      name: golden.name, description: golden.description, source: golden.source,
      images: golden.images, activations: activations, activations64: activations64)
  }
}
