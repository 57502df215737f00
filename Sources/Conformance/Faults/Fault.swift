import MobileNet
import RealModule

/// A known mistake that an implementation can make in one layer.
///
/// Faults are injected on purpose, to show what a failing verification looks like and to prove that
/// the suite sees them; and they are the causes that a ``Diagnosis`` knows.
public protocol Fault: Sendable {
  /// Name on the command line, such as `symmetric-padding`.
  var name: String { get }
  /// What goes wrong, in a few words.
  var summary: String { get }
  /// Whether the mistake is in what is computed, or only in how it is rounded.
  var nature: FaultNature { get }
  /// Whether the mistake can be made in this layer.
  func applies(to layer: Layer) -> Bool
  /// Makes the mistake.
  func apply(to script: inout LayerScript)
}

/// What kind of mistake a fault is.
public enum FaultNature: String, Sendable, Codable {
  /// Something else is computed: float64 shows it as well.
  case structure
  /// The right thing is computed with other roundings: in the reals nothing is wrong.
  case rounding
}

extension Fault {
  public var nature: FaultNature { .structure }

  /// The layer at `index` with this mistake in it.
  func script(_ parameters: Parameters, layer index: Int) -> LayerScript {
    var script = LayerScript(parameters: parameters, layer: index)
    apply(to: &script)
    return script
  }
}

/// All faults that can be injected.
public enum Faults {
  public static let all: [any Fault] =
    windowFaults + kernelFaults + channelFaults + imageFaults + normFaults + activationFaults
    + headFaults + weightFaults + memoryFaults + precisionFaults

  /// The fault of that name, if there is one.
  public static func named(_ name: String) -> (any Fault)? {
    all.first { $0.name == name }
  }
}
