import MobileNet
import RealModule
import Reference

/// Which known mistakes reproduce what a subject yields in one layer of a step.
///
/// Every mistake is made in float64 on what the subject itself had before, and once more in plain
/// float32 loops. It explains the subject if the subject is as close to the former as these loops
/// are, in everything that the layer yields.
struct TrainingHypotheses {
  private let architecture: Architecture
  private let batch: TrainingBatch<Float>
  private let options: TrainingOptions
  private let profile: Profile
  private let network: TrainingNetwork<Double>
  private let naive: TrainingNetwork<Float>
  private let wide: TrainingBatch<Double>

  init(
    parameters: Parameters, batch: TrainingBatch<Float>, options: TrainingOptions, profile: Profile
  ) throws(TrainingBatchError) {
    architecture = parameters.architecture
    self.batch = batch
    self.options = options
    self.profile = profile
    network = TrainingNetwork(parameters: parameters)
    naive = TrainingNetwork(parameters: parameters)
    wide = try batch.wide(parameters.architecture)
  }

  /// - Parameters:
  ///   - point: Which the subject fails at by itself.
  ///   - recorded: All that the subject shows.
  func diagnose(_ point: EndPoint, _ recorded: [EndPoint: Tensor<Float>]) -> Diagnosis? {
    guard let index = architecture.maker(of: point) else { return nil }
    let layer = architecture.layers[index]
    let needed = architecture.operands(of: index)
    let operands = recorded.filter { needed.contains($0.key) }
    let exact = operands.mapValues { Tensor<Double>($0) }
    // A fault at no layer is none.
    let sound = script(.staleAverages, -1, network, wide).points(layer: index, exact)
    let causes = TrainingFault.allCases.filter { $0.applies(to: layer) }
      .filter { fault in
        let points = script(fault, index, network, wide).points(layer: index, exact)
        let plain = script(fault, index, naive, batch).points(layer: index, operands)
        return points[point] != nil && explains(recorded, points, plain)
          && isLikelier(recorded, points, plain, than: sound)
      }
      .map {
        Diagnosis.Cause(fault: $0.rawValue, summary: $0.summary, evidence: .reproduces)
      }
    guard !causes.isEmpty else { return nil }
    return Diagnosis(endPoint: point, causes: causes, isCertain: causes.count == 1)
  }

  private func script<Scalar>(
    _ fault: TrainingFault, _ index: Int, _ network: TrainingNetwork<Scalar>,
    _ batch: TrainingBatch<Scalar>
  ) -> TrainingScript<Scalar> {
    TrainingScript(network: network, batch: batch, options: options, fault: fault, place: index)
  }

  /// Whether the subject is as close to the mistake in float64 as plain float32 loops with it are.
  private func explains(
    _ recorded: [EndPoint: Tensor<Float>], _ exact: [EndPoint: Tensor<Double>],
    _ plain: [EndPoint: Tensor<Float>]
  ) -> Bool {
    exact.allSatisfy { point, value in
      guard let subject = recorded[point], let plain = plain[point] else { return true }
      return error(subject, value) <= profile.accumulatedBudgetRatio
        * error(plain, value, floor: true)
    }
  }

  /// Whether at some point the fault makes the subject's values e^30 times likelier than the sound layer
  /// does, as in inference, with normal errors of the size that the plain loops have there, and at least
  /// of one rounding.
  private func isLikelier(
    _ recorded: [EndPoint: Tensor<Float>], _ faulty: [EndPoint: Tensor<Double>],
    _ plain: [EndPoint: Tensor<Float>], than sound: [EndPoint: Tensor<Double>]
  ) -> Bool {
    faulty.contains { point, value in
      guard let subject = recorded[point], let right = sound[point], let plain = plain[point],
        subject.shape == value.shape, right.shape == value.shape
      else { return false }
      var ratio = 0.0
      for index in 0..<value.count where right[flat: index] != value[flat: index] {
        let exact = value[flat: index]
        let rounding = Double(plain[flat: index]) - exact
        let variance = max(
          rounding * rounding + Roundoff.variance * exact * exact,
          Roundoff.smallestNormal * Roundoff.smallestNormal)
        func square(_ expected: Double) -> Double {
          let error = Double(subject[flat: index]) - expected
          return min(error * error / variance, 10_000)
        }
        ratio += square(right[flat: index]) - square(exact)
      }
      return ratio / 2 >= Hypotheses.decisive
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
