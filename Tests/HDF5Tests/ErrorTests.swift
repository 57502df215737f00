import Foundation
import HDF5
import TestSupport
import Testing

/// Every failure is a typed error that says what is where; none is a crash, a leak or a print.
@Suite struct ErrorTests {
  let folder: TemporaryDirectory
  let valid: String

  init() throws {
    folder = try TemporaryDirectory()
    valid = folder.path("valid.h5")
    let writer = try FileWriter(creating: valid)
    let values = (0..<3000).map { Float($0) * 0.37 }
    try writer.root.write(
      "a/deflated", values, shape: [30, 100], storage: .deflated(chunk: [7, 40]))
    try writer.root.write("a/plain", values, shape: [100, 30])
    try writer.root.write("labels", ["one", "two"])
    try writer.root.setAttribute("name", "value")
    try writer.root.setAttribute("sizes", [1, 2] as [Int64])
    try writer.commit()
  }

  private func failure(_ body: () throws -> Void) -> HDF5Error? {
    #expect(throws: HDF5Error.self) { try body() }
  }

  private func openFailure(_ path: String) -> HDF5Error? {
    failure { _ = try File(reading: path) }
  }

  @Test func missingFile() {
    let path = folder.path("nowhere.h5")
    let error = openFailure(path)
    #expect(error?.reason == .cannotOpen("No such file or directory"))
    #expect(error?.description == "\(path): cannot be opened: No such file or directory")
  }

  @Test func directory() {
    #expect(openFailure(folder.path(""))?.reason == .cannotOpen("Is a directory"))
  }

  @Test func fileBelowAFile() {
    #expect(openFailure(valid + "/x")?.reason == .cannotOpen("Not a directory"))
  }

  @Test func device() {
    #expect(openFailure("/dev/null")?.reason == .cannotOpen("Not an ordinary file"))
  }

  @Test(.enabled(if: geteuid() != 0, "root may read everything"))
  func notPermitted() throws {
    try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: valid)
    #expect(openFailure(valid)?.reason == .cannotOpen("Permission denied"))
  }

  @Test(arguments: ["", "Just a text.\n", String(repeating: "x", count: 5000)])
  func notHDF5(text: String) throws {
    let path = folder.path("text.h5")
    try FileBytes.write(text.utf8, to: path)
    #expect(openFailure(path)?.reason == .notHDF5)
    #expect(openFailure(path)?.description == "\(path): not an HDF5 file")
  }

  @Test func truncatedAtEveryLength() throws {
    let bytes = try FileBytes.read(valid)
    let path = folder.path("cut.h5")
    let lengths = Array(0..<256) + Array(stride(from: 256, to: bytes.count, by: 97))
    for length in lengths + [bytes.count - 1] {
      try FileBytes.write(bytes[..<length], to: path)
      let reason = openFailure(path)?.reason
      #expect(reason == .notHDF5 || reason == .damaged, "at \(length)")
    }
  }

  /// In a file of numbers every byte is under a checksum or does not matter. (Variable-length strings
  /// are not: see the module's README.)
  @Test func aFlippedByteNeverChangesTheData() throws {
    let path = folder.path("numbers.h5")
    let values = (0..<3000).map { Float($0) * 0.37 }
    let writer = try FileWriter(creating: path)
    try writer.root.write("a/x", values, shape: [30, 100], storage: .deflated(chunk: [7, 40]))
    try writer.root.setAttribute("sizes", [1, 2] as [Int64])
    try writer.commit()
    let bytes = try FileBytes.read(path)
    for place in stride(from: 0, to: bytes.count, by: 3) {
      var copy = bytes
      copy[place] ^= 0xff
      try FileBytes.write(copy, to: path)
      do {
        let root = try File(reading: path).root
        for name in try root.attributeNames() {
          #expect(try root.attribute(name).read(Int64.self) == [1, 2])
        }
        for name in try root.members() {
          #expect(try root.dataset("\(name)/x").read(Float.self) == values, "at \(place)")
        }
      } catch {
        #expect(error.file == path)
        #expect(!error.description.contains("\n"))
      }
    }
  }

  @Test func damagedData() throws {
    var bytes = try FileBytes.read(valid)
    let path = folder.path("damaged.h5")
    // What zlib begins a chunk with, at the default level.
    let chunk = try #require(
      bytes.indices.dropLast().first {
        bytes[$0] == 0x78 && [0x01, 0x5e, 0x9c].contains(bytes[$0 + 1])
      })
    bytes.replaceSubrange(chunk..<chunk + 8, with: repeatElement(0xff, count: 8))
    try FileBytes.write(bytes, to: path)
    let error = failure {
      _ = try File(reading: path).root.dataset("a/deflated").read(Float.self)
    }
    #expect(error?.reason == .damaged)
    #expect(error?.object == "/a/deflated")
    #expect(error?.details.contains { $0.contains("filter") } == true)
  }

  @Test func missingObjects() throws {
    let root = try File(reading: valid).root
    let error = failure { _ = try root.dataset("a/nothing/here") }
    #expect(error?.reason == .missing)
    #expect(error?.description == "\(valid): /a/nothing: missing")
    #expect(failure { _ = try root.dataset("labels/x") }?.reason == .missing)
    let attribute = failure { _ = try root.group("a").attribute("name") }
    #expect(attribute?.description == "\(valid): /a@name: missing")
  }

  @Test func wrongKinds() throws {
    let root = try File(reading: valid).root
    #expect(
      failure { _ = try root.dataset("a") }?.description
        == "\(valid): /a: is a group, expected a dataset")
    #expect(
      failure { _ = try root.group("labels") }?.description
        == "\(valid): /labels: is a dataset, expected a group")
  }

  @Test func wrongTypes() throws {
    let root = try File(reading: valid).root
    #expect(
      failure { _ = try root.dataset("a/plain").read(Double.self) }?.description
        == "\(valid): /a/plain: type float32, expected float64")
    #expect(
      failure { _ = try root.dataset("a/plain").readStrings() }?.reason
        == .wrongType(expected: .string, found: .float32))
    #expect(
      failure { _ = try root.dataset("labels").read(Float.self) }?.reason
        == .wrongType(expected: .float32, found: .string))
    let sizes = try root.attribute("sizes")
    #expect(
      failure { _ = try sizes.read(Int32.self) }?.description
        == "\(valid): /@sizes: type int64, expected int32")
    #expect(
      failure { _ = try sizes.read(UInt64.self) }?.reason
        == .wrongType(
          expected: .integer(bits: 64, isSigned: false),
          found: .integer(bits: 64, isSigned: true)))
    #expect(
      failure { _ = try sizes.readScalar(Int64.self) }?.reason
        == .wrongShape(expected: [], found: [2]))
  }

  @Test func slabsBeyondTheData() throws {
    let dataset = try File(reading: valid).root.dataset("a/plain")
    for ranges in [[0..<1], [0..<101, 0..<30], [-1..<3, 0..<1], [0..<1, 0..<1, 0..<1]] {
      let error = failure { _ = try dataset.read(Float.self, in: ranges) }
      #expect(
        error?.reason == .wrongShape(expected: ranges.map(\.upperBound), found: [100, 30]))
    }
  }

  @Test func filesThatCannotBeMade() throws {
    let nowhere = failure { _ = try FileWriter(creating: folder.path("no/such/folder.h5")) }
    #expect(nowhere?.reason == .cannotCreate("No such file or directory"))
    let directory = failure { _ = try FileWriter(creating: folder.path("")) }
    #expect(directory?.reason == .cannotCreate("Is a directory"))
    #expect(try folder.contents() == ["valid.h5"])
  }

  @Test func writingTwice() throws {
    let writer = try FileWriter(creating: folder.path("new.h5"))
    try writer.root.write("x", [Float(1)], shape: [1])
    let error = failure { try writer.root.write("x", [Float(2)], shape: [1]) }
    #expect(error?.reason == .cannotWrite)
    #expect(error?.object == "/x")
    #expect(error?.details.isEmpty == false)
  }

  @Test func nothingStaysOpen() throws {
    func use() throws {
      let root = try File(reading: valid).root
      _ = try root.dataset("a/plain").read(Float.self, in: [0..<1, 0..<1])
      _ = try root.dataset("a/deflated").read(Float.self)
      _ = try root.dataset("labels").readStrings()
      _ = try root.attribute("name").readString()
      _ = try? root.dataset("a/plain").read(Double.self)
      _ = try? root.dataset("nothing")
      _ = try? File(reading: valid + "x")
      let writer = try FileWriter(creating: folder.path("new.h5"))
      try writer.root.write("g/x", [Float(1), 2], shape: [2], storage: .deflated())
      try writer.root.write("s", ["x"])
      try writer.root.setAttribute("a", "x")
      _ = try? writer.root.setAttribute("a", "x")
      _ = try? writer.root.write("s", ["x"])
      if Bool.random() { try writer.commit() }
    }
    let before = Library.openIDCount
    for _ in 0..<500 { try use() }
    // Other tests run at the same time and hold a few.
    #expect(Library.openIDCount < before + 250)
    #expect(try openDescriptors(in: folder.path("")) == 0)
    #expect(try folder.contents().filter { $0.hasSuffix(".partial") } == [])
  }

  @Test func nothingIsPrinted() throws {
    let capture = folder.path("stderr")
    try FileBytes.write([], to: capture)
    let saved = dup(2)
    let descriptor = open(capture, O_WRONLY | O_APPEND)
    dup2(descriptor, 2)
    close(descriptor)
    _ = try? File(reading: folder.path("text.h5"))
    let bytes = try FileBytes.read(valid)
    for length in [100, 500, bytes.count / 2] {
      try FileBytes.write(bytes[..<length], to: folder.path("cut.h5"))
      _ = try? File(reading: folder.path("cut.h5"))
    }
    let writer = try FileWriter(creating: folder.path("new.h5"))
    _ = try? writer.root.write("x", ["1"])
    _ = try? writer.root.write("x", ["1"])
    dup2(saved, 2)
    close(saved)
    let printed = String(decoding: try FileBytes.read(capture), as: UTF8.self)
    // The test library may print at the same time.
    FileHandle.standardError.write(Data(printed.utf8))
    #expect(!printed.contains("HDF5"))
  }

  /// How many of this process's file descriptors are of files in `folder`.
  private func openDescriptors(in folder: String) throws -> Int {
    var count = 0
    for descriptor in 0..<Int32(1024) {
      var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
      #if os(Linux)
        let found = readlink("/proc/self/fd/\(descriptor)", &buffer, Int(PATH_MAX)) > 0
      #else
        let found = fcntl(descriptor, F_GETPATH, &buffer) == 0
      #endif
      let path = String(
        decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      if found, path.contains(folder) { count += 1 }
    }
    return count
  }
}
