import Golden
import MobileNet

/// Activations that someone recorded, judged like a subject that runs.
///
/// It answers only for the cases in its file, and only on the very images that were recorded. A
/// float64 recording is rounded to float32 once, as an engine's output would be. It cannot run single
/// layers, so each end point is judged by itself on the recorded one before it, and nobody sees what the
/// layers make of the probe and its special values, or of a second run (G9); it cannot run other
/// parameters either, so gate G5 does not apply. The verdict says so. End points may have any shape:
/// another one than the network's is a finding.
public struct RecordedSubject: Subject {
  private let file: GoldenFile
  public let identity: SubjectIdentity
  public var isRecording: Bool { true }

  /// - Parameters:
  ///   - parametersSHA256: Of the parameters that the reference computes with.
  ///   - arithmetic: What the recorded engine declares of its arithmetic.
  /// - Throws: ``RecordingError`` if the file holds no activations or those of other parameters.
  public init(
    _ file: GoldenFile, parametersSHA256: String, arithmetic: [DeclaredArithmetic] = []
  ) throws(RecordingError) {
    guard ![.parameters, .training].contains(file.kind) else {
      throw RecordingError(file: file.path, problem: "holds \(file.kind), no activations")
    }
    let found = file.provenance.parametersSHA256
    guard found == parametersSHA256 else {
      throw RecordingError(
        file: file.path,
        problem: "was recorded with the parameters \(found), expected \(parametersSHA256)")
    }
    self.file = file
    let recorded = file.provenance.subject
    identity = SubjectIdentity(
      name: recorded?.name ?? file.kind.rawValue,
      description: "recorded in \(file.path)" + (recorded.map { ": \($0.description)" } ?? ""),
      isa: recorded?.hostISA, arithmetic: arithmetic)
  }

  /// Only a case can be looked up; images alone name none.
  public func endPoints(images: Tensor<Float>) -> [EndPoint: Tensor<Float>] { [:] }

  public func endPoints(
    case name: String, images: Tensor<Float>
  ) throws -> [EndPoint: Tensor<Float>] {
    guard file.caseNames.contains(name) else { return [:] }
    let recorded = try file.readCase(name, shapes: .any)
    guard recorded.images == images else {
      throw RecordingError(
        file: file.path, problem: "case \(name) was recorded on other images than the golden's")
    }
    return recorded.activations64.mapValues { Tensor<Float>($0) }
      .merging(recorded.activations) { _, float32 in float32 }
  }

  public func output(layer index: Int, input: Tensor<Float>) -> Tensor<Float>? { nil }
}

/// Why a recording cannot be judged.
public struct RecordingError: Error, Hashable, CustomStringConvertible {
  public let file: String
  public let problem: String

  public var description: String {
    "\(file): \(problem); record it again, for this golden and its parameters"
  }
}
