import Engine
import MobileNet

/// What a training step is fed, seeded.
struct TrainingFixture {
  let architecture: Architecture
  let parameters: Parameters
  let images: Tensor<Float>
  let labels: [Int]
  let mask: Tensor<Float>
  var settings = TrainingSettings(
    batchNormMomentum: 0.9, keepProbability: 0.8, weightDecay: 3e-3, differentiatesImages: true)

  init(multiplier: Double = 0.25, classes: Int = 11, images shape: [Int]) throws {
    architecture = try Architecture(depthMultiplier: multiplier, numClasses: classes)
    parameters = try makeParameters(architecture)
    images = makeImages(shape)
    var random = Seeded(9)
    labels = (0..<shape[0]).map { _ in .random(in: 0..<classes, using: &random) }
    let features = [shape[0], architecture.featureChannels]
    mask = Tensor(
      shape: features,
      scalars: (0..<features[0] * features[1]).map { _ in
        Float.random(in: 0...1, using: &random) < 0.8 ? 1 : 0
      })
  }

  func makeEngine(isa: InstructionSet? = nil, threads: Int = 1) throws -> TrainingEngine {
    try TrainingEngine(
      parameters: parameters, images: images.shape, isa: isa, threads: threads)
  }

  @discardableResult
  func step(_ engine: TrainingEngine) throws -> TrainingLoss {
    try engine.step(images: images, labels: labels, dropoutMask: mask, settings: settings)
  }

  /// The same step by plain loops, from `tensors` instead of the fixture's own parameters if given.
  func naive<Scalar: BinaryFloatingPoint & SIMDScalar & Sendable>(
    _: Scalar.Type, masks: [EndPoint: Tensor<Float>]?, tensors: [String: Tensor<Scalar>]? = nil,
    images: Tensor<Scalar>? = nil
  ) -> NaiveTraining<Scalar> {
    NaiveTraining(
      tensors ?? parameters.tensors.filter { !$0.key.contains("/moving_") }.mapValues(Tensor.init),
      architecture, images: images ?? Tensor(self.images), labels: labels,
      dropout: mask.map { Scalar($0) / Scalar(settings.keepProbability) },
      weightDecay: Scalar(settings.weightDecay), masks: masks)
  }
}

extension TrainingFixture {
  /// Float64 loops on variables that differ by up to half a unit in float32's last place: how much
  /// rounding alone can matter where it is amplified, as where batch norm sees two values.
  func shaken(masks: [EndPoint: Tensor<Float>]?) -> NaiveTraining<Double> {
    var random = Seeded(11)
    var tensors: [String: Tensor<Double>] = [:]
    for name in parameters.tensors.keys.sorted() where !name.contains("/moving_") {
      tensors[name] = parameters.tensors[name].map { tensor in
        Tensor(
          shape: tensor.shape,
          scalars: tensor.scalars.map {
            Double($0) * (1 + .random(in: -0x1p-24...0x1p-24, using: &random))
          })
      }
    }
    return naive(Double.self, masks: masks, tensors: tensors)
  }
}

extension TrainingEngine {
  /// The end points of all convolutions.
  func activations() throws -> [EndPoint: Tensor<Float>] {
    var result: [EndPoint: Tensor<Float>] = [:]
    for endPoint in architecture.endPoints.dropLast(3) {
      result[endPoint] = try self.endPoint(endPoint)
    }
    return result
  }

  /// Everything that a step yields, by name.
  func everything() throws -> [String: [Float]] {
    var result: [String: [Float]] = ["images": imageGradient().scalars]
    for variable in architecture.variables {
      result["value of \(variable.name)"] = try self.variable(variable.name).scalars
      if variable.isTrainable { result[variable.name] = try gradient(variable.name).scalars }
    }
    for endPoint in architecture.endPoints {
      result["\(endPoint)"] = try self.endPoint(endPoint).scalars
    }
    for endPoint in architecture.endPoints.dropLast(3) {
      result["mean of \(endPoint)"] = try batchMean(endPoint)
      result["variance of \(endPoint)"] = try batchVariance(endPoint)
    }
    return result
  }
}

/// `|a - b| / |b|` in the Euclidean norm; 0 if both are zero.
func relativeDistance<A: BinaryFloatingPoint, B: BinaryFloatingPoint>(_ a: [A], _ b: [B]) -> Double
{
  precondition(a.count == b.count)
  var difference = 0.0
  var norm = 0.0
  for (a, b) in zip(a, b) {
    difference += (Double(a) - Double(b)) * (Double(a) - Double(b))
    norm += Double(b) * Double(b)
  }
  return difference == 0 ? 0 : (difference / norm).squareRoot()
}

extension Dictionary {
  /// The value of a key that has to be there.
  subscript(required key: Key) -> Value {
    guard let value = self[key] else { preconditionFailure("\(key) is missing") }
    return value
  }
}
