import MobileNet

/// What the places are called that are judged: at inference every layer has one end point; a step of
/// training has several points in every layer, and a descent some of its own.
package struct PlaceWords: Sendable {
  /// Whether any is a point of training.
  package let isTraining: Bool

  package init(_ places: some Sequence<EndPoint>) {
    isTraining = places.contains(where: \.isTrainingPoint)
  }

  package init(_ cases: [CaseRecord]) {
    self.init(cases.lazy.flatMap { $0.endPoints.lazy.map(\.name) })
  }

  /// What a name stands for.
  package var endPoint: String { isTraining ? "point" : "end point" }
  package var endPoints: String { "\(endPoint)s" }
  /// What is judged by itself.
  package var layer: String { isTraining ? "point" : "layer" }
  package var layers: String { "\(layer)s" }
}
