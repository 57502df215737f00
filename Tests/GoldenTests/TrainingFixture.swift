import Golden
import MobileNet

extension Fixture {
  /// Steps of the trajectory.
  static let steps = 2

  /// Two cases: `large`, whose gradient by the images is kept in summary, and `small`, where all are
  /// whole; and two steps on a batch of two.
  static func trainingDraft() -> Draft {
    var draft = Draft()
    draft.attributes[""] = root(kind: "training").merging(["dropout": .string("made up")]) { $1 }
    for (name, images) in [("large", [2, 30, 24, 3]), ("small", [1, 5, 4, 3])] {
      let place = "cases/\(name)"
      draft.attributes[place] = settings.merging(
        ["description": .string("about \(name)"), "source": .string("made up")]) { $1 }
      setBatch(place, images: images, in: &draft)
      setStep(place, images: images, in: &draft)
    }
    setTrajectory(in: &draft)
    return draft
  }

  private static let settings: [String: Draft.Attribute] = [
    "momentum": .double(0.997), "keep_probability": .double(0.999), "weight_decay": .double(4e-5),
  ]

  /// Made-up numbers, at places where a test knows them.
  static func doubles(_ shape: [Int], _ name: String) -> Tensor<Double> {
    tensor(shape, name).map { Double($0) / 3 }
  }

  private static func setBatch(_ place: String, images: [Int], in draft: inout Draft) {
    let count = Array(images.dropLast(3))
    let channels = architecture.featureChannels
    draft.set("\(place)/images", tensor(images, place))
    let labels = (0..<count.reduce(1, *)).map { Int32(($0 * 3 + 1) % numClasses) }
    draft.datasets["\(place)/labels"] = .some((.integers(labels), count))
    draft.set(
      "\(place)/dropout_mask",
      tensor(count + [channels], place).map { $0 < 0.25 ? Float(0) : 1 })
  }

  private static func setStep(_ place: String, images: [Int], in draft: inout Draft) {
    func set(_ name: String, _ leaf: String, _ shape: [Int]) {
      draft.set("\(place)/\(name)/\(leaf)", tensor(shape, name + leaf))
      draft.set("\(place)/\(name)_float64/\(leaf)", doubles(shape, name + leaf))
    }
    for (endPoint, shape) in zip(architecture.endPoints, architecture.shapes(images: images)) {
      set("activations", endPoint.rawValue, shape)
    }
    for layer in architecture.layers {
      guard let convolution = layer.convolution else { continue }
      set("batch_mean", layer.endPoint.rawValue, [convolution.outputChannels])
      set("batch_variance", layer.endPoint.rawValue, [convolution.outputChannels])
    }
    for variable in architecture.variables {
      set(variable.isTrainable ? "gradients" : "updated", variable.name, variable.shape)
    }
    for suffix in ["", "_float64"] {
      draft.datasets["\(place)/loss\(suffix)"] = .some(nil)
    }
    let terms = ["cross_entropy": 3.0, "regularization": 0.25, "total": 3.25]
    draft.attributes["\(place)/loss"] = terms.mapValues { .float(Float($0)) }
    draft.attributes["\(place)/loss_float64"] = terms.mapValues { .double($0) }
    let count = images.reduce(1, *)
    guard count > GradientSummary.wholeCount else { return set("gradients", "images", images) }
    let summary = GradientSummary(of: doubles(images, "images").scalars, seed: 7)
    let folder = "\(place)/gradients"
    draft.set("\(folder)/images/samples", summary.samples.map(Float.init), shape: [1024])
    draft.set(
      "\(folder)_float64/images/samples", Tensor(shape: [1024], scalars: summary.samples))
    for suffix in ["", "_float64"] {
      draft.set(
        "\(folder)\(suffix)/images/projections",
        Tensor(shape: [32], scalars: summary.projections))
      draft.set("\(folder)\(suffix)/images/norm", Tensor(shape: [1], scalars: [summary.norm]))
    }
  }

  private static func setTrajectory(in draft: inout Draft) {
    let place = "trajectory"
    draft.attributes[place] = settings.merging([
      "description": .string("steps"), "source": .string("made up"), "optimizer": .string("sgd"),
      "learning_rate": .double(0.125), "steps": .integer(Int64(steps)),
    ]) { $1 }
    setBatch(place, images: [steps, 2, 5, 4, 3], in: &draft)
    draft.set("\(place)/loss", tensor([steps, 3], "loss"))
    draft.set("\(place)/loss_float64", doubles([steps, 3], "loss"))
    for variable in architecture.variables {
      draft.set("\(place)/norms/\(variable.name)", Tensor<Double>(tensor([steps], variable.name)))
      draft.set("\(place)/norms_float64/\(variable.name)", doubles([steps], variable.name))
    }
  }
}
