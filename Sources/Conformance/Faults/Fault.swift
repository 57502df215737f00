import MobileNet
import RealModule

/// A known mistake that an implementation can make in one layer.
///
/// Faults are injected on purpose, to show what a failing verification looks like and to prove that
/// the suite sees them.
public protocol Fault: Sendable {
  /// Name on the command line, such as `symmetric-padding`.
  var name: String { get }
  /// What goes wrong, in a few words.
  var summary: String { get }
  /// Whether the mistake can be made in this layer.
  func applies(to layer: Layer) -> Bool
  /// Makes the mistake.
  func apply<Scalar>(to script: inout LayerScript<Scalar>)
}

/// All faults that can be injected.
public enum Faults {
  public static let all: [any Fault] = [
    SymmetricPadding(), SmallEpsilon(), PlainReLU(), WeightOffByThousandth(),
  ]

  /// The fault of that name, if there is one.
  public static func named(_ name: String) -> (any Fault)? {
    all.first { $0.name == name }
  }
}

/// Zeros on both sides of a stride-2 layer, as PyTorch's `padding=1` has it.
struct SymmetricPadding: Fault {
  let name = "symmetric-padding"
  let summary = "symmetric padding at stride 2"

  func applies(to layer: Layer) -> Bool { layer.convolution.map { $0.stride > 1 } ?? false }

  func apply<Scalar>(to script: inout LayerScript<Scalar>) { script.padding = .symmetric }
}

/// The default epsilon of other frameworks.
struct SmallEpsilon: Fault {
  let name = "epsilon-1e-5"
  let summary = "batch norm with epsilon 1e-5 instead of 1e-3"

  func applies(to layer: Layer) -> Bool { layer.convolution != nil }

  func apply<Scalar>(to script: inout LayerScript<Scalar>) { script.epsilon = 1e-5 }
}

/// No upper end to the activation.
struct PlainReLU: Fault {
  let name = "relu"
  let summary = "ReLU instead of ReLU6"

  func applies(to layer: Layer) -> Bool { layer.convolution != nil }

  func apply<Scalar>(to script: inout LayerScript<Scalar>) { script.ceiling = .infinity }
}

/// The layer's largest weight, larger by a thousandth.
struct WeightOffByThousandth: Fault {
  let name = "weight-1e-3"
  let summary = "one weight off by 1e-3 of its value"

  func applies(to layer: Layer) -> Bool { layer.convolution != nil }

  func apply<Scalar>(to script: inout LayerScript<Scalar>) {
    let scalars = script.weights.scalars
    guard let place = scalars.indices.max(by: { scalars[$0].magnitude < scalars[$1].magnitude })
    else { return }
    script.weights[flat: place] *= 1.001
  }
}

/// A subject that makes one mistake in one layer and is right everywhere else.
public struct FaultySubject: Subject {
  private let base: any Subject
  private let fault: any Fault
  private let parameters: Parameters
  private let index: Int

  /// - Parameters:
  ///   - base: Computes all other layers; it has to be able to run single layers.
  ///   - parameters: What the faulty layer computes with.
  ///   - index: The layer that errs.
  /// - Throws: ``FaultError`` if the fault does not apply to that layer.
  public init(
    _ base: any Subject, fault: any Fault, parameters: Parameters, layer index: Int
  ) throws(FaultError) {
    let layer = parameters.architecture.layers[index]
    guard fault.applies(to: layer) else {
      throw .notApplicable(fault: fault.name, layer: layer.endPoint)
    }
    self.base = base
    self.fault = fault
    self.parameters = parameters
    self.index = index
  }

  public var identity: SubjectIdentity {
    var identity = base.identity
    let place = parameters.architecture.layers[index].endPoint
    identity.description += ", with a fault injected: \(fault.summary) in \(place)"
    return identity
  }

  public func endPoints(images: Tensor<Float>) throws -> [EndPoint: Tensor<Float>] {
    var current = images
    var result: [EndPoint: Tensor<Float>] = [:]
    for (index, layer) in parameters.architecture.layers.enumerated() {
      guard let output = try output(layer: index, input: current) else {
        throw FaultError.noSingleLayers(subject: base.identity.name)
      }
      current = output
      result[layer.endPoint] = output
    }
    return result
  }

  public func output(layer index: Int, input: Tensor<Float>) throws -> Tensor<Float>? {
    guard index == self.index,
      var script = LayerScript(parameters: parameters, layer: index, input: input)
    else { return try base.output(layer: index, input: input) }
    fault.apply(to: &script)
    return script.run()
  }
}

/// Why a fault cannot be injected.
public enum FaultError: Error, Hashable, CustomStringConvertible {
  case unknown(String)
  case notApplicable(fault: String, layer: EndPoint)
  case noSingleLayers(subject: String)

  public var description: String {
    switch self {
    case .unknown(let name):
      "there is no fault '\(name)'; known are "
        + Faults.all.map(\.name).joined(separator: ", ")
    case .notApplicable(let fault, let layer):
      "the fault \(fault) cannot be made in \(layer)"
    case .noSingleLayers(let subject):
      "\(subject) cannot run single layers, so no fault can be injected"
    }
  }
}
