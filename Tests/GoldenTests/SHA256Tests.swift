import Foundation
import Golden
import TestSupport
import Testing

@Suite struct SHA256Tests {
  private func digest(_ bytes: [UInt8]) -> String {
    var hash = SHA256()
    hash.update(bytes)
    return hash.hexDigest()
  }

  /// FIPS 180-4's own examples.
  @Test func standard() {
    #expect(
      digest([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(
      digest(Array("abc".utf8))
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      digest([UInt8](repeating: 0x61, count: 1_000_000))
        == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  @Test func piecesMakeTheSame() {
    let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 * 7) }
    for size in [1, 3, 63, 64, 65, 128, 999] {
      var hash = SHA256()
      for start in stride(from: 0, to: bytes.count, by: size) {
        hash.update(bytes[start..<min(start + size, bytes.count)])
      }
      #expect(hash.hexDigest() == digest(bytes))
    }
  }

  @Test(.enabled(if: PythonTools.isAvailable, Comment(rawValue: PythonTools.hint)))
  func everyLengthAsPython() throws {
    let output = try PythonTools.run(
      """
      import hashlib
      for n in range(300): print(hashlib.sha256(bytes(i * 11 % 256 for i in range(n))).hexdigest())
      """)
    let expected = output.split(separator: "\n").map(String.init)
    #expect(expected.count == 300)
    for (count, digest) in expected.enumerated() {
      #expect(
        self.digest((0..<count).map { UInt8(truncatingIfNeeded: $0 * 11) }) == digest,
        "\(count) bytes")
    }
  }
}
