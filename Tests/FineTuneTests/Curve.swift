import HDF5
import MobileNet
import TestSupport

/// What `Scripts/oracle/make_fine_tuning` recorded: the losses of the same training in TensorFlow.
struct Curve {
  /// Cross-entropy before each step of the new head alone.
  let head: [Double]
  /// Cross-entropy before each step of the whole network.
  let crossEntropy: [Double]
  let regularization: [Double]
  /// Cross-entropy of inference afterwards.
  let after: Double

  enum Kind: String {
    case float64
    /// Batch norm fused.
    case float32
    /// By how much a loss changes if the parameters do so in float32's last bit: the root mean square.
    case spread
  }

  init(_ kind: Kind) throws {
    let group = try File(reading: Repository.path("Tests/FineTuneTests/curve.h5")).root
      .group(kind.rawValue)
    func values(_ name: String) throws -> [Double] {
      let dataset = try group.dataset(name)
      return kind == .float32
        ? try dataset.read(Float.self).map(Double.init) : try dataset.read(Double.self)
    }
    let whole = try values("whole")
    head = try values("head")
    crossEntropy = stride(from: 0, to: whole.count, by: 3).map { whole[$0] }
    regularization = stride(from: 1, to: whole.count, by: 3).map { whole[$0] }
    after = try values("after")[0]
  }

  /// The cross-entropies of both stages.
  var losses: [Double] { head + crossEntropy }
}

/// How far a float32 implementation may be from the float64 curve.
struct CurveBudget {
  /// Eight times what a change in the last bit of the parameters makes, at this step or before, and some
  /// roundings: every step rounds anew, and what was rounded before is amplified.
  let limits: [Double]

  init(_ exact: Curve, _ spread: Curve) {
    func limits(_ losses: [Double], _ spreads: [Double]) -> [Double] {
      losses.indices.map { step in
        8 * (spreads[...step].max() ?? 0) + 1e-6 * losses[step]
      }
    }
    self.limits =
      limits(exact.head, spread.head) + limits(exact.crossEntropy, spread.crossEntropy)
  }

  /// The steps, counted through both stages, at which losses are further away.
  func violations(_ losses: [Double], _ exact: Curve) -> [Int] {
    guard losses.count == limits.count else { return Array(limits.indices) }
    return limits.indices.filter { !(abs(losses[$0] - exact.losses[$0]) <= limits[$0]) }
  }
}
