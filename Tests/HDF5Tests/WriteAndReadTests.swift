import HDF5
import TestSupport
import Testing

/// What this module writes, it reads.
@Suite struct WriteAndReadTests {
  let folder: TemporaryDirectory

  init() throws { folder = try TemporaryDirectory() }

  private func written(_ body: (Group) throws -> Void) throws -> Group {
    let path = folder.path("file.h5")
    let writer = try FileWriter(creating: path)
    try body(writer.root)
    try writer.commit()
    return try File(reading: path).root
  }

  private func roundTrip<S: Scalar & Equatable>(_ values: [S], _ type: ElementType) throws {
    let root = try written { root in
      try root.write("plain", values, shape: [values.count])
      try root.write("deflated", values, shape: [values.count], storage: .deflated())
      try root.write("scalar", [values[0]], shape: [])
      try root.setAttribute("one", values[0])
      try root.setAttribute("many", values)
    }
    for name in ["plain", "deflated"] {
      let dataset = try root.dataset(name)
      #expect(dataset.elementType == type)
      #expect(dataset.shape == [values.count])
      #expect(try dataset.read(S.self) == values)
    }
    #expect(try root.dataset("scalar").shape == [])
    #expect(try root.dataset("scalar").read(S.self) == [values[0]])
    #expect(try root.attribute("one").readScalar(S.self) == values[0])
    #expect(try root.attribute("many").read(S.self) == values)
    #expect(try root.attribute("many").elementType == type)
  }

  @Test func everyNumber() throws {
    try roundTrip([1.5, -.infinity, .leastNonzeroMagnitude, .pi] as [Float], .float32)
    try roundTrip([1.5, -.infinity, .leastNonzeroMagnitude, .pi] as [Double], .float64)
    try roundTrip([Int8.min, 0, .max], .integer(bits: 8, isSigned: true))
    try roundTrip([Int16.min, 0, .max], .integer(bits: 16, isSigned: true))
    try roundTrip([Int32.min, 0, .max], .integer(bits: 32, isSigned: true))
    try roundTrip([Int64.min, 0, .max], .integer(bits: 64, isSigned: true))
    try roundTrip([UInt8.max, 0], .integer(bits: 8, isSigned: false))
    try roundTrip([UInt16.max, 0], .integer(bits: 16, isSigned: false))
    try roundTrip([UInt32.max, 0], .integer(bits: 32, isSigned: false))
    try roundTrip([UInt64.max, 0], .integer(bits: 64, isSigned: false))
  }

  @Test func notANumberKeepsItsBits() throws {
    let bits: [UInt32] = [0x7fc0_0001, 0xffc0_1234, 0x8000_0000]
    let root = try written { root in
      try root.write("x", bits.map(Float.init(bitPattern:)), shape: [3], storage: .deflated())
    }
    #expect(try root.dataset("x").read(Float.self).map(\.bitPattern) == bits)
  }

  @Test func strings() throws {
    let values = ["", "plain", "Größe ≥ 3 × 3", "🦓"]
    let root = try written { root in
      try root.write("labels", values)
      try root.write("table", values, shape: [2, 2])
      try root.setAttribute("names", values)
      try root.setAttribute("name", values[2])
      try root.setAttribute("empty", "")
    }
    #expect(try root.dataset("labels").elementType == .string)
    #expect(try root.dataset("labels").readStrings() == values)
    #expect(try root.dataset("table").shape == [2, 2])
    #expect(try root.attribute("names").readStrings() == values)
    #expect(try root.attribute("name").readString() == values[2])
    #expect(try root.attribute("empty").readString() == "")
    #expect(try root.attributeNames() == ["empty", "name", "names"])
  }

  @Test func emptyArrays() throws {
    let root = try written { root in
      try root.write("none", [Float](), shape: [3, 0, 2], storage: .deflated())
      try root.write("silence", [String]())
      try root.setAttribute("nothing", [Int64]())
    }
    #expect(try root.dataset("none").shape == [3, 0, 2])
    #expect(try root.dataset("none").read(Float.self) == [])
    #expect(try root.dataset("silence").readStrings() == [])
    #expect(try root.attribute("nothing").read(Int64.self) == [])
  }

  @Test func groupsAndMembers() throws {
    let root = try written { root in
      try root.write("b/ü/deep", [Int8(1)], shape: [1])
      try root.write("b/Z", [Int8(1)], shape: [1])
      try root.write("b/a", [Int8(1)], shape: [1])
      try root.createGroup("a/empty").setAttribute("note", "x")
    }
    #expect(try root.members() == ["a", "b"])
    #expect(try root.group("b").members() == ["Z", "a", "ü"])
    #expect(try root.group("a/empty").members() == [])
    #expect(try root.group("b/ü").path == "/b/ü")
    #expect(try root.group("b").dataset("ü/deep").path == "/b/ü/deep")
    #expect(try root.contains("b/ü/deep"))
    #expect(try !root.contains("b/ü/deep/er"))
    #expect(try !root.contains("c/d"))
    #expect(try root.isGroup("b/ü"))
    #expect(try !root.isGroup("b/a"))
    #expect(try root.group("a/empty").hasAttribute("note"))
    #expect(try !root.hasAttribute("note"))
  }

  @Test(arguments: [Storage.contiguous, .deflated(chunk: [2, 3, 1]), .deflated()])
  func hyperslabs(storage: Storage) throws {
    let shape = [4, 5, 3]
    let values = (0..<60).map(Int32.init)
    let root = try written { try $0.write("x", values, shape: shape, storage: storage) }
    let dataset = try root.dataset("x")
    var expected: [Int32] = []
    for z in 1..<3 {
      for y in 2..<5 { for x in 0..<2 { expected.append(Int32(z * 15 + y * 3 + x)) } }
    }
    #expect(try dataset.read(Int32.self, in: [1..<3, 2..<5, 0..<2]) == expected)
    #expect(try dataset.read(Int32.self, in: [0..<4, 0..<5, 0..<3]) == values)
    #expect(try dataset.read(Int32.self, in: [1..<1, 0..<5, 0..<3]) == [])
  }

  @Test func chunksAreOfModestSize() throws {
    // 12 MiB of zeros, which deflate to almost nothing.
    let shape = [2, 1024, 512, 3]
    let root = try written { root in
      try root.write(
        "x", [Float](repeating: 0, count: shape.reduce(1, *)), shape: shape, storage: .deflated())
    }
    #expect(
      try root.dataset("x").read(Float.self, in: [1..<2, 9..<10, 0..<1, 0..<3]) == [0, 0, 0])
    #expect(try fileBytes(root).count < 50_000)
  }

  @Test func equalContentsMakeEqualFiles() throws {
    func make() throws -> [UInt8] {
      try fileBytes(
        written { root in
          try root.write("a/x", [Float(1), 2], shape: [2], storage: .deflated())
          try root.setAttribute("name", "value")
        })
    }
    #expect(try make() == make())
  }

  @Test func anUncommittedFileLeavesNothing() throws {
    let path = folder.path("file.h5")
    do {
      let writer = try FileWriter(creating: path)
      try writer.root.write("x", [Float(1)], shape: [1])
      #expect(try folder.contents().count == 1)
    }
    #expect(try folder.contents() == [])
  }

  @Test func theOldFileStaysUntilTheCommit() throws {
    let path = folder.path("file.h5")
    for value in [1, 2] as [Int64] {
      let writer = try FileWriter(creating: path)
      try writer.root.setAttribute("value", value)
      if value == 2 {
        #expect(try File(reading: path).root.attribute("value").readScalar(Int64.self) == 1)
      }
      try writer.commit()
      #expect(throws: HDF5Error.self) { try writer.commit() }
    }
    #expect(try File(reading: path).root.attribute("value").readScalar(Int64.self) == 2)
    #expect(try folder.contents() == ["file.h5"])
  }

  @Test func aCommittedFileIsWholeWhateverIsStillHeld() throws {
    let path = folder.path("file.h5")
    let writer = try FileWriter(creating: path)
    let group = try writer.root.createGroup("held")
    try group.write("x", [Float(1)], shape: [1])
    let dataset = try group.dataset("x")
    try writer.commit()
    #expect(try File(reading: path).root.dataset("held/x").read(Float.self) == [1])
    #expect(throws: HDF5Error.self) { try group.write("y", [Float(1)], shape: [1]) }
    #expect(throws: HDF5Error.self) { try dataset.read(Float.self) }
  }

  private func fileBytes(_ group: Group) throws -> [UInt8] {
    try FileBytes.read(folder.path("file.h5"))
  }
}
