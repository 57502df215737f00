import Golden
import MobileNet
import RealModule
import Reference

/// The reference's own chain of a step or of several, and how far correct float32 chains stray
/// from it.
///
/// Through 27 batch norms and 27 kinks no bound survives, and a first-order budget does not know that
/// an element which crosses a kink takes its whole gradient along. So the yardstick is measured: the
/// plain float32 loops, once with the variables as they are and then with every variable moved by at
/// most one unit in the last place. What a subject may differ by is what a last bit of its variables
/// may make of it (a backward error), and not less than one rounding of each result.
struct TrainingWitnesses {
  let reference: [EndPoint: Tensor<Double>]
  private let witnesses: [[EndPoint: Tensor<Float>]]

  init(reference: [EndPoint: Tensor<Double>], witnesses: [[EndPoint: Tensor<Float>]]) {
    self.reference = reference
    self.witnesses = witnesses
  }

  /// Witnesses with moved variables, beside the one with the variables as they are.
  static let movedCount = 2

  /// Of one step.
  init(
    _ parameters: Parameters, _ batch: TrainingBatch<Float>, _ options: TrainingOptions,
    reference step: TrainingStep<Double>
  ) {
    let architecture = parameters.architecture
    self.init(parameters: parameters, reference: step.points(of: architecture)) {
      $0.step(batch, options).points(of: architecture)
    }
  }

  /// - Parameter run: Computes what is to be judged, with the given variables.
  init(
    parameters: Parameters, reference: [EndPoint: Tensor<Double>],
    run: (TrainingNetwork<Float>) -> [EndPoint: Tensor<Float>]
  ) {
    let network = TrainingNetwork<Float>(parameters: parameters)
    let moved = (1...Self.movedCount).map { network.movedByLastBits(seed: UInt64($0)) }
    self.init(reference: reference, witnesses: ([network] + moved).map(run))
  }

  /// What a point of a float32 chain may differ by, made once for all that is compared with it; `nil`
  /// where there is nothing to compare.
  func yardstick(_ point: EndPoint) -> Yardstick? {
    guard let exact = reference[point], exact.count > 0 else { return nil }
    var square = 0.0
    var worst = [Double](repeating: 0, count: exact.count)
    for witness in witnesses {
      guard let tensor = witness[point] else { return nil }
      for index in 0..<exact.count {
        let error = Double(tensor[flat: index]) - exact[flat: index]
        square += error * error
        worst[index] = max(worst[index], error * error)
      }
    }
    let mean = square / Double(witnesses.count * exact.count)
    let rounding = exact.map { Roundoff.variance * $0 * $0 }
    var element = rounding
    for index in 0..<exact.count { element[flat: index] += max(worst[index], mean) }
    let budget = ErrorStatistics.Budget(element: element, clamped: rounding.map { mean + $0 })
    return Yardstick(reference: exact, budget: budget.counted(for: exact))
  }

  /// One point of the reference's chain, and the variance of a float32 chain's error there: mean square
  /// over all witnesses and elements for the whole; for one element that, or its worst if larger.
  struct Yardstick {
    let reference: Tensor<Double>
    let budget: ErrorStatistics.Budget

    /// How `tensor` compares with the reference's chain.
    func statistics(_ tensor: Tensor<Float>) -> ErrorStatistics {
      ErrorStatistics(tensor, reference: reference, budget: budget)
    }

    /// The same for some elements, each with its flat place.
    func statistics(_ elements: [(index: Int, value: Double)]) -> ErrorStatistics {
      func part(_ tensor: Tensor<Double>) -> Tensor<Double> {
        row(elements.map { tensor[flat: $0.index] })
      }
      return ErrorStatistics(
        row(elements.map { Float($0.value) }), reference: part(reference),
        budget: ErrorStatistics.Budget(
          element: part(budget.element), clamped: part(budget.clamped)))
    }

    /// The error of a gradient of which a golden has projections, in units of what the whole may err by.
    func projected(_ gradient: StoredGradient) -> Double {
      let variance = budget.clamped.scalars.reduce(0, +)
      let distance = gradient.distance(to: reference.scalars)
      return ErrorStatistics.ratio(
        distance == 0 ? 0 : distance * gradient.norm, variance.squareRoot())
    }
  }
}

extension TrainingNetwork {
  /// The same network with every variable moved by at most one unit in the last place of its type,
  /// at random.
  func movedByLastBits(seed: UInt64) -> TrainingNetwork {
    var random = SplitMix64(seed: seed)
    var network = self
    for variable in architecture.variables {
      var tensor = self[variable.name]
      for index in 0..<tensor.count {
        let share = Scalar(Double.random(in: -1...1, using: &random))
        let value = tensor[flat: index]
        tensor[flat: index] = value + value * share * Scalar.ulpOfOne / 2
      }
      network[variable.name] = tensor
    }
    return network
  }
}
