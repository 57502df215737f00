import Foundation
import Golden
import HubModule
import Report

/// What became of one picture.
struct PictureResult {
  let path: String
  let outcome: Result<(width: Int, height: Int, classes: [ClassScore]), InputError>

  var failure: InputError? {
    if case .failure(let error) = outcome { error } else { nil }
  }

  var exitStatus: Int32? { failure.flatMap { ExitStatus($0)?.rawValue } }
}

/// Results for a terminal.
enum ClassificationText {
  static func header(_ provenance: Provenance) -> String {
    let checkpoint = provenance.checkpoint
    return "checkpoint  \(checkpoint.name) (\(checkpoint.description))".oneLine
  }

  /// The picture's name and a line for each class; `nil` if it could not be used.
  static func render(_ result: PictureResult) -> String? {
    guard case .success(let found) = result.outcome else { return nil }
    let lines = found.classes.map { score in
      let index = String(score.index).rightAligned(6)
      let label = score.label.map { "  \($0.oneLine)" } ?? ""
      return "  \(String(format: "%.4f", score.probability))\(index)\(label)"
    }
    return (["", "\(result.path.oneLine), \(found.width) x \(found.height)"] + lines)
      .joined(separator: "\n")
  }
}

/// Results as JSON.
struct ClassificationFile: Encodable {
  struct Item: Encodable {
    var path: String
    var width: Int?
    var height: Int?
    var classes: [Class]?
    var error: String?
  }

  struct Class: Encodable {
    let index: Int
    let label: String?
    let probability: Float
  }

  let checkpoint: Checkpoint
  let parametersSHA256: String
  let pictures: [Item]

  init(_ provenance: Provenance, _ results: [PictureResult]) {
    checkpoint = provenance.checkpoint
    parametersSHA256 = provenance.parametersSHA256
    pictures = results.map { result in
      switch result.outcome {
      case .success(let found):
        Item(
          path: result.path, width: found.width, height: found.height,
          classes: found.classes.map {
            Class(index: $0.index, label: $0.label, probability: $0.probability)
          })
      case .failure(let error):
        Item(path: result.path, error: "\(error)")
      }
    }
  }
}
