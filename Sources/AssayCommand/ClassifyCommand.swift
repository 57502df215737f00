import ArgumentParser
import Golden
import HubModule
import MobileNet
import Pictures

/// `assay classify`: the module at work on pictures.
struct ClassifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "classify",
    abstract: "Says what is in JPEG and PNG pictures: the likeliest classes of each.",
    discussion: """
      A picture is decoded as TensorFlow does it, turned upright as its EXIF data say, and resized \
      to what the module expects: bilinear, without antialias and without regard to the aspect \
      ratio, as users of hub modules do it. A picture that cannot be used gets a line on stderr, \
      the others are still classified, and the exit status is that of the gravest.

      The embedded parameters are a stand-in that classifies nothing. Export the original's with \
      Scripts/oracle/export --labels, and name them with --parameters.
      """)

  /// What becomes of a picture's size.
  enum Size: String, CaseIterable, ExpressibleByArgument {
    case expected
    case native
  }

  @Argument(help: ArgumentHelp("JPEG or PNG files.", valueName: "picture"))
  var pictures: [String]

  @Option(help: "The size that the module expects, or the picture's own: expected or native.")
  var size = Size.expected

  @Option(help: "How many classes of each picture.")
  var top = 5

  @Option(
    help: ArgumentHelp(
      "The network's parameters; the embedded default, unless given.", valueName: "FILE"))
  var parameters: String?

  @Flag(help: "Everything as JSON, when all is done.")
  var json = false

  @OptionGroup var subjectOptions: SubjectOptions

  func validate() throws {
    guard !pictures.isEmpty else { throw ValidationError("name at least one picture") }
    guard top >= 1 else { throw ValidationError("--top must be at least 1, not \(top)") }
  }

  func run() async throws {
    let path = try parameters ?? DefaultGolden.directory() + "/parameters.h5"
    let file = try ParametersFile(reading: path)
    let module = HubModule(file, backend: try subjectOptions.makeBackend(file.parameters))
    if !json { print(ClassificationText.header(file.provenance)) }
    let classifier = Classifier(module: module, size: size, top: top)
    let results = try await Progress.showing("classifying") { progress in
      try pictures.enumerated().map { done, picture in
        progress.update(done, of: pictures.count)
        let result = try classifier.classify(picture)
        progress.hide()
        if let failure = result.failure { StandardError.print("assay: \(failure)") }
        if !json, let text = ClassificationText.render(result) { print(text) }
        return result
      }
    }
    if json { try StandardOutput.print(json: ClassificationFile(file.provenance, results)) }
    if let gravest = results.compactMap(\.exitStatus).max() { throw ExitCode(gravest) }
  }
}

/// Reads one picture after another and classifies it.
private struct Classifier {
  /// Bytes of a file; larger ones are not read.
  private static let mostBytes = 256 << 20
  /// Pixels of a picture in its own size. The activations of one this large take 2 GB.
  private static let mostNativePixels = 4096 * 4096

  let module: HubModule
  let size: ClassifyCommand.Size
  let top: Int

  /// A picture that cannot be used is a result, too.
  ///
  /// - Throws: What is no picture's fault.
  func classify(_ path: String) throws -> PictureResult {
    do {
      let picture = try read(path)
      let image = try image(picture, path)
      let classes = try module.topClasses(image, count: top).first ?? []
      return PictureResult(
        path: path, outcome: .success((picture.width, picture.height, classes)))
    } catch let error as InputError {
      return PictureResult(path: path, outcome: .failure(error))
    }
  }

  private func read(_ path: String) throws -> Picture {
    let file = try InputFile.read(path, atMost: Self.mostBytes)
    do {
      return try Picture(decoding: [UInt8](file))
    } catch {
      throw InputError.badData(path: path, reason: "\(error)")
    }
  }

  private func image(_ picture: Picture, _ path: String) throws -> Tensor<Float> {
    switch size {
    case .expected:
      let expected = module.expectedImageSize
      return picture.image(height: expected.height, width: expected.width)
    case .native:
      guard picture.width * picture.height <= Self.mostNativePixels else {
        throw InputError.badData(
          path: path,
          reason: "has \(picture.width) x \(picture.height) pixels, too many for --size native "
            + "(\(Self.mostNativePixels) in all); use --size expected")
      }
      return picture.image
    }
  }
}
