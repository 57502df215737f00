import Conformance

/// In which channels the errors of one comparison are.
struct ChannelStripView {
  let title: String
  let about: String
  let words: String
  let width = Layout.left + Layout.extent + 20
  let left = Layout.left
  let extent = Layout.extent
  let middle = Layout.left + Layout.extent / 2
  let right = Layout.left + Layout.extent
  let cells: ShadedCells
  let channels: Int
  let half: Int
  /// The strip of the worst element's channel; `nil` if nothing errs.
  let frame: Frame?

  struct Frame {
    let x: Int
    let width: Int
  }

  private enum Layout {
    static let left = 12
    static let extent = 384
  }

  /// - Returns: `nil` if the record does not have it.
  init?(_ detail: ErrorDetail, depth: Int, scale: RatioScale) {
    guard
      let strips = Partition(
        recorded: depth, cells: detail.channels.count, limit: ErrorDetail.channelLimit)
    else { return nil }
    let edge = { (channel: Int) in Layout.left + channel * Layout.extent / depth }
    let place = { (strip: Int) -> Frame in
      let range = strips.positions(in: strip)
      let x = edge(range.lowerBound)
      return Frame(x: x, width: edge(range.upperBound) - x)
    }
    title = "In which channels: \(scale.label)"
    channels = depth
    half = depth / 2
    cells = ShadedCells(
      detail.channels.enumerated().map { strip, ratio in
        let place = place(strip)
        return ShadedCells.Cell(
          x: place.x, y: 0, width: place.width, height: 28, share: scale.share(ratio))
      })
    let worst = detail.worst.first?.index.last.flatMap { 0..<depth ~= $0 ? $0 : nil }
    frame = worst.map { place(strips.cell(of: $0)) }
    let each =
      strips.count == depth
      ? "Worst per channel" : "Worst per strip of \(Self.size(strips)) channels"
    about =
      "\(each); largest \(Wording.figure(detail.channels.max { $0.rank < $1.rank }))"
      + (worst.map { " in channel \($0) (framed)" } ?? "")
    words = "\(scale.label) by channel, \(depth) channels. \(about)."
  }

  private static func size(_ strips: Partition) -> String {
    let size = strips.extent / strips.count
    return strips.extent % strips.count == 0 ? "\(size)" : "\(size)–\(size + 1)"
  }
}

extension ChannelStripView {
  static let template = """
    <figure class="plot">
    <figcaption>{{title}}</figcaption>
    <svg class="strip" viewBox="0 0 {{width}} 44" style="width:{{width}}px" role="img" aria-label="{{words}}">
    {{#cells}}{{> shadedCells}}{{/cells}}
    <path class="frame" d="M{{left}} 0h{{extent}}v28h-{{extent}}z"/>
    <text class="mid" x="{{left}}" y="41">0</text><text class="mid" x="{{middle}}" y="41">{{half}}</text><text class="mid" x="{{right}}" y="41">{{channels}}</text>
    {{#frame}}<rect class="worst-cell" x="{{x}}" y="0" width="{{width}}" height="28"/>{{/frame}}
    </svg>
    <p class="note">{{about}}</p>
    </figure>
    """
}
