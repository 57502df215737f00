import Foundation
import Golden
import TestSupport
import Testing

@Suite struct DefaultGoldenTests {
  let folder: TemporaryDirectory

  init() throws { folder = try TemporaryDirectory() }

  private func make(_ relative: String) throws -> String {
    let url = folder.url.appending(path: relative)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    try Data().write(to: url.appending(path: "inference.h5"))
    return url.path(percentEncoded: false)
  }

  private func find(
    environment: String? = nil, executable: String = "bin/assay", source: String = "else/x.swift"
  ) throws(GoldenError) -> String {
    try DefaultGolden.directory(
      environment: environment.map { [DefaultGolden.environmentVariable: $0] } ?? [:],
      executable: folder.url.appending(path: executable),
      source: folder.url.appending(path: source))
  }

  private func isSame(_ a: String, _ b: String) -> Bool {
    URL(filePath: a).resolvingSymlinksInPath().path
      == URL(filePath: b).resolvingSymlinksInPath().path
  }

  @Test func theEnvironmentComesFirst() throws {
    _ = try make("GoldenData/mobilenet_v1_075_128")
    let inside = try make("mine/mobilenet_v1_075_128")
    let other = try make("other")
    #expect(isSame(try find(environment: folder.path("mine")), inside))
    #expect(isSame(try find(environment: inside), inside))
    #expect(isSame(try find(environment: other), other))
  }

  @Test func aWrongEnvironmentIsAnError() throws {
    _ = try make("GoldenData/mobilenet_v1_075_128")
    let error = #expect(throws: GoldenError.self) {
      try find(environment: folder.path("nowhere"))
    }
    #expect(error?.category == .cannotRead)
    #expect(error?.description.contains("ASSAY_GOLDEN_DATA") == true)
  }

  @Test func aroundTheProgramThenAroundTheSource() throws {
    let source = try make("checkout/GoldenData/mobilenet_v1_075_128")
    #expect(isSame(try find(source: "checkout/Sources/Golden/x.swift"), source))
    let program = try make("place/GoldenData/mobilenet_v1_075_128")
    #expect(
      isSame(
        try find(
          executable: "place/.build/release/assay", source: "checkout/Sources/Golden/x.swift"),
        program))
  }

  @Test func nowhere() {
    let error = #expect(throws: GoldenError.self) { try find() }
    #expect(error?.category == .cannotRead)
  }

  private static let embedded = Repository.path("GoldenData/\(DefaultGolden.name)")

  @Test(
    .enabled(if: FileManager.default.fileExists(atPath: embedded + "/inference.h5"), "not made"))
  func theEmbeddedFilesAreValid() throws {
    for name in ["inference.h5", "sweep.h5"] {
      let golden = try GoldenFile(reading: "\(Self.embedded)/\(name)")
      try golden.validate()
      let parameters = try golden.readParameters()
      #expect(parameters.parameters.architecture == golden.architecture)
      for name in golden.caseNames { _ = try golden.readCase(name) }
    }
  }
}
