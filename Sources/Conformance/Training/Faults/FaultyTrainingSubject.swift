import MobileNet
import RealModule
import Reference

/// The plain float32 loops with a known mistake in one layer.
public struct FaultyTrainingSubject: TrainingSubject {
  private let network: TrainingNetwork<Float>
  private let fault: TrainingFault
  private let place: Int

  /// - Throws: ``VerificationError/nothingSelected(what:pattern:)`` if the mistake cannot be made in
  ///   that layer.
  public init(
    parameters: Parameters, fault: TrainingFault, layer endPoint: EndPoint
  ) throws(VerificationError) {
    guard let (index, layer) = parameters.architecture.layer(endPoint), fault.applies(to: layer)
    else {
      throw .nothingSelected(what: "layer for \(fault.rawValue)", pattern: endPoint.rawValue)
    }
    network = TrainingNetwork(parameters: parameters)
    self.fault = fault
    place = index
  }

  public var identity: SubjectIdentity {
    let endPoint = network.architecture.layers[place].endPoint
    var identity = NaiveTrainingSubject.identity
    identity.description += ", with a fault injected: \(fault.summary) in \(endPoint)"
    return identity
  }

  public func step(
    _ batch: TrainingBatch<Float>, _ options: TrainingOptions
  ) -> [EndPoint: Tensor<Float>] {
    TrainingScript(
      network: network, batch: batch, options: options, fault: fault, place: place
    ).step()
  }

  /// A faulty subject shows single steps only.
  public func descent(
    _ batches: [TrainingBatch<Float>], _ options: TrainingOptions, learningRate: Double
  ) -> [[EndPoint: Tensor<Float>]]? { nil }
}
