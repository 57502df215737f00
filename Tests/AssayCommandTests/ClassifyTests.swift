import Foundation
import Golden
import MobileNet
import Testing
import TestSupport

/// `assay classify`, as a user runs it. Golden images become PNGs, so that TensorFlow's own
/// predictions say what is right.
@Suite(.enabled(if: PythonTools.isAvailable, Comment(rawValue: PythonTools.hint)))
struct ClassifyTests {
  /// What `--json` prints.
  private struct Output: Decodable {
    struct Item: Decodable {
      var path: String
      var width: Int?
      var height: Int?
      var classes: [Class]?
      var error: String?
    }

    struct Class: Decodable {
      var index: Int
      var label: String?
      var probability: Float
    }

    var checkpoint: Checkpoint
    var parametersSHA256: String
    var pictures: [Item]

    init(_ text: String) throws {
      self = try JSONDecoder().decode(Output.self, from: Data(text.utf8))
    }
  }

  let folder: TemporaryDirectory

  init() throws { folder = try TemporaryDirectory() }

  /// Writes the first image of a golden case, whose values are all 0 or 1, as a PNG.
  private func picture(of name: String) throws -> String {
    let path = folder.path("\(name).png")
    try PythonTools.run(
      """
      import sys, struct, zlib, h5py, numpy
      golden, name, path = sys.argv[1:]
      with h5py.File(golden) as file:
        image = file[f'/cases/{name}/images'][0]
      assert ((image == 0) | (image == 1)).all()
      pixels = (image * 255).astype(numpy.uint8)
      def chunk(kind, data):
        return (struct.pack('>I', len(data)) + kind + data
                + struct.pack('>I', zlib.crc32(kind + data)))
      header = struct.pack('>IIBBBBB', pixels.shape[1], pixels.shape[0], 8, 2, 0, 0, 0)
      data = zlib.compress(b''.join(b'\\0' + row.tobytes() for row in pixels))
      with open(path, 'wb') as file:
        file.write(b'\\x89PNG\\r\\n\\x1a\\n' + chunk(b'IHDR', header) + chunk(b'IDAT', data)
                   + chunk(b'IEND', b''))
      """, [Repository.path("GoldenData/mobilenet_v1_075_128/inference.h5"), name, path])
    return path
  }

  private func golden(_ name: String) throws -> GoldenCase {
    let path = Repository.path("GoldenData/mobilenet_v1_075_128/inference.h5")
    return try GoldenFile(reading: path).readCase(name)
  }

  /// Indices of the five largest values, the largest first.
  private func best(_ values: [Double]) -> [Int] {
    Array(values.indices.sorted { values[$0] > values[$1] }.prefix(5))
  }

  @Test func `the reference's probabilities are TensorFlow's, rounded once`() throws {
    let name = "hot_center"
    let result = try Program.run(
      "classify", "--size", "native", "--json", "--subject", "reference", try picture(of: name))
    #expect(result.status == 0, "\(result.error)")
    let item = try #require(try Output(result.output).pictures.first)
    let golden = try golden(name)
    #expect(item.height == golden.images.shape[1])
    #expect(item.width == golden.images.shape[2])
    let exact = try #require(golden.activations64[.predictions]).batch(0..<1).scalars
    let classes = try #require(item.classes)
    #expect(classes.map(\.index) == best(exact))
    for score in classes {
      let expected = exact[score.index]
      #expect(abs(Double(score.probability) - expected) <= 0.501 * Double(Float(expected).ulp))
      #expect(score.label == nil)
    }
  }

  /// How far the engine's values are off is for `assay verify` to say.
  @Test(arguments: ["hot_center", "hot_top_left", "hot_bottom_left", "zeros", "ones"])
  func `the engine's classes are TensorFlow's`(name: String) throws {
    let result = try Program.run("classify", "--size", "native", "--json", try picture(of: name))
    #expect(result.status == 0, "\(result.error)")
    let classes = try #require(try Output(result.output).pictures.first?.classes)
    let expected = try #require(try golden(name).activations[.predictions]).batch(0..<1)
    #expect(classes.map(\.index) == best(expected.scalars.map { Double($0) }))
  }

  @Test func `a picture is resized unless its own size is asked for`() throws {
    let path = try picture(of: "hot_center")
    let native = try Program.run("classify", "--size", "native", path)
    let resized = try Program.run("classify", path)
    #expect(native.status == 0 && resized.status == 0)
    #expect(native.output != resized.output)
    #expect(resized.output.hasPrefix("checkpoint  stand_in.ckpt (stand-in"))
    #expect(resized.output.split(separator: "\n").count == 7)
    let two = try Program.run("classify", "--top", "2", path)
    #expect(two.output.split(separator: "\n").count == 4)
  }

  @Test func `labels are shown, and nothing in them is obeyed`() throws {
    let golden = try SmallGolden(
      flaw: "parameters['labels'] = [f'class {n} \\x1b[31m' for n in range(1001)]")
    let path = try picture(of: "zeros")
    let result = try Program.run("classify", "--parameters", golden.parameters, path)
    #expect(result.status == 0, "\(result.error)")
    #expect(!result.output.contains("\u{1B}"))
    let json = try Program.run("classify", "--json", "--parameters", golden.parameters, path)
    let best = try #require(try Output(json.output).pictures.first?.classes?.first)
    #expect(best.label == "class \(best.index) \u{1B}[31m")
    #expect(result.output.contains("  class \(best.index) "))
  }

  @Test func `one bad picture does not stop the others`() throws {
    let good = try picture(of: "zeros")
    let bytes = try Data(contentsOf: URL(filePath: good))
    let truncated = folder.path("truncated.png")
    try bytes.dropLast(20).write(to: URL(filePath: truncated))
    let pipe = folder.path("pipe")
    #expect(mkfifo(pipe, 0o600) == 0)
    let bad = [truncated, folder.path("missing.jpg"), folder.path(""), pipe, "Package.swift"]
    let result = try Program.run(["classify", "--json"] + bad + [good])
    #expect(result.status == 66)
    #expect(result.error.split(separator: "\n").count == bad.count)
    let items = try Output(result.output).pictures
    #expect(items.map(\.path) == bad + [good])
    #expect(items.map { $0.classes?.count } == [nil, nil, nil, nil, nil, 5])
    #expect(items.map { $0.error == nil } == [false, false, false, false, false, true])
  }

  @Test(arguments: ["", "GIF89a", "\u{FFFD}"])
  func `bad data exit with 65`(text: String) throws {
    let path = folder.path("picture.jpg")
    try Data(text.utf8).write(to: URL(filePath: path))
    let result = try Program.run("classify", path)
    #expect(result.status == 65)
    #expect(result.error == "assay: \(path): is neither JPEG nor PNG; convert it to one of them\n")
  }

  @Test func `mistakes on the command line exit with 64, unreadable parameters with 66`() throws {
    #expect(try Program.run("classify").status == 64)
    #expect(try Program.run("classify", "--top", "0", "a.png").status == 64)
    #expect(try Program.run("classify", "--size", "half", "a.png").status == 64)
    let missing = try Program.run("classify", "--parameters", "nowhere.h5", "a.png")
    #expect(missing.status == 66)
  }
}
