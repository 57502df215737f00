import Conformance
import Foundation

/// The network as a picture: a block for each layer as high as its feature map, and below it a cell
/// for each gate.
struct NetworkView {
  let isEmpty: Bool
  let width: Int
  let height: Int
  let rows: [Row]
  let layers: [Block]
  let legend = Shade.legend

  /// A gate's name in front of its cells.
  struct Row {
    let y: Int
    let name: String
    let title: String
  }

  /// One layer.
  struct Block {
    let anchor: String
    /// What a screen reader says and a tooltip shows.
    let words: String
    /// Height of the whole picture: the link's target.
    let total: Int
    let x: Int
    let y: String
    let width: Int
    let height: String
    let middle: Int
    let style: String
    let beyond: Bool
    let size: String
    let sizeY: String
    let shortName: String
    let cells: [Cell]
  }

  /// One gate of one layer.
  struct Cell {
    let y: Int
    let textY: Int
    let style: String
    let beyond: Bool
    let text: String
    /// Width to squeeze a long text into; `nil` if it fits.
    let squeezed: Int?
  }

  init(_ layers: [LayerDigest]) {
    let gates = Gate.allCases.filter { gate in
      layers.contains { $0.gates.contains { $0.gate == gate } }
    }
    isEmpty = layers.isEmpty
    width = Layout.left + layers.count * Layout.pitch + 4
    height = Layout.rows + gates.count * Layout.rowPitch
    rows = gates.enumerated().map { index, gate in
      Row(
        y: Layout.rows + index * Layout.rowPitch + 17, name: gate.rawValue, title: gate.title)
    }
    self.layers = layers.map { Self.block($0, gates: gates) }
  }

  private enum Layout {
    static let left = 146
    static let pitch = 36
    /// That fit into a cell in any font.
    static let characters = 4
    /// Room for the picture above the line that the layers stand on.
    static let ground = 118
    static let tallest = 96.0
    /// Top of the first gate's row.
    static let rows = 142
    static let rowPitch = 28
  }

  private static func block(_ layer: LayerDigest, gates: [Gate]) -> Block {
    let share = layer.isolatedUtilisation
    let shape = layer.summary.name.isFeatureMap ? layer.shape : []
    let height = blockHeight(shape)
    let x = Layout.left + layer.index * Layout.pitch
    return Block(
      anchor: layer.anchor, words: words(layer), total: Layout.rows + gates.count * Layout.rowPitch,
      x: x,
      y: String(format: "%.1f", Double(Layout.ground) - height), width: Layout.pitch - 4,
      height: String(format: "%.1f", height), middle: x + (Layout.pitch - 4) / 2,
      style: Shade.style(share), beyond: Shade.isBeyond(share), size: size(shape),
      sizeY: String(format: "%.1f", Double(Layout.ground) - height - 4),
      shortName: layer.shortName,
      cells: gates.enumerated().map { cell($1, row: $0, layer) })
  }

  private static func cell(_ gate: Gate, row: Int, _ layer: LayerDigest) -> Cell {
    let digest = layer.gates.first { $0.gate == gate }
    let share = digest?.worst?.value
    let y = Layout.rows + row * Layout.rowPitch
    var text = Wording.share(share)
    if let digest, !digest.status.conforms, digest.status != .fail {
      text = StatusView(digest.status).sign
    }
    return Cell(
      y: y, textY: y + 17, style: Shade.style(share),
      beyond: digest.map { !$0.status.conforms } ?? false, text: text,
      squeezed: text.count > Layout.characters ? Layout.pitch - 6 : nil)
  }

  /// Logarithmic, so that one position and a hundred can both be seen.
  private static func blockHeight(_ shape: [Int]) -> Double {
    guard shape.count == 4 else { return 10 }
    let extent = Double(max(shape[1], shape[2], 1))
    return min(10 + 12.5 * log2(extent), Layout.tallest)
  }

  /// Height of the feature map, or the number of classes.
  private static func size(_ shape: [Int]) -> String {
    shape.count == 4 ? "\(shape[1])" : shape.last.map(String.init) ?? ""
  }

  private static func words(_ layer: LayerDigest) -> String {
    let gates = layer.gates.map { gate in
      "\(gate.gate.rawValue) \(gate.status.rawValue) \(Wording.share(gate.worst?.value))"
    }
    return "\(layer.name), \(Wording.shape(layer.shape)): "
      + ([layer.summary.status.rawValue] + gates).joined(separator: ", ")
  }
}

extension NetworkView {
  static let template = """
    <section id="network" aria-labelledby="network-title">
    <h2 id="network-title">{{words.network.title}}</h2>
    <p class="lead">{{words.network.about}} Colour and number are the largest share of a limit that the {{words.layer}} used, worst of all cases; blocks show the {{words.layer}} by itself, rows show each gate. Hatched: beyond the limit.</p>
    {{#isEmpty}}
    <p>No {{words.endPoint}} was judged.</p>
    {{/isEmpty}}
    {{^isEmpty}}
    <div class="scroll" tabindex="0" role="group" aria-label="Picture of all {{words.layers}}">
    <svg class="network" viewBox="0 0 {{width}} {{height}}" style="min-width:{{width}}px" role="group" aria-labelledby="network-title">
    <desc>One block for each {{words.layer}} with one cell for each gate below it. Each leads to the {{words.layer}}'s section.</desc>
    <defs><pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line class="hatch" x1="0" y1="0" x2="0" y2="5"/></pattern></defs>
    <text class="row" x="0" y="114">feature map height</text>
    {{#rows}}
    <text class="row" x="0" y="{{y}}"><tspan class="strong">{{name}}</tspan> {{title}}</text>
    {{/rows}}
    {{#layers}}
    <a href="#{{anchor}}" aria-label="{{words}}"><title>{{words}}</title>
    <rect class="hit" x="{{x}}" y="0" width="{{width}}" height="{{total}}"/>
    <rect class="{{style}}" x="{{x}}" y="{{y}}" width="{{width}}" height="{{height}}"/>{{#beyond}}<rect class="over" x="{{x}}" y="{{y}}" width="{{width}}" height="{{height}}"/>{{/beyond}}
    <text class="small" x="{{middle}}" y="{{sizeY}}">{{size}}</text><text class="name" x="{{middle}}" y="132">{{shortName}}</text>
    {{#cells}}
    <rect class="{{style}}" x="{{x}}" y="{{y}}" width="{{width}}" height="24"/>{{#beyond}}<rect class="over" x="{{x}}" y="{{y}}" width="{{width}}" height="24"/>{{/beyond}}<text class="cell t-{{style}}{{#beyond}} strong{{/beyond}}" x="{{middle}}" y="{{textY}}"{{#.squeezed}} textLength="{{.}}" lengthAdjust="spacingAndGlyphs"{{/.squeezed}}>{{text}}</text>
    {{/cells}}
    </a>
    {{/layers}}
    </svg>
    </div>
    {{> legend}}
    {{/isEmpty}}
    </section>
    """
}
