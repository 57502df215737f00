import Conformance

/// The page's words for what it is about: layers and their end points at inference, points of training.
struct PageWords {
  let endPoint: String
  let endPoints: String
  let layer: String
  let layers: String
  /// The same at the beginning of a title.
  let titleEndPoints: String
  let titleLayer: String
  let titleLayers: String
  let network: Section
  let growth: Section
  /// Title of the chart of absolute errors.
  let errorChart: String
  /// Entries of the glossary that depend on it, by what they explain.
  let terms: [Term]
  /// What the glossary says of σ.
  let budget: String

  /// A section's entry in the list of sections, its title and what it begins with.
  struct Section {
    let entry: String
    let title: String
    let about: String
  }

  struct Term {
    let name: String
    let meaning: String
  }

  init(_ words: PlaceWords) {
    (endPoint, endPoints) = (words.endPoint, words.endPoints)
    (layer, layers) = (words.layer, words.layers)
    (titleEndPoints, titleLayer, titleLayers) = (
      words.endPoints.beginning, words.layer.beginning, words.layers.beginning
    )
    let isTraining = words.isTraining
    network = isTraining ? Self.steps : Self.layersOfNetwork
    growth = isTraining ? Self.errors : Self.errorGrowth
    errorChart = isTraining ? "The absolute error" : "Growth of the absolute error"
    terms = isTraining ? Self.trainingTerms : Self.inferenceTerms
    budget =
      (isTraining
        ? "For the point by itself the standard deviation that rounding alone predicts for an "
          + "element; in the chain what plain float32 loops are off by, measured."
        : "The standard deviation that rounding alone predicts for an element, for the layer by "
          + "itself or carried along the chain.")
      + " Correct engines have rms(error) / rms(σ) near 1."
  }

  private static let layersOfNetwork = Section(
    entry: "Network", title: "The network",
    about: "Every layer in order of computation, as high as its feature map.")
  private static let steps = Section(
    entry: "Training", title: "Training",
    about: "Every point in order of computation: of a step forwards, the loss, backwards and the "
      + "moving averages, then what a descent makes of the variables. Outputs and their gradients "
      + "are as high as the feature map.")

  private static let errorGrowth = Section(
    entry: "Error growth", title: "Error growth along the network",
    about: "in units of the activations: what each layer introduces and what has accumulated.")
  private static let errors = Section(
    entry: "Errors", title: "Errors from point to point",
    about: "in units of the point's values: what its operation introduces and what has accumulated."
  )

  private static let inferenceTerms = [
    Term(
      name: "Golden",
      meaning: "Activations that the original network code computed in TensorFlow, in float32."),
    Term(
      name: "End point",
      meaning: "The output of a layer, by TF-Slim's name. dw is depthwise, pw pointwise."),
    Term(
      name: "Isolated",
      meaning:
        "The layer by itself: subject and reference are fed the same input. What differs was "
        + "introduced by this very layer."),
  ]
  private static let trainingTerms = [
    Term(
      name: "Golden",
      meaning: "What the original network code computed in TensorFlow, in float32."),
    Term(
      name: "Point",
      meaning: "What a step of training yields, by names that extend TF-Slim's for end points: the "
        + "batch's means and variances, outputs, the loss, gradients by end points, variables and "
        + "images, moving averages; and variables after a descent. dw is depthwise, pw pointwise."),
    Term(
      name: "Isolated",
      meaning: "The point by itself: the reference computes it from what the subject itself shows "
        + "before it. What differs was introduced by this very operation."),
  ]
}

extension String {
  /// With a capital letter.
  fileprivate var beginning: String { prefix(1).uppercased() + dropFirst() }
}
