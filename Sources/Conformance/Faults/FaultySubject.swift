import MobileNet

/// A subject that makes one mistake in one layer and is right everywhere else.
public struct FaultySubject: Subject {
  private let base: any Subject
  private let architecture: Architecture
  private let script: LayerScript
  private let summary: String
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
    self.index = index
    architecture = parameters.architecture
    script = fault.script(parameters, layer: index)
    summary = fault.summary
  }

  public var identity: SubjectIdentity {
    var identity = base.identity
    let place = architecture.layers[index].endPoint
    identity.description += ", with a fault injected: \(summary) in \(place)"
    return identity
  }

  public func endPoints(images: Tensor<Float>) throws -> [EndPoint: Tensor<Float>] {
    var current = images
    var result: [EndPoint: Tensor<Float>] = [:]
    for (index, layer) in architecture.layers.enumerated() {
      guard let output = try output(layer: index, input: current) else {
        throw FaultError.noSingleLayers(subject: base.identity.name)
      }
      current = output
      result[layer.endPoint] = output
    }
    return result
  }

  public func output(layer index: Int, input: Tensor<Float>) throws -> Tensor<Float>? {
    index == self.index ? script.output(input) : try base.output(layer: index, input: input)
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
