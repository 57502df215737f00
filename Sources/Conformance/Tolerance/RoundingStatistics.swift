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
  /// Of errors less what they are for a known reason, which is no bias.
  ///
  /// - Parameters:
  ///   - evaluation: The layer in float64, any but the softmax.
  ///   - variance: Of an element before the clamp.
  ///   - systematic: What an element errs by for a known reason.
  ///   - ofScale: What it errs by besides, either way, if the scale errs to one side. A correct engine
  ///     has this, its negative or nothing: what leaves the least bias.
  package init(
    _ tensor: Tensor<Float>, _ evaluation: LayerEvaluation, variance: (Int) -> Double,
    systematic: (Int) -> Double = { _ in 0 }, ofScale: (Int) -> Double = { _ in 0 },
    isClamped: Bool
  ) {
    let depth = tensor.shape.last ?? 1
    let sides = [0.0, -1, 1]
    var channels = [ChannelErrors](repeating: ChannelErrors(), count: depth)
    for index in 0..<tensor.count {
      let variance = variance(index)
      guard variance > 0 else { continue }
      let y = evaluation.preActivation[flat: index]
      let sigma = variance.squareRoot()
      let reach = ErrorBudget.clampReach * sigma
      if isClamped && (y < reach || y > Architecture.reluCeiling - reach) { continue }
      let error = Double(tensor[flat: index]) - y - systematic(index)
      let sign: Double = y < 0 ? -1 : 1
      channels[index % depth].add(
        sign * error / sigma, ofScale: sign * ofScale(index) / sigma)
    }
    let live = channels.filter { $0.count > 0 }
    let all = sides.map { side in Self(live, scaleErringTo: side) }
    self = all.dropFirst().reduce(all[0]) { $1.bias < $0.bias ? $1 : $0 }
  }

  /// - Parameter side: How often what half a rounding of the scale makes is taken off.
  private init(_ channels: [ChannelErrors], scaleErringTo side: Double) {
    let means = channels.map { $0.mean(scaleErringTo: side) }
    count = channels.reduce(0) { $0 + $1.count }
    self.channels = channels.count
    let total = Double(max(count, 1))
    bias = ErrorStatistics.ratio(
      abs(means.reduce(0, +)), means.reduce(0) { $0 + $1 * $1 }.squareRoot())
    mean = ErrorStatistics.ratio(
      channels.reduce(0) { $0 + $1.sum - side * $1.sumOfScale }, total)
    rms =
      ErrorStatistics.ratio(
        channels.reduce(0) { $0 + $1.squares(scaleErringTo: side) }, total
      ).squareRoot()
  }

  /// Sums over the elements of a channel, in units of their sigma.
  private struct ChannelErrors {
    var count = 0
    var sum = 0.0
    var sumOfScale = 0.0
    private var square = 0.0
    private var product = 0.0
    private var squareOfScale = 0.0

    mutating func add(_ t: Double, ofScale s: Double) {
      count += 1
      sum += t
      sumOfScale += s
      square += t * t
      product += t * s
      squareOfScale += s * s
    }

    func mean(scaleErringTo side: Double) -> Double {
      (sum - side * sumOfScale) / Double(count)
    }

    /// Σ (t - side · s)².
    func squares(scaleErringTo side: Double) -> Double {
      max(0, square - 2 * side * product + side * side * squareOfScale)
    }
  }
}
