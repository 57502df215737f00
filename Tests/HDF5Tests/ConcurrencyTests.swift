import HDF5
import TestSupport
import Testing

/// libhdf5 is not thread-safe; this module is.
@Suite struct ConcurrencyTests {
  @Test func manyTasksReadAndWrite() async throws {
    let folder = try TemporaryDirectory()
    let shared = folder.path("shared.h5")
    let values = (0..<4096).map(Float.init)
    let writer = try FileWriter(creating: shared)
    try writer.root.write("x", values, shape: [64, 64], storage: .deflated(chunk: [16, 16]))
    try writer.commit()
    let open = try File(reading: shared)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for task in 0..<32 {
        group.addTask {
          for round in 0..<10 {
            #expect(try open.root.dataset("x").read(Float.self) == values)
            #expect(try File(reading: shared).root.dataset("x").read(Float.self) == values)
            let error = #expect(throws: HDF5Error.self) {
              try open.root.dataset("missing \(task)")
            }
            #expect(error?.object == "/missing \(task)")
            let writer = try FileWriter(creating: folder.path("\(task)-\(round).h5"))
            try writer.root.write("y", [Int64(task), Int64(round)], shape: [2])
            try writer.commit()
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(try folder.contents().count == 321)
    let one = try File(reading: folder.path("31-9.h5")).root
    #expect(try one.dataset("y").read(Int64.self) == [31, 9])
  }

  @Test func manyWritersOfOneFile() async throws {
    let folder = try TemporaryDirectory()
    let path = folder.path("one.h5")
    try await withThrowingTaskGroup(of: Void.self) { group in
      for task in 0..<16 {
        group.addTask {
          let writer = try FileWriter(creating: path)
          try writer.root.setAttribute("task", Int64(task))
          try writer.commit()
        }
      }
      try await group.waitForAll()
    }
    let task = try File(reading: path).root.attribute("task").readScalar(Int64.self)
    #expect((0..<16).contains(task))
    #expect(try folder.contents() == ["one.h5"])
  }
}
