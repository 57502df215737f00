import Conformance
import Golden
import MobileNet
import Testing

/// The embedded default, of which tests judge the smallest cases.
struct Fixture {
  let sweep: GoldenFile
  let parametersFile: ParametersFile
  var parameters: Parameters { parametersFile.parameters }

  init() throws {
    sweep = try GoldenFile(reading: DefaultGolden.directory() + "/sweep.h5")
    parametersFile = try sweep.readParameters()
  }

  /// The naive engine with a fault in one layer.
  func faulty(_ fault: String, in endPoint: String) throws -> any Subject {
    let place = try #require(parameters.architecture.layer(EndPoint(endPoint)))
    return try FaultySubject(
      NaiveSubject(parameters: parameters), fault: try #require(Faults.named(fault)),
      parameters: parameters, layer: place.index)
  }

  func verify(
    _ subject: any Subject, rebuild: SubjectFactory? = nil, waivers: [Waiver] = [],
    cases: String? = "17x40", layers: String? = nil, conditioning: Bool = false
  ) async throws -> ConformanceRecord {
    try await Verification(
      parameters: parameters, subject: subject, rebuild: rebuild, waivers: waivers,
      selection: .init(cases: cases, layers: layers), measuresConditioning: conditioning
    ).run([sweep])
  }
}
