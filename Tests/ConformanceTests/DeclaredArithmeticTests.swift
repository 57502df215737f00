import Conformance
import MobileNet
import Reference
import Testing

/// Evaluations that are right by the formula and outside the admitted class: they fail, unless they are
/// declared, and then are judged by bounds of their own.
@Suite struct DeclaredArithmeticTests {
  let fixture: FaultFixture

  init() throws { fixture = try FaultFixture.shared.get() }

  @Test(arguments: DeclaredArithmetic.allCases)
  func `an evaluation outside the class conforms only if it is declared`(
    arithmetic: DeclaredArithmetic
  ) async throws {
    let silent = Unusual(base: fixture.naive, parameters: fixture.parameters, has: arithmetic)
    let alarmed = try await fixture.verify(silent, layer: "Conv2d_0,Conv2d_1_*")
    // F(2x2, 3x3) errs by 0.2 to 1.6 bounds, the more the larger its numbers: not always enough to be seen.
    if arithmetic != .winogradF2x3 { #expect(!alarmed.verdict.conforms, "\(arithmetic)") }
    #expect(alarmed.verdict.diagnosis == nil, "a correct layer has no known fault")

    var open = silent
    open.identity.arithmetic = [arithmetic]
    let record = try await fixture.verify(open, layer: "*")
    #expect(record.verdict.conforms, "\(record.verdict.line)")
    #expect(record.verdict.line.contains("declares \(arithmetic.summary)"))
    #expect(record.subject.arithmetic == [arithmetic])
  }

  @Test(arguments: [DeclaredArithmetic.winogradF2x3, .winogradF4x3])
  func `a wrong transform fails although Winograd is declared`(
    arithmetic: DeclaredArithmetic
  ) async throws {
    var subject = Unusual(base: fixture.naive, parameters: fixture.parameters, has: arithmetic)
    subject.identity.arithmetic = [arithmetic]
    subject.excess = 1e-4
    let record = try await fixture.verify(subject, layer: "Conv2d_1_depthwise")
    #expect(record.verdict.firstDivergence?.endPoint == EndPoint("Conv2d_1_depthwise"))
  }

  @Test func `a declaration for some layers does not loosen the others`() async throws {
    let faulty = try fixture.subject("weights-bf16@Conv2d_2_pointwise")
    let record = try await fixture.verify(
      Declaring(base: faulty), layer: "Conv2d_2_pointwise")
    #expect(record.verdict.firstDivergence?.gate == .isolatedBound)
  }

  /// Declares what it does not need.
  private struct Declaring: Subject {
    let base: any Subject
    let identity = SubjectIdentity(
      name: "declaring", description: "declares everything",
      arithmetic: DeclaredArithmetic.allCases)

    func endPoints(images: Tensor<Float>) throws -> [EndPoint: Tensor<Float>] {
      try base.endPoints(images: images)
    }

    func output(layer index: Int, input: Tensor<Float>) throws -> Tensor<Float>? {
      try base.output(layer: index, input: input)
    }
  }
}

/// The plain loops, with one kind of layer in an unusual arithmetic.
private struct Unusual: Subject {
  let base: NaiveSubject
  let parameters: Parameters
  let has: DeclaredArithmetic
  var identity = SubjectIdentity(name: "unusual", description: "an unusual arithmetic")
  /// A relative error in one coefficient of the transform.
  var excess: Float = 0

  init(base: NaiveSubject, parameters: Parameters, has arithmetic: DeclaredArithmetic) {
    self.base = base
    self.parameters = parameters
    has = arithmetic
  }

  func endPoints(images: Tensor<Float>) throws -> [EndPoint: Tensor<Float>] {
    var current = images
    var result: [EndPoint: Tensor<Float>] = [:]
    for (index, layer) in parameters.architecture.layers.enumerated() {
      current = try #require(try output(layer: index, input: current))
      result[layer.endPoint] = current
    }
    return result
  }

  func output(layer index: Int, input: Tensor<Float>) throws -> Tensor<Float>? {
    guard let convolution = parameters.architecture.layers[index].convolution else {
      return base.output(layer: index, input: input)
    }
    let values = parameters.convolution(at: index)
    switch (has, convolution.kind) {
    case (.foldedInputScaling, .standard):
      return Self.foldedInputScaling(convolution, values, input)
    case (.winogradF2x3, .depthwise) where convolution.stride == 1:
      return Self.winograd(Self.f2x3, values, input, excess)
    case (.winogradF4x3, .depthwise) where convolution.stride == 1:
      return Self.winograd(Self.f4x3, values, input, excess)
    default:
      return base.output(layer: index, input: input)
    }
  }

  private static func activated(
    _ z: Float, _ values: ConvolutionParameters, _ c: Int
  ) -> Float {
    let scale = values.gamma[c] / (values.movingVariance[c] + 0.001).squareRoot()
    return min(max((z - values.movingMean[c]) * scale + values.beta[c], 0), 6)
  }

  /// Σ 2w x - Σ w over images padded with 1/2, batch norm folded.
  private static func foldedInputScaling(
    _ convolution: Convolution, _ values: ConvolutionParameters, _ images: Tensor<Float>
  ) -> Tensor<Float> {
    let rows = convolution.padding(inputSize: images.shape[1])
    let columns = convolution.padding(inputSize: images.shape[2])
    let depth = convolution.outputChannels
    var output = Tensor<Float>(
      repeating: 0, shape: [images.shape[0], rows.outputSize, columns.outputSize, depth])
    for flat in 0..<output.count {
      let place = output.coordinates(of: flat)
      let c = place[3]
      let scale = values.gamma[c] / (values.movingVariance[c] + 0.001).squareRoot()
      var bias = values.beta[c] - values.movingMean[c] * scale
      var sum: Float = 0
      for i in 0..<3 {
        for j in 0..<3 {
          let (v, u) = (place[1] * 2 + i - rows.before, place[2] * 2 + j - columns.before)
          let isInside = 0..<images.shape[1] ~= v && 0..<images.shape[2] ~= u
          for k in 0..<3 {
            let w = values.weights[i, j, k, c] * scale
            bias -= w
            sum += 2 * w * (isInside ? images[place[0], v, u, k] : 0.5)
          }
        }
      }
      output[flat: flat] = min(max(sum + bias, 0), 6)
    }
    return output
  }

  /// Bᵀ, G and Aᵀ of Winograd's minimal filtering.
  typealias Transform = (data: [[Float]], filter: [[Float]], inverse: [[Float]])

  static let f2x3: Transform = (
    [[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]],
    [[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]],
    [[1, 1, 1, 0], [0, 1, -1, -1]]
  )

  static let f4x3: Transform = (
    [
      [4, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0], [0, -2, -1, 2, 1, 0],
      [0, 2, -1, -2, 1, 0], [0, 4, 0, -5, 0, 1],
    ],
    [
      [1 / 4, 0, 0], [-1 / 6, -1 / 6, -1 / 6], [-1 / 6, 1 / 6, -1 / 6], [1 / 24, 1 / 12, 1 / 6],
      [1 / 24, -1 / 12, 1 / 6], [0, 0, 1],
    ],
    [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]]
  )

  private static func winograd(
    _ transform: Transform, _ values: ConvolutionParameters, _ input: Tensor<Float>,
    _ excess: Float
  ) -> Tensor<Float> {
    let (data, filter, inverse) = transform
    let tile = inverse.count
    let (height, width) = (input.shape[1], input.shape[2])
    var output = input
    for c in 0..<input.shape[3] {
      var kernel = sandwich(
        filter, (0..<3).map { i in (0..<3).map { values.weights[i, $0, c, 0] } })
      kernel[1][1] *= 1 + excess
      for n in 0..<input.shape[0] {
        for top in stride(from: 0, to: height, by: tile) {
          for left in stride(from: 0, to: width, by: tile) {
            let window = (0..<data.count).map { y in
              (0..<data.count).map { x in
                let (v, u) = (top + y - 1, left + x - 1)
                return 0..<height ~= v && 0..<width ~= u ? input[n, v, u, c] : 0
              }
            }
            let products = zip(kernel, sandwich(data, window)).map { zip($0, $1).map { $0 * $1 } }
            let z = sandwich(inverse, products)
            for y in 0..<min(tile, height - top) {
              for x in 0..<min(tile, width - left) {
                output[n, top + y, left + x, c] = activated(z[y][x], values, c)
              }
            }
          }
        }
      }
    }
    return output
  }

  /// M x Mᵀ.
  private static func sandwich(_ m: [[Float]], _ x: [[Float]]) -> [[Float]] {
    let rows = m.map { row in
      x[0].indices.map { j in row.indices.reduce(Float(0)) { $0 + row[$1] * x[$1][j] } }
    }
    return rows.map { row in
      m.map { other in other.indices.reduce(Float(0)) { $0 + other[$1] * row[$1] } }
    }
  }
}
