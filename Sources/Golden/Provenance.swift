import MobileNet

/// Where the numbers of a golden file come from: its root attributes.
public struct Provenance: Hashable, Codable, Sendable {
  /// Factor on every channel count.
  public var depthMultiplier: Double
  /// Number of logits.
  public var numClasses: Int
  /// Height and width of the images that the module expects, in pixels.
  public var imageSize: ImageSize
  /// Hash of all variables, as ``MobileNet/Parameters/sha256`` computes it.
  public var parametersSHA256: String
  /// What the variables were read from.
  public var checkpoint: Checkpoint
  /// What computed a golden; `nil` in a recording.
  public var oracle: Oracle?
  /// What computed a recording; `nil` in a golden.
  public var subject: RecordedSubject?

  public init(
    depthMultiplier: Double, numClasses: Int, imageSize: ImageSize, parametersSHA256: String,
    checkpoint: Checkpoint, oracle: Oracle? = nil, subject: RecordedSubject? = nil
  ) {
    self.depthMultiplier = depthMultiplier
    self.numClasses = numClasses
    self.imageSize = imageSize
    self.parametersSHA256 = parametersSHA256
    self.checkpoint = checkpoint
    self.oracle = oracle
    self.subject = subject
  }

  /// The same network and checkpoint, computed by another: what a recording says of itself.
  public func recorded(by subject: RecordedSubject) -> Provenance {
    var copy = self
    copy.oracle = nil
    copy.subject = subject
    return copy
  }
}

/// Height and width in pixels.
public struct ImageSize: Hashable, Codable, Sendable, CustomStringConvertible {
  public var height: Int
  public var width: Int

  public init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }

  /// `128x128`, height first.
  public var description: String { "\(height)x\(width)" }
}

/// The file that trained variables were read from.
public struct Checkpoint: Hashable, Codable, Sendable {
  public var name: String
  /// For people; it says whether this is the original or a stand-in.
  public var description: String
  /// Hash of its file or files.
  public var sha256: String

  public init(name: String, description: String, sha256: String) {
    self.name = name
    self.description = description
    self.sha256 = sha256
  }
}

/// The software and the machine that computed a golden.
public struct Oracle: Hashable, Codable, Sendable {
  /// Package and version of the network code.
  public var name: String
  /// Hash of the network code.
  public var sha256: String
  /// TensorFlow's version.
  public var tensorflow: String
  /// Whether TensorFlow used oneDNN, `on` or `off`.
  public var onednn: String
  /// What all random values of the cases were made from.
  public var seed: Int
  /// The instruction sets of the processor.
  public var hostISA: String

  public init(
    name: String, sha256: String, tensorflow: String, onednn: String, seed: Int, hostISA: String
  ) {
    self.name = name
    self.sha256 = sha256
    self.tensorflow = tensorflow
    self.onednn = onednn
    self.seed = seed
    self.hostISA = hostISA
  }
}

/// The implementation whose activations were recorded.
public struct RecordedSubject: Hashable, Codable, Sendable {
  public var name: String
  /// For people: version, settings.
  public var description: String
  /// The instruction sets of the processor.
  public var hostISA: String

  public init(name: String, description: String, hostISA: String) {
    self.name = name
    self.description = description
    self.hostISA = hostISA
  }
}
