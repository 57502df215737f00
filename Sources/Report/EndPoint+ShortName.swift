import MobileNet

extension EndPoint {
  /// A few characters for axes: `0`, `6 dw`, `6 pw`, `pool`, `logits`, `pred`.
  var shortName: String {
    switch self {
    case .globalPool: return "pool"
    case .logits: return "logits"
    case .predictions: return "pred"
    default:
      let parts = rawValue.split(separator: "_")
      guard parts.count >= 2, parts[0] == "Conv2d" else { return rawValue.shortened(to: 6) }
      let kind = parts.count > 2 ? (parts[2] == "depthwise" ? " dw" : " pw") : ""
      return (parts[1] + kind).shortened(to: 6)
    }
  }
}
