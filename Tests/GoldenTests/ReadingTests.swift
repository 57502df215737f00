import Foundation
import Golden
import HDF5
import MobileNet
import TestSupport
import Testing

/// A golden file that is as it must be is read as it is.
@Suite struct ReadingTests {
  let folder: TemporaryDirectory

  init() throws { folder = try TemporaryDirectory() }

  @Test func inference() throws {
    let draft = Fixture.inferenceDraft()
    let path = folder.path("inference.h5")
    try draft.write(to: path)
    let golden = try GoldenFile(reading: path)
    try golden.validate()
    #expect(golden.kind == .inference)
    #expect(golden.path == path)
    #expect(golden.architecture == Fixture.architecture)
    #expect(golden.caseNames == ["one", "pair"])

    let one = try golden.readCase("one")
    #expect(one.name == "one" && one.description == "about one" && one.source == "made up")
    #expect(one.images == Fixture.tensor([1, 5, 4, 3], "one"))
    #expect(Set(one.activations.keys) == Set(Fixture.architecture.endPoints))
    #expect(Set(one.activations64.keys) == Set(Fixture.architecture.endPoints))
    for (endPoint, shape) in zip(
      Fixture.architecture.endPoints, Fixture.architecture.shapes(images: [1, 5, 4, 3]))
    {
      let expected = Fixture.tensor(shape, "one\(endPoint)")
      #expect(one.activations[endPoint] == expected)
      #expect(one.activations64[endPoint] == Tensor<Double>(expected))
    }
    #expect(try golden.readCase("pair").activations64.isEmpty)
    let summary = try golden.summary(ofCase: "pair")
    #expect(summary.imagesShape == [2, 3, 6, 3])
    #expect(summary.endPoints == Fixture.architecture.endPoints)
    #expect(summary.endPoints64 == [])
  }

  @Test func provenance() throws {
    let path = folder.path("inference.h5")
    try Fixture.inferenceDraft().write(to: path)
    let provenance = try GoldenFile(reading: path).provenance
    #expect(provenance.depthMultiplier == Fixture.depthMultiplier)
    #expect(provenance.numClasses == 4)
    #expect(provenance.imageSize == ImageSize(height: 16, width: 12))
    #expect(provenance.parametersSHA256 == Fixture.parameters.sha256)
    #expect(
      provenance.checkpoint
        == Checkpoint(
          name: "tiny.ckpt", description: "made up for a test", sha256: Fixture.zeros))
    #expect(
      provenance.oracle
        == Oracle(
          name: "nobody 1.0", sha256: Fixture.zeros, tensorflow: "2.21.0", onednn: "off", seed: 7,
          hostISA: "x86_64 avx2"))
    #expect(provenance.subject == nil)
    let json = try JSONEncoder().encode(provenance)
    #expect(try JSONDecoder().decode(Provenance.self, from: json) == provenance)
  }

  @Test func parameters() throws {
    try Fixture.parametersDraft().write(to: folder.path("parameters.h5"))
    try Fixture.inferenceDraft().write(to: folder.path("inference.h5"))
    let file = try GoldenFile(reading: folder.path("inference.h5")).readParameters()
    #expect(file.path == folder.path("parameters.h5"))
    #expect(file.parameters.tensors == Fixture.parameters.tensors)
    #expect(file.labels == ["background", "tench", "Größe", ""])
    let golden = try GoldenFile(reading: folder.path("parameters.h5"))
    #expect(golden.kind == .parameters && golden.caseNames.isEmpty)
    try golden.validate()
  }

  @Test func parametersWithoutLabels() throws {
    var draft = Fixture.parametersDraft()
    draft.remove("labels")
    try draft.write(to: folder.path("bare.h5"))
    #expect(try ParametersFile(reading: folder.path("bare.h5")).labels == nil)
  }

  @Test func sweep() throws {
    let path = folder.path("sweep.h5")
    try Fixture.sweepDraft().write(to: path)
    let golden = try GoldenFile(reading: path)
    try golden.validate()
    #expect(golden.caseNames == ["3x2", "4x4"])
    let small = try golden.readCase("3x2")
    let base = Fixture.tensor([8, 9, 3], "base").reshaped([1, 8, 9, 3])
    #expect(small.images.shape == [2, 3, 2, 3])
    for (n, top, left) in [(0, 0, 0), (1, 5, 7)] {
      for y in 0..<3 {
        for x in 0..<2 {
          for c in 0..<3 { #expect(small.images[n, y, x, c] == base[0, top + y, left + x, c]) }
        }
      }
    }
    #expect(Set(small.activations.keys) == [.globalPool, .logits])
    let channels = Fixture.architecture.featureChannels
    #expect(small.activations[.globalPool]?.shape == [2, 1, 1, channels])
    #expect(
      small.activations[.globalPool]
        == Fixture.tensor([2, 1, 1, channels], "cases/3x2global_pool"))
    #expect(small.activations[.logits] == Fixture.tensor([2, 4], "cases/3x2Logits"))
    #expect(try golden.readCase("4x4").activations.count == 30)
    #expect(try golden.summary(ofCase: "3x2").endPoints == [.globalPool, .logits])
  }

  @Test func recording() throws {
    let path = folder.path("recording.h5")
    try Fixture.inferenceDraft().write(to: folder.path("inference.h5"))
    let golden = try GoldenFile(reading: folder.path("inference.h5"))
    let subject = RecordedSubject(name: "engine", description: "4 threads", hostISA: "arm64")
    let writer = try RecordingWriter(
      creating: path, provenance: golden.provenance.recorded(by: subject))
    let one = try golden.readCase("one")
    try writer.write(one)
    var broken = Fixture.tensor([1, 4], "Logits")
    broken[flat: 2] = .nan
    try writer.write(
      GoldenCase(
        name: "partial", description: "", source: "", images: one.images,
        activations: [.logits: broken]))
    #expect(try folder.contents().filter { $0 == "recording.h5" } == [])
    try writer.commit()

    let recording = try GoldenFile(reading: path)
    try recording.validate()
    #expect(recording.kind == .recording)
    #expect(recording.provenance.subject == subject)
    #expect(recording.provenance.oracle == nil)
    #expect(recording.provenance.checkpoint == golden.provenance.checkpoint)
    #expect(recording.caseNames == ["one", "partial"])
    let copy = try recording.readCase("one")
    #expect(copy.images == one.images)
    #expect(copy.activations == one.activations)
    #expect(copy.activations64 == one.activations64)
    let partial = try recording.readCase("partial")
    #expect(partial.activations[.logits]?.scalars[2].isNaN == true)
    #expect(partial.activations.count == 1 && partial.activations64.isEmpty)
  }

  @Test func recordingsThatCannotBeWritten() throws {
    let path = folder.path("recording.h5")
    try Fixture.inferenceDraft().write(to: folder.path("inference.h5"))
    let golden = try GoldenFile(reading: folder.path("inference.h5"))
    let provenance = golden.provenance.recorded(
      by: RecordedSubject(name: "x", description: "", hostISA: ""))
    func category(_ body: () throws -> Void) -> GoldenError.Category? {
      #expect(throws: GoldenError.self) { try body() }?.category
    }
    #expect(
      category {
        _ = try RecordingWriter(creating: folder.path("no/folder.h5"), provenance: provenance)
      } == .cannotWrite)
    #expect(
      category { _ = try RecordingWriter(creating: path, provenance: golden.provenance) }
        == .badData)
    let writer = try RecordingWriter(creating: path, provenance: provenance)
    let images = Fixture.tensor([1, 2, 2, 3], "")
    func write(
      _ name: String, images: Tensor<Float>, _ activations: [EndPoint: Tensor<Float>]
    ) throws {
      try writer.write(
        GoldenCase(
          name: name, description: "", source: "", images: images, activations: activations))
    }
    let logits = [EndPoint.logits: Fixture.tensor([1, 4], "")]
    #expect(category { try write("a/b", images: images, logits) } == .badData)
    #expect(category { try write("", images: images, logits) } == .badData)
    #expect(category { try write("x", images: images, [:]) } == .badData)
    #expect(category { try write("x", images: images.reshaped([4, 3]), logits) } == .badData)
    #expect(
      category {
        try write("x", images: images, [.logits: Tensor(repeating: 0, shape: [1, 1 << 23])])
      }
        == .badData)
    #expect(
      category { try write("x", images: images, [EndPoint("x"): Fixture.tensor([4], "")]) }
        == .badData)
    try write("x", images: images, logits)
    #expect(category { try write("x", images: images, logits) } == .badData)
    try writer.commit()
    #expect(try GoldenFile(reading: path).caseNames == ["x"])
  }

  @Test(.enabled(if: PythonTools.isAvailable, Comment(rawValue: PythonTools.hint)))
  func pythonWritesTheFormat() throws {
    let variables = Fixture.architecture.variables.map { [$0.name] + $0.shape.map(String.init) }
    let path = folder.path("parameters.h5")
    try PythonTools.run(
      """
      import sys, json, hashlib, h5py, numpy as np
      random = np.random.default_rng(1)
      values = {v[0]: random.random([int(n) for n in v[1:]], np.float32) for v in json.loads(sys.argv[2])}
      message = b''
      for name in sorted(values, key=lambda n: n.encode()):
          v = values[name]
          message += name.encode() + b'\\0' + 'x'.join(map(str, v.shape)).encode() + b'\\0'
          message += v.astype('<f4').tobytes()
      with h5py.File(sys.argv[1], 'w') as f:
          for name, value in values.items():
              f.create_dataset(name, data=value, chunks=value.shape, shuffle=True, compression='gzip')
          f.create_dataset('labels', data=['a', 'b', 'ü', 'd'], dtype=h5py.string_dtype())
          f.attrs.update({
              'format': 'assay-golden', 'format_version': np.int64(1), 'kind': 'parameters',
              'architecture': 'mobilenet_v1', 'depth_multiplier': np.float64(0.0625),
              'num_classes': np.int64(4), 'image_size': np.array([128, 128]),
              'parameters_sha256': hashlib.sha256(message).hexdigest(), 'checkpoint': 'c',
              'checkpoint_description': 'd', 'checkpoint_sha256': '0' * 64, 'oracle': 'o',
              'oracle_sha256': '0' * 64, 'tensorflow': 't', 'onednn': 'off',
              'seed': np.int64(1), 'host_isa': 'x'})
      """, [path, String(decoding: try JSONEncoder().encode(variables), as: UTF8.self)])
    let file = try ParametersFile(reading: path)
    #expect(file.labels == ["a", "b", "ü", "d"])
    #expect(file.parameters.tensors.count == Fixture.architecture.variables.count)
  }
}
