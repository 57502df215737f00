import MobileNet

extension EndPoint {
  /// A few characters for axes: `0`, `6 dw`, `6 pw`, `pool`, `logits`, `pred`; of a point of a step of
  /// training those of its layer.
  var shortName: String {
    let layer = EndPoint(String(rawValue.prefix { $0 != "/" }))
    switch layer {
    case .globalPool: return "pool"
    case .logits: return "logits"
    case .predictions: return "pred"
    default:
      let parts = layer.rawValue.split(separator: "_")
      guard parts.count >= 2, parts[0] == "Conv2d" else {
        return layer.rawValue.shortened(to: 6)
      }
      let kind = parts.count > 2 ? (parts[2] == "depthwise" ? " dw" : " pw") : ""
      return (parts[1] + kind).shortened(to: 6)
    }
  }

  /// The name in a column of text: itself, but for a point of a step of training, whose name is long.
  ///
  /// `6 dw mean`, `6 dw output`, with d for a gradient: `6 dw d gamma`, and a prime for what a step
  /// makes of a variable: `6 dw moving_mean'`.
  var columnName: String {
    let parts = rawValue.split(separator: "/").map(String.init)
    guard parts.count > 1, let last = parts.last, parts[0] != "loss" else { return rawValue }
    let variable =
      parts.count > 2
      ? parts[parts.count - 2].replacing("depthwise_weights", with: "weights") : "output"
    switch last {
    case "gradient" where parts[0] == "images": return "d images"
    case "gradient": return "\(shortName) d \(variable)"
    case "updated", "descended": return "\(shortName) \(variable)'"
    default: return "\(shortName) \(last)"
    }
  }

  /// Whether it has the extent of a feature map, as everything at inference has, and in training the
  /// end points and their gradients.
  var isFeatureMap: Bool {
    let parts = rawValue.split(separator: "/")
    return parts.count == 1 || parts.count == 2 && ["output", "gradient"].contains(parts[1])
  }
}
