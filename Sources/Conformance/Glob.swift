/// A pattern for names, as shells have it: `*` for any characters, `?` for one. Several patterns,
/// separated by commas, match what any of them matches.
public struct Glob: Hashable, Sendable, CustomStringConvertible {
  public let description: String
  private let patterns: [[Character]]

  public init(_ pattern: String) {
    description = pattern
    patterns = pattern.split(separator: ",").map(Array.init)
  }

  /// Whether the whole of `name` fits one of the patterns.
  public func matches(_ name: String) -> Bool {
    patterns.contains { Self.matches($0[...], Array(name)[...]) }
  }

  private static func matches(_ pattern: ArraySlice<Character>, _ name: ArraySlice<Character>)
    -> Bool
  {
    guard let head = pattern.first else { return name.isEmpty }
    if head == "*" {
      return matches(pattern.dropFirst(), name)
        || (!name.isEmpty && matches(pattern, name.dropFirst()))
    }
    guard let first = name.first, head == "?" || head == first else { return false }
    return matches(pattern.dropFirst(), name.dropFirst())
  }
}
