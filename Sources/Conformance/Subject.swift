import MobileNet
import Reference

/// An implementation of the network that is to be judged.
///
/// Whatever stands behind it (the built-in engine, a naive float32 loop, another program) is seen
/// only through its answers. All images of a call have the same size; the size may change from call
/// to call. Calls may come from several threads at once.
public protocol Subject: Sendable {
  /// Who is judged, for the record.
  var identity: SubjectIdentity { get }

  /// Whether this only shows what once was recorded, so that nothing else can be run.
  var isRecording: Bool { get }

  /// Runs the whole network.
  ///
  /// - Parameter images: `[batch, height, width, 3]`, normally in [0, 1].
  /// - Returns: Every end point that the subject can show. Missing ones are reported as not run, one of
  ///   another shape as a failure.
  func endPoints(images: Tensor<Float>) throws -> [EndPoint: Tensor<Float>]

  /// What the subject yields for a case of a golden: for a subject that computes, a run on the
  /// case's images.
  func endPoints(case name: String, images: Tensor<Float>) throws -> [EndPoint: Tensor<Float>]

  /// Runs one layer by itself.
  ///
  /// - Parameters:
  ///   - index: The layer's place in the architecture.
  ///   - input: The end point before it; for the first layer the images.
  /// - Returns: The layer's end point, or `nil` if the subject cannot run single layers. It is then
  ///   judged against its own previous end point, which isolates the layer just as well.
  func output(layer index: Int, input: Tensor<Float>) throws -> Tensor<Float>?
}

extension Subject {
  public var isRecording: Bool { false }

  public func endPoints(
    case name: String, images: Tensor<Float>
  ) throws -> [EndPoint: Tensor<Float>] {
    try endPoints(images: images)
  }
}

/// What a subject says about itself.
public struct SubjectIdentity: Hashable, Sendable, Codable {
  /// Short name, as given to `--subject`.
  public var name: String
  /// One line for people.
  public var description: String
  /// Instruction set that the subject uses, if it says so.
  public var isa: String?
  /// Threads that the subject uses, if it says so.
  public var threads: Int?
  /// What it declares of its arithmetic, if anything: it is then judged by bounds derived for that.
  public var arithmetic: [DeclaredArithmetic]?

  public init(
    name: String, description: String, isa: String? = nil, threads: Int? = nil,
    arithmetic: [DeclaredArithmetic] = []
  ) {
    self.name = name
    self.description = description
    self.isa = isa
    self.threads = threads
    self.arithmetic = arithmetic.isEmpty ? nil : arithmetic
  }

  /// Description, instruction set, threads and declared arithmetic in one line.
  public var summary: String {
    let count = threads.map { "\($0) thread\($0 == 1 ? "" : "s")" }
    return [description, isa, count, declaration].compactMap { $0 }.joined(separator: ", ")
  }

  /// `declares Winograd F(4x4, 3x3)`; `nil` if it declares nothing.
  public var declaration: String? {
    arithmetic.map { "declares " + $0.map(\.summary).joined(separator: " and ") }
  }
}

/// The reference's loops in float32: unfolded batch norm, strictly sequential sums. The plainest
/// correct engine, and so a measure for what every correct engine must be allowed.
public struct NaiveSubject: Subject {
  private let network: ReferenceNetwork<Float>

  public init(parameters: Parameters) {
    network = ReferenceNetwork(parameters: parameters)
  }

  public var identity: SubjectIdentity {
    SubjectIdentity(
      name: "naive32", description: "the reference's loops in float32", threads: 1)
  }

  public func endPoints(images: Tensor<Float>) -> [EndPoint: Tensor<Float>] {
    Dictionary(
      uniqueKeysWithValues: zip(
        network.architecture.endPoints, network.endPoints(images: images)))
  }

  public func output(layer index: Int, input: Tensor<Float>) -> Tensor<Float>? {
    network.output(layer: index, input: input)
  }
}

/// The float64 reference itself, rounded once to float32 at every end point. It must pass with room
/// to spare; if it does not, something is wrong with the suite.
public struct ReferenceSubject: Subject {
  private let network: ReferenceNetwork<Double>

  public init(parameters: Parameters) {
    network = ReferenceNetwork(parameters: parameters)
  }

  public var identity: SubjectIdentity {
    SubjectIdentity(
      name: "reference", description: "the float64 reference, rounded at every end point",
      threads: 1)
  }

  public func endPoints(images: Tensor<Float>) -> [EndPoint: Tensor<Float>] {
    let outputs = network.endPoints(images: Tensor(images)).map { Tensor<Float>($0) }
    return Dictionary(uniqueKeysWithValues: zip(network.architecture.endPoints, outputs))
  }

  public func output(layer index: Int, input: Tensor<Float>) -> Tensor<Float>? {
    Tensor(network.output(layer: index, input: Tensor(input)))
  }
}
