import Foundation
import Testing

import Conformance

/// JSON laid out for people is the same JSON.
@Suite struct JSONLayoutTests {
  private func lines(_ json: String) -> String {
    String(decoding: JSONLayout(json.utf8).lines(), as: UTF8.self)
  }

  @Test func `what is short stands on a line`() {
    #expect(lines("{\"a\":[1,2],\"b\":{\"c\":null}}") == "{\"a\" : [1,2], \"b\" : {\"c\" : null}}")
    #expect(lines("[]") == "[]")
    #expect(lines("7") == "7")
  }

  @Test func `a list of numbers stands on a line however long, all else is unfolded`() {
    let numbers = (0..<200).map(String.init).joined(separator: ",")
    #expect(
      lines("{\"a\":[\(numbers)],\"b\":[{},{}]}")
        == "{\n  \"a\" : [\(numbers)],\n  \"b\" : [{}, {}]\n}")
  }

  @Test func `brackets, commas and quotation marks in texts are texts`() throws {
    let text = "}],[{\"\\:,\"\u{1}é\n" + String(repeating: "x", count: 200)
    let object: [String: Any] = [
      "a": [text, [text: text]], text: [[1, 2, [text]], [:] as [String: Any]],
    ]
    let json = try JSONSerialization.data(withJSONObject: object, options: .sortedKeys)
    let laidOut = Data(JSONLayout(json).lines())
    #expect(laidOut != json)
    let again = try JSONSerialization.jsonObject(with: laidOut)
    #expect(try JSONSerialization.data(withJSONObject: again, options: .sortedKeys) == json)
  }
}
