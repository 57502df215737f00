import Conformance

/// How long an engine takes, in units of what its processor can do at best, measured in the same run.
///
/// Microseconds say more of the machine than of the engine: clocks vary, neighbours interfere. The
/// time at the peak rate of multiply-adds varies with the clock just as the engine's does, so that
/// their ratio holds still. It still depends on the processor's caches and ports, so it is compared on
/// the same kind of processor only.
public struct BaselineLatency: Hashable, Sendable, Codable {
  /// The processor's name, as its maker gives it.
  public var processor: String
  /// Instruction set and threads of the engine.
  public var isa: String?
  public var threads: Int?
  public var figures: [Figure]

  /// One shape of images.
  public struct Figure: Hashable, Sendable, Codable {
    /// `[batch, height, width, 3]`.
    public var images: [Int]
    /// Fastest call / time that its multiply-adds take at the peak rate, 1 or more in theory: the
    /// smallest, the median and the largest of several rounds.
    public var least: Double
    public var median: Double
    public var most: Double

    /// - Parameter rounds: The ratio in every round; at least one.
    public init?(images: [Int], rounds: [Double]) {
      let sorted = rounds.sorted()
      guard let least = sorted.first, let most = sorted.last else { return nil }
      self.images = images
      self.least = least
      self.most = most
      median = sorted[sorted.count / 2]
    }

    /// `128 × 128, batch 1`
    var name: String {
      guard images.count == 4 else { return Wording.shape(images) }
      return "\(images[1]) × \(images[2]), batch \(images[0])"
    }
  }

  public init(processor: String, isa: String?, threads: Int?, figures: [Figure]) {
    self.processor = processor
    self.isa = isa
    self.threads = threads
    self.figures = figures
  }
}

/// The latency of two runs side by side, if it can be compared.
public struct LatencyComparison: Hashable, Sendable {
  /// Why there is nothing to compare; `nil` if there is.
  public let obstacle: String?
  public let changes: [Change]

  /// One shape then and now.
  public struct Change: Hashable, Sendable {
    public var old: BaselineLatency.Figure
    /// `nil` if this shape was not measured again.
    public var new: BaselineLatency.Figure?
    /// Whether the engine got slower by more than the noise. Not measured any more counts, too.
    public var isRegression: Bool

    /// New median / old median.
    public var factor: Double? { new.map { $0.median / old.median } }
  }

  /// Slower is what is slower beyond doubt: the fastest round now takes more than `factor` times the
  /// slowest round then.
  ///
  /// - Parameter factor: At least 1.
  public init(_ new: BaselineLatency, with old: BaselineLatency, factor: Double) {
    obstacle = Self.obstacle(new, old)
    guard obstacle == nil else {
      changes = []
      return
    }
    changes = old.figures.map { figure in
      let now = new.figures.first { $0.images == figure.images }
      // What is not a number is slower than anything.
      let isSlower = now.map { !($0.least <= factor * figure.most) } ?? true
      return Change(old: figure, new: now, isRegression: isSlower)
    }
  }

  public var regressions: [Change] { changes.filter(\.isRegression) }

  private static func obstacle(_ new: BaselineLatency, _ old: BaselineLatency) -> String? {
    func differ(_ what: String, _ old: String, _ new: String) -> String? {
      old == new
        ? nil
        : "\(what) \(old.oneLine.shortened(to: 100)), here \(new.oneLine.shortened(to: 100))"
    }
    return differ("measured on", old.processor, new.processor)
      ?? differ("measured with", old.isa ?? "no isa", new.isa ?? "no isa")
      ?? differ("measured on threads:", describe(old.threads), describe(new.threads))
  }

  private static func describe(_ threads: Int?) -> String { threads.map(String.init) ?? "unknown" }
}

extension LatencyComparison.Change {
  /// `1.52-1.58 -> 1.49-1.60 times the time at peak (0.99x)`
  var figures: String {
    func range(_ figure: BaselineLatency.Figure) -> String {
      "\(Wording.figure(figure.least))-\(Wording.figure(figure.most))"
    }
    guard let new, let factor else { return "\(range(old)) -> not measured any more" }
    return "\(range(old)) -> \(range(new)) times the time at peak (\(Wording.figure(factor))x)"
  }
}
