import Foundation
import Testing
import TestSupport

/// `assay run` and `assay inspect`, as a user runs them.
@Suite struct RunAndInspectTests {
  @Test(.enabled(if: PythonTools.isAvailable, Comment(rawValue: PythonTools.hint)))
  func `h5py finds the recorded reference within 1e-12 of TensorFlow's float64`() throws {
    let folder = try TemporaryDirectory()
    let dump = folder.path("dump.h5")
    let result = try Program.run("run", "--subject", "reference", "--output", dump)
    #expect(result.status == 0, "\(result.error)")
    let compared = try PythonTools.run(
      """
      import sys, h5py, numpy
      count = 0
      with h5py.File(sys.argv[1]) as dump, h5py.File(sys.argv[2]) as golden:
        for name, case in golden['cases'].items():
          for end_point, exact in case.get('activations_float64', {}).items():
            exact = exact[...]
            value = dump[f'/cases/{name}/activations_float64/{end_point}'][...]
            assert value.shape == exact.shape and value.dtype == exact.dtype
            distance = numpy.linalg.norm(value - exact) / numpy.linalg.norm(exact)
            assert distance <= 1e-12, (name, end_point, distance)
            count += 1
      print(count)
      """, [dump, Repository.path("GoldenData/mobilenet_v1_075_128/inference.h5")])
    #expect(compared == "90\n")
  }

  @Test(.enabled(if: PythonTools.isAvailable, Comment(rawValue: PythonTools.hint)))
  func `the engine is recorded in float32, with its images`() throws {
    let folder = try TemporaryDirectory()
    let dump = folder.path("dump.h5")
    let result = try Program.run("run", "--cases", "pair", "--output", dump)
    #expect(result.status == 0, "\(result.error)")
    let found = try PythonTools.run(
      """
      import sys, h5py, numpy
      with h5py.File(sys.argv[1]) as dump, h5py.File(sys.argv[2]) as golden:
        case = dump['/cases/pair']
        print(list(dump['cases']), len(case['activations']), case['activations/Logits'].dtype)
        print((case['images'][...] == golden['/cases/pair/images'][...]).all())
      """, [dump, Repository.path("GoldenData/mobilenet_v1_075_128/inference.h5")])
    #expect(found == "['pair'] 30 float32\nTrue\n")
  }

  @Test func `nothing is left of a recording that fails`() throws {
    let folder = try TemporaryDirectory()
    let result = try Program.run("run", "--cases", "nobody", "--output", folder.path("dump.h5"))
    #expect(result.status == 64)
    #expect(try folder.contents().isEmpty)
  }

  @Test func `inspect says what a file holds`() throws {
    let data = "GoldenData/mobilenet_v1_075_128"
    let result = try Program.run(
      "inspect", "\(data)/parameters.h5", "\(data)/inference.h5", "\(data)/sweep.h5",
      "\(data)/training.h5")
    #expect(result.status == 0, "\(result.error)")
    #expect(result.output.contains("137, 2602745 values, all finite"))
    #expect(result.output.contains("stand-in"))
    #expect(result.output.contains("chelsea"))
    #expect(result.output.contains("250x300"))
    #expect(result.output.contains("momentum 0.997"))
    #expect(result.output.contains("5 steps"))
  }

  @Test func `inspect refuses what is no golden file`() throws {
    let result = try Program.run("inspect", "Package.swift")
    #expect(result.status == 65)
    #expect(result.error.split(separator: "\n").count == 1)
  }
}
