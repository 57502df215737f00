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

  /// - Parameter run: Computes what is to be judged, with the given variables.
  init(
    parameters: Parameters, reference: [EndPoint: Tensor<Double>],
    run: (TrainingNetwork<Float>) -> [EndPoint: Tensor<Float>]
  ) {
    let network = TrainingNetwork<Float>(parameters: parameters)
    let moved = (1...Self.movedCount).map { network.movedByLastBits(seed: UInt64($0)) }
    self.init(reference: reference, witnesses: ([network] + moved).map(run))
  }

  /// Variance of a float32 chain's error: mean square over all witnesses and elements for the whole;
  /// for one element that, or its worst if larger.
  ///
  /// - Parameter indices: The elements to look at; all, unless given.
  func budget(_ point: EndPoint, at indices: [Int]? = nil) -> ErrorStatistics.Budget? {
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
    let places = indices ?? Array(0..<exact.count)
    func tensor(_ value: (Int) -> Double) -> Tensor<Double> {
      Tensor(shape: indices == nil ? exact.shape : [places.count], scalars: places.map(value))
    }
    func rounding(_ index: Int) -> Double {
      Roundoff.variance * exact[flat: index] * exact[flat: index]
    }
    return ErrorStatistics.Budget(
      element: tensor { max(worst[$0], mean) + rounding($0) },
      clamped: tensor { mean + rounding($0) })
  }

  /// How `tensor` compares with the reference's chain.
  func statistics(_ point: EndPoint, _ tensor: Tensor<Float>) -> ErrorStatistics? {
    guard let exact = reference[point], let budget = budget(point) else { return nil }
    return ErrorStatistics(tensor, reference: exact, budget: budget)
  }

  /// The same for some elements, each with its flat place.
  func statistics(
    _ point: EndPoint, elements: [(index: Int, value: Double)]
  ) -> ErrorStatistics? {
    let indices = elements.map(\.index)
    guard let exact = reference[point], let budget = budget(point, at: indices) else { return nil }
    return ErrorStatistics(
      row(elements.map { Float($0.value) }), reference: row(indices.map { exact[flat: $0] }),
      budget: budget)
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
