/// Rectangles in the colours of their shares of a limit, one path for each colour: a picture of hundreds
/// of cells is a handful of elements.
struct ShadedCells {
  let paths: [Path]
  /// All that is beyond the limit once more, to be hatched.
  let beyond: String?

  /// All cells of one colour.
  struct Path {
    let style: String
    let shape: String
    /// What the colour means, for a tooltip.
    let words: String
  }

  /// A rectangle in pixels.
  struct Cell {
    let x: Int
    let y: Int
    let width: Int
    let height: Int
    let share: Double
  }

  init(_ cells: [Cell]) {
    var runs: [String: [Cell]] = [:]
    for cell in cells {
      let style = Shade.style(cell.share)
      // Neighbours of one colour in one row are one rectangle.
      if let last = runs[style]?.last, last.y == cell.y, last.x + last.width == cell.x {
        runs[style]?.removeLast()
        runs[style]?.append(
          Cell(
            x: last.x, y: last.y, width: last.width + cell.width, height: last.height,
            share: cell.share))
      } else {
        runs[style, default: []].append(cell)
      }
    }
    paths = Shade.legend.compactMap { entry in
      runs[entry.style].map {
        Path(
          style: entry.style, shape: Self.shape($0), words: "\(entry.label) of the limit")
      }
    }
    let over = cells.filter { Shade.isBeyond($0.share) }
    beyond = over.isEmpty ? nil : Self.shape(over)
  }

  /// All rectangles as one path.
  static func shape(_ cells: [Cell]) -> String {
    cells.map { "M\($0.x) \($0.y)h\($0.width)v\($0.height)h-\($0.width)z" }.joined()
  }

  static let template = """
    {{#paths}}<path class="{{style}}" d="{{shape}}"><title>{{words}}</title></path>{{/paths}}{{#.beyond}}<path class="over" d="{{.}}"/>{{/.beyond}}
    """
}
