import Foundation

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// A page as an XML parser that knows nothing of this package understands it.
///
/// An HTML parser mends whatever it is given; an XML parser refuses what is not well-formed, so that
/// no text of a record can have broken out of its place.
struct ParsedPage {
  struct Element {
    let name: String
    let attributes: [String: String]
    /// All text inside.
    var text = ""
  }

  /// Why the page cannot be read.
  struct Malformed: Error, CustomStringConvertible {
    let description: String
  }

  /// In order of their start tags.
  let elements: [Element]

  /// - Throws: ``Malformed`` with line and column.
  init(_ page: String) throws {
    let parser = XMLParser(data: Data(page.utf8))
    let collector = Collector()
    parser.delegate = collector
    guard parser.parse() else {
      throw Malformed(
        description: "line \(parser.lineNumber), column \(parser.columnNumber): "
          + "\(parser.parserError.map(String.init(describing:)) ?? "unknown")")
    }
    elements = collector.elements
  }

  /// All text of the page.
  var text: String { elements.first?.text ?? "" }

  func elements(named name: String) -> [Element] { elements.filter { $0.name == name } }

  func elements(where condition: (Element) -> Bool) -> [Element] { elements.filter(condition) }

  /// Text of the first element of that name.
  func text(of name: String) -> String { elements(named: name).first?.text ?? "" }

  private final class Collector: NSObject, XMLParserDelegate {
    var elements: [Element] = []
    private var open: [Int] = []

    func parser(
      _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
      qualifiedName: String?, attributes: [String: String]
    ) {
      open.append(elements.count)
      elements.append(Element(name: name, attributes: attributes))
    }

    func parser(
      _ parser: XMLParser, didEndElement name: String, namespaceURI: String?,
      qualifiedName: String?
    ) {
      open.removeLast()
    }

    func parser(_ parser: XMLParser, foundCharacters text: String) {
      for index in open { elements[index].text += text }
    }
  }
}
