import ArgumentParser
import Conformance

/// By which limits to judge, and which failures someone has signed for.
struct PolicyOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Limits to judge by; the standard ones, unless given.", valueName: "FILE"))
  var profile: String?

  @Option(
    help: ArgumentHelp(
      "Failures that are known and signed for.",
      discussion: "A waiver that is expired, or not needed any more, is a failure itself.",
      valueName: "FILE"))
  var waivers: String?

  func readProfile() throws -> Profile {
    guard let profile else { return .standard }
    return try Profile(reading: profile)
  }

  func readWaivers() throws -> [Waiver] {
    guard let waivers else { return [] }
    return try Waiver.waivers(reading: waivers)
  }
}
