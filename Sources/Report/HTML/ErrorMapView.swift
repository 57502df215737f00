import Conformance

/// Where in the image the errors of one comparison are.
struct ErrorMapView {
  let title: String
  /// What one cell stands for.
  let about: String
  let words: String
  let width: Int
  let height: Int
  let left = Layout.left
  let top = Layout.top
  let plotWidth: Int
  let plotHeight: Int
  let cells: ShadedCells
  let rows: [Tick]
  let columns: [Tick]
  /// The cell of the worst element; `nil` if nothing errs.
  let frame: Frame?

  /// A number on an axis.
  struct Tick {
    let place: Int
    let text: String
  }

  struct Frame {
    let x: Int
    let y: Int
    let width: Int
    let height: Int
  }

  private enum Layout {
    static let left = 34
    static let top = 18
    /// Of the longer side of the plot.
    static let extent = 192
  }

  /// - Parameters:
  ///   - shape: Of the tensor, `[batch, height, width, channels]`.
  /// - Returns: `nil` if the tensor has no image, or the record no map of it.
  init?(_ detail: ErrorDetail, shape: [Int], scale: RatioScale) {
    guard let map = detail.map, shape.count == 4,
      let rows = Partition(recorded: shape[1], cells: map.rows, limit: ErrorMap.limit),
      let columns = Partition(recorded: shape[2], cells: map.columns, limit: ErrorMap.limit),
      map.cells.count == map.rows * map.columns
    else { return nil }
    let grid = Grid(rows: rows, columns: columns)
    title = "Where: \(scale.label)"
    (plotWidth, plotHeight) = (grid.pixels(shape[2]), grid.pixels(shape[1]))
    (width, height) = (Layout.left + plotWidth + 12, Layout.top + plotHeight + 8)
    cells = ShadedCells(
      map.cells.indices.map { index in
        let frame = grid.frame(row: index / map.columns, column: index % map.columns)
        return ShadedCells.Cell(
          x: frame.x, y: frame.y, width: frame.width, height: frame.height,
          share: scale.share(map.cells[index]))
      })
    self.rows = grid.ticks(shape[1]).map {
      Tick(place: Layout.top + grid.pixels($0), text: "\($0)")
    }
    self.columns = grid.ticks(shape[2]).map {
      Tick(place: Layout.left + grid.pixels($0), text: "\($0)")
    }
    let worst = detail.worst.first?.index
    frame = worst.flatMap { grid.frame(of: $0) }
    let size = Self.size(map, height: shape[1], width: shape[2])
    let largest = Wording.figure(map.cells.max { $0.rank < $1.rank })
    let place = worst.flatMap { $0.count == 4 ? " at y \($0[1]), x \($0[2]) (framed)" : nil } ?? ""
    let about = "\(size); largest \(largest)\(place)"
    self.about = about
    words = "Map of \(scale.label), \(shape[1]) rows and \(shape[2]) columns of pixels. \(about)."
  }

  /// `Worst per pixel`, `Worst per area of about 4 × 4 pixels`
  private static func size(_ map: ErrorMap, height: Int, width: Int) -> String {
    if map.rows == height && map.columns == width { return "Worst per pixel" }
    let sides = [(height, map.rows), (width, map.columns)].map { extent, count in
      extent % count == 0
        ? "\(extent / count)" : "\(extent / count)–\(extent / count + 1)"
    }
    return "Worst per \(sides[0]) × \(sides[1]) pixels"
  }

  /// Turns pixels of the image into pixels of the picture.
  private struct Grid {
    let rows: Partition
    let columns: Partition

    private var zoom: Double { Double(Layout.extent) / Double(max(rows.extent, columns.extent)) }

    /// So many pixels of the image.
    func pixels(_ count: Int) -> Int { Int((Double(count) * zoom).rounded()) }

    func frame(row: Int, column: Int) -> Frame {
      let (vertical, horizontal) = (rows.positions(in: row), columns.positions(in: column))
      let (x, y) = (pixels(horizontal.lowerBound), pixels(vertical.lowerBound))
      return Frame(
        x: Layout.left + x, y: Layout.top + y, width: pixels(horizontal.upperBound) - x,
        height: pixels(vertical.upperBound) - y)
    }

    /// The cell of an element; `nil` if it is not in the image.
    func frame(of index: [Int]) -> Frame? {
      guard index.count == 4, 0..<rows.extent ~= index[1], 0..<columns.extent ~= index[2] else {
        return nil
      }
      return frame(row: rows.cell(of: index[1]), column: columns.cell(of: index[2]))
    }

    /// Both ends, and what lies between if there is room.
    func ticks(_ extent: Int) -> [Int] {
      extent >= 8 ? [0, extent / 4, extent / 2, extent * 3 / 4, extent] : [0, extent]
    }
  }
}

extension Partition {
  /// The division that a record speaks of; `nil` if it is not the one of that many positions.
  init?(recorded extent: Int, cells: Int, limit: Int) {
    guard 1...1_000_000 ~= extent else { return nil }
    self.init(extent, into: limit)
    guard count == cells else { return nil }
  }
}

extension ErrorMapView {
  static let template = """
    <figure class="plot">
    <figcaption>{{title}}</figcaption>
    <svg class="map" viewBox="0 0 {{width}} {{height}}" style="width:{{width}}px" role="img" aria-label="{{words}}">
    {{#cells}}{{> shadedCells}}{{/cells}}
    <path class="frame" d="M{{left}} {{top}}h{{plotWidth}}v{{plotHeight}}h-{{plotWidth}}z"/>
    {{#columns}}<text class="mid" x="{{place}}" y="12">{{text}}</text>{{/columns}}
    {{#rows}}<text class="end" x="{{left}}" dx="-5" y="{{place}}" dy="4">{{text}}</text>{{/rows}}
    {{#frame}}<rect class="worst-cell" x="{{x}}" y="{{y}}" width="{{width}}" height="{{height}}"/>{{/frame}}
    </svg>
    <p class="note">{{about}}</p>
    </figure>
    """
}
