import MobileNet
import RealModule
import Reference

/// Which known mistakes reproduce what a subject yields in one layer of a step.
///
/// Every mistake is made in float64 on what the subject itself had before, and once more in plain
/// float32 loops. It explains the subject if the subject is as close to the former as these loops
/// are, in everything that the layer yields.
struct TrainingHypotheses {
  let parameters: Parameters
  let batch: TrainingBatch<Float>
  let options: TrainingOptions
  let profile: Profile

  /// - Parameters:
  ///   - point: Which the subject fails at by itself.
  ///   - recorded: All that the subject shows.
  func diagnose(_ point: EndPoint, _ recorded: [EndPoint: Tensor<Float>]) throws -> Diagnosis? {
    guard let index = maker(of: point) else { return nil }
    let layer = parameters.architecture.layers[index]
    let causes = try TrainingFault.allCases.filter { $0.applies(to: layer) }
      .filter { try reproduces($0, layer: index, at: point, recorded) }
      .map {
        Diagnosis.Cause(fault: $0.rawValue, summary: $0.summary, evidence: .reproduces)
      }
    guard !causes.isEmpty else { return nil }
    return Diagnosis(endPoint: point, causes: causes, isCertain: causes.count == 1)
  }

  /// The layer whose operations make a point: a gradient by an end point is made by the layer after
  /// it.
  func maker(of point: EndPoint) -> Int? {
    let layers = parameters.architecture.layers
    if [.crossEntropy, EndPoint.logits.gradient].contains(point) { return layers.count - 1 }
    if point == .imagesGradient { return 0 }
    for (index, layer) in layers.enumerated() {
      if layer.endPoint.gradient == point { return index + 1 }
      let own =
        [layer.endPoint.output, layer.endPoint.batchMean, layer.endPoint.batchVariance]
        + layer.variables.map { $0.isTrainable ? .gradient(of: $0.name) : .updated($0.name) }
      if own.contains(point) { return index }
    }
    return nil
  }

  private func reproduces(
    _ fault: TrainingFault, layer index: Int, at failing: EndPoint,
    _ recorded: [EndPoint: Tensor<Float>]
  ) throws -> Bool {
    let exact = TrainingScript(
      network: TrainingNetwork<Double>(parameters: parameters),
      batch: try batch.wide(parameters.architecture), options: options, fault: fault, place: index
    ).points(layer: index, recorded.mapValues { Tensor($0) })
    let plain = TrainingScript(
      network: TrainingNetwork<Float>(parameters: parameters), batch: batch, options: options,
      fault: fault, place: index
    ).points(layer: index, recorded)
    guard exact[failing] != nil else { return false }
    return exact.allSatisfy { point, value in
      guard let subject = recorded[point], let plain = plain[point] else { return true }
      return error(subject, value) <= profile.accumulatedBudgetRatio
        * error(plain, value, floor: true)
    }
  }

  /// Sum of the squared errors, its root; at least one rounding of every element.
  private func error(
    _ tensor: Tensor<Float>, _ exact: Tensor<Double>, floor: Bool = false
  ) -> Double {
    guard tensor.shape == exact.shape else { return .infinity }
    var sum = 0.0
    for index in 0..<exact.count {
      let error = Double(tensor[flat: index]) - exact[flat: index]
      sum += error * error
      if floor { sum += Roundoff.variance * exact[flat: index] * exact[flat: index] }
    }
    return sum.squareRoot()
  }
}
