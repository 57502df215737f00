import MobileNet
import Reference

/// Bias and spread of one layer's rounding errors, each measured in its own sigma.
///
/// With t = sign(reference) · error / σ over all elements that the clamp does not touch, and m_c the
/// mean of t over all positions of channel c:
///
/// - ``bias`` is |Σ m_c| / √(Σ m_c²). Rounding to nearest errs either way alike, so the m_c are
///   independent and symmetric about zero, and for such numbers, whatever their sizes,
///   P(bias ≥ λ) ≤ 2 exp(-λ²/2) (Efron, *Student's t-test under symmetry conditions*, 1969).
/// - ``rms`` is √(mean t²).
///
/// Positions of one channel are not independent: they share weights, which a folding engine has
/// rounded once for all. That is why the means of the channels count, not the elements.
public struct RoundingStatistics: Hashable, Sendable, Codable {
  /// Elements inside the clamp.
  public var count: Int
  /// Channels that have such elements. ``bias`` cannot exceed its root.
  public var channels: Int
  /// |Σ m_c| / √(Σ m_c²).
  public var bias: Double
  /// Mean of t: negative where magnitudes come out too small.
  public var mean: Double
  /// √(mean t²).
  public var rms: Double
}

extension RoundingStatistics {
  /// Of errors less what they are for a known reason, which is no bias. Where there are several such
  /// reasons, a correct engine has one of them: the one that leaves the least bias.
  ///
  /// - Parameters:
  ///   - evaluation: The layer in float64, any but the softmax.
  ///   - variance: Of an element before the clamp.
  ///   - systematics: What an element errs by, for each of the reasons; none is the first.
  package init(
    _ tensor: Tensor<Float>, _ evaluation: LayerEvaluation, variance: (Int) -> Double,
    systematics: [(Int) -> Double], isClamped: Bool
  ) {
    self.init(tensor, evaluation, variance: variance, isClamped: isClamped)
    for systematic in systematics {
      let other = Self(
        tensor, evaluation, variance: variance, systematic: systematic, isClamped: isClamped)
      if other.bias < bias { self = other }
    }
  }

  /// - Parameters:
  ///   - evaluation: The layer in float64, any but the softmax.
  ///   - variance: Of an element before the clamp.
  ///   - systematic: What an element errs by for a known reason, which is no bias.
  package init(
    _ tensor: Tensor<Float>, _ evaluation: LayerEvaluation, variance: (Int) -> Double,
    systematic: (Int) -> Double = { _ in 0 }, isClamped: Bool
  ) {
    let depth = tensor.shape.last ?? 1
    var sums = [Double](repeating: 0, count: depth)
    var counts = [Int](repeating: 0, count: depth)
    var squares = 0.0
    for index in 0..<tensor.count {
      let variance = variance(index)
      guard variance > 0 else { continue }
      let y = evaluation.preActivation[flat: index]
      let sigma = variance.squareRoot()
      let reach = ErrorBudget.clampReach * sigma
      if isClamped && (y < reach || y > Architecture.reluCeiling - reach) { continue }
      let error = Double(tensor[flat: index]) - y - systematic(index)
      let t = (y < 0 ? -error : error) / sigma
      sums[index % depth] += t
      counts[index % depth] += 1
      squares += t * t
    }
    let live = (0..<depth).filter { counts[$0] > 0 }
    let means = live.map { sums[$0] / Double(counts[$0]) }
    count = counts.reduce(0, +)
    channels = live.count
    bias = ErrorStatistics.ratio(
      abs(means.reduce(0, +)), means.reduce(0) { $0 + $1 * $1 }.squareRoot())
    mean = ErrorStatistics.ratio(sums.reduce(0, +), Double(max(count, 1)))
    rms = (ErrorStatistics.ratio(squares, Double(max(count, 1)))).squareRoot()
  }
}
