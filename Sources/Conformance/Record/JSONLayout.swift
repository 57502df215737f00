/// Lays out JSON for people: what fits on a line stands on one, and so does a list of plain values
/// however long; every other array and object has a line for each of its members.
///
/// `JSONEncoder` gives every single number a line of its own, which makes maps of numbers unreadable
/// and several times as large.
package struct JSONLayout {
  /// Longest array or object that stands on one line, in bytes.
  private static let width = 160

  /// JSON without white space.
  private let source: [UInt8]
  /// Every array and object, in the order of their first bytes.
  private let containers: [Container]

  private struct Container {
    let start: Int
    /// Its closing bracket.
    var end = 0
    /// Whether it is an array without arrays or objects in it.
    var isList: Bool
  }

  /// - Parameter json: Valid, without white space between its tokens.
  package init(_ json: some Sequence<UInt8>) {
    source = Array(json)
    var containers: [Container] = []
    var open: [Int] = []
    var place = 0
    while place < source.count {
      switch source[place] {
      case UInt8(ascii: "\""): place = Self.endOfString(in: source, from: place)
      case UInt8(ascii: "["), UInt8(ascii: "{"):
        if let outer = open.last { containers[outer].isList = false }
        open.append(containers.count)
        containers.append(Container(start: place, isList: source[place] == UInt8(ascii: "[")))
      case UInt8(ascii: "]"), UInt8(ascii: "}"): containers[open.removeLast()].end = place
      default: break
      }
      place += 1
    }
    self.containers = containers
  }

  /// The same JSON in lines.
  package func lines() -> [UInt8] {
    var text = Text()
    text.bytes.reserveCapacity(source.count * 3 / 2)
    var (place, container) = (0, 0)
    // The last byte of the array or object that stands on this line.
    var lineEnd = -1
    while place < source.count {
      var end = place
      switch source[place] {
      case UInt8(ascii: "\""):
        end = Self.endOfString(in: source, from: place)
        text.append(source[place...end])
      case UInt8(ascii: "["), UInt8(ascii: "{"):
        let found = containers[container]
        container += 1
        if found.isList { end = found.end }
        text.append(source[place...end])
        if place > lineEnd, found.end - place < Self.width { lineEnd = found.end }
        if place > lineEnd, !found.isList { text.indent(by: 1) }
      case UInt8(ascii: "]"), UInt8(ascii: "}"):
        if place > lineEnd { text.indent(by: -1) }
        text.append(source[place...place])
      case UInt8(ascii: ","):
        text.append(source[place...place])
        if place > lineEnd { text.indent(by: 0) } else { text.append(" ".utf8) }
      case UInt8(ascii: ":"): text.append(" : ".utf8)
      default: text.append(source[place...place])
      }
      place = end + 1
    }
    return text.bytes
  }

  private struct Text {
    var bytes: [UInt8] = []
    private var depth = 0

    mutating func append(_ more: some Sequence<UInt8>) { bytes.append(contentsOf: more) }

    /// Starts a line.
    mutating func indent(by change: Int) {
      depth += change
      bytes.append(UInt8(ascii: "\n"))
      bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * depth))
    }
  }

  /// The closing quotation mark of the string that starts at `start`.
  private static func endOfString(in source: [UInt8], from start: Int) -> Int {
    var place = start + 1
    while source[place] != UInt8(ascii: "\"") {
      place += source[place] == UInt8(ascii: "\\") ? 2 : 1
    }
    return place
  }
}
