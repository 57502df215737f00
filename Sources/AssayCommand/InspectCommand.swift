import ArgumentParser
import Foundation
import Golden
import MobileNet

/// `assay inspect`: what a golden file holds.
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Checks a golden file and says what it holds and where it comes from.")

  @Argument(help: ArgumentHelp("A golden file of any kind.", valueName: "file"))
  var files: [String]

  func run() throws {
    for (index, path) in files.enumerated() {
      if index > 0 { print("") }
      try inspect(path)
    }
  }

  private func inspect(_ path: String) throws {
    let file = try GoldenFile(reading: path)
    try file.validate(shapes: .any)
    print("\(path): \(file.kind)")
    describe(file.provenance)
    switch file.kind {
    case .parameters: try describeParameters(path)
    case .inference, .sweep, .recording: try describeCases(file)
    case .training: try describeTraining(path)
    }
  }

  private func describe(_ provenance: Provenance) {
    line(
      "network",
      "MobileNet V1, depth multiplier \(provenance.depthMultiplier), "
        + "\(provenance.numClasses) classes, expects \(provenance.imageSize) images")
    line("parameters", "sha256 \(provenance.parametersSHA256)")
    line("checkpoint", "\(provenance.checkpoint.name): \(provenance.checkpoint.description)")
    line("", "sha256 \(provenance.checkpoint.sha256)")
    if let oracle = provenance.oracle {
      line("oracle", oracle.name)
      line("", "TensorFlow \(oracle.tensorflow), oneDNN \(oracle.onednn), on \(oracle.hostISA)")
    }
    if let subject = provenance.subject {
      line("subject", "\(subject.name): \(subject.description)")
    }
  }

  private func describeParameters(_ path: String) throws {
    let file = try ParametersFile(reading: path)
    let values = file.parameters.tensors.values.map(\.count).reduce(0, +)
    line("variables", "\(file.parameters.tensors.count), \(values) values, all finite")
    line("labels", file.labels.map { "\($0.count)" } ?? "none")
  }

  private func describeCases(_ file: GoldenFile) throws {
    line("cases", "\(file.caseNames.count)")
    for name in file.caseNames {
      let summary = try file.summary(ofCase: name)
      let wide = summary.endPoints64.isEmpty ? "" : ", \(summary.endPoints64.count) in float64"
      print(
        "  \(name.padding(toLength: max(18, name.count), withPad: " ", startingAt: 0))"
          + " \(MobileNet.describe(shape: summary.imagesShape)), "
          + "\(summary.endPoints.count) end points\(wide)  \(summary.description)")
    }
  }

  private func describeTraining(_ path: String) throws {
    let file = try TrainingFile(reading: path)
    line("dropout", file.dropout)
    line("cases", "\(file.caseNames.count)")
    for name in file.caseNames {
      let summary = try file.summary(ofCase: name)
      print(
        "  \(name.padding(toLength: max(18, name.count), withPad: " ", startingAt: 0))"
          + " \(MobileNet.describe(shape: summary.imagesShape)), "
          + "momentum \(summary.settings.momentum)  \(summary.description)")
    }
    let trajectory = try file.readTrajectory()
    let losses = trajectory.loss64.map { String(format: "%.3f", $0.total) }
    line(
      "trajectory",
      "\(trajectory.batches.count) steps at learning rate \(trajectory.learningRate), "
        + "momentum \(trajectory.settings.momentum): loss \(losses.joined(separator: ", "))")
  }

  private func line(_ label: String, _ text: String) {
    print("  \(label.padding(toLength: 11, withPad: " ", startingAt: 0)) \(text)")
  }
}
