/// A part of a Markdown text that can be cut without breaking it: its opening and closing lines stay,
/// lines between them are left out from the end.
struct MarkdownBlock {
  var opening: [String] = []
  var lines: [String]
  var closing: [String] = []

  /// Joins blocks to a text of at most `limit` bytes of UTF-8.
  ///
  /// The first blocks are served first. A block that has no room for any of its lines is left out; one
  /// that has room for some says how many are missing. Where anything is missing, the end says so.
  static func join(_ blocks: [MarkdownBlock], limit: Int) -> String {
    let note = "\n*Cut to \(limit / 1024) KiB; the report has everything.*\n"
    var room = limit - note.utf8.count
    var text = ""
    var isCut = false
    for block in blocks {
      guard let fitting = block.fitting(&room, isCut: &isCut) else { continue }
      text += fitting
    }
    return isCut ? text + note : text
  }

  /// As much of the block as there is room for.
  private func fitting(_ room: inout Int, isCut: inout Bool) -> String? {
    // What a cut block needs besides its lines: the largest that it may come to.
    let frame = Self.size(opening) + Self.size(closing) + 48
    var left = room - frame
    var shown = 0
    while shown < lines.count, lines[shown].utf8.count + 1 <= left {
      left -= lines[shown].utf8.count + 1
      shown += 1
    }
    if shown < lines.count { isCut = true }
    guard left >= 0, shown > 0 || lines.isEmpty else { return nil }
    let missing = lines.count - shown
    let remark = missing > 0 ? ["", "*\(missing) more lines left out*"] : []
    let text = (opening + lines.prefix(shown) + remark + closing).map { $0 + "\n" }.joined()
    room -= text.utf8.count
    return text
  }

  private static func size(_ lines: [String]) -> Int {
    lines.reduce(0) { $0 + $1.utf8.count + 1 }
  }
}
