import Conformance
import Golden
import MobileNet
import Reference
import Testing

/// A result is judged by the budget of the form of evaluation that it has, which its errors betray.
@Suite struct RoundingModelTests {
  let fixture: FaultFixture

  init() throws { fixture = try FaultFixture.shared.get() }

  /// Batch norm folded into weights and bias, and one fused chain for each element.
  private struct Folded: Subject {
    let parameters: Parameters
    let startsWithBias: Bool
    let identity = SubjectIdentity(name: "folded", description: "batch norm folded")

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
      let layer = parameters.architecture.layers[index]
      guard let convolution = layer.convolution else {
        return NaiveSubject(parameters: parameters).output(layer: index, input: input)
      }
      let values = parameters.convolution(at: index)
      let x = index == 0 ? Operations.preprocess(input) : input
      let window = PaddedWindow(convolution, x)
      var output = Tensor<Float>(repeating: 0, shape: window.shape)
      for flat in 0..<output.count {
        let place = output.coordinates(of: flat)
        let c = place[3]
        let scale = values.gamma[c] / (values.movingVariance[c] + 0.001).squareRoot()
        let bias = values.beta[c] - values.movingMean[c] * scale
        var sum = startsWithBias ? bias : 0
        window.terms(of: values.weights, at: place) { x, w in sum.addProduct(x, w * scale) }
        if !startsWithBias { sum += bias }
        output[flat: flat] = min(max(sum, 0), 6)
      }
      return output
    }
  }

  @Test(arguments: [true, false])
  func `a folded engine conforms wherever its bias is, and the record says where`(
    startsWithBias: Bool
  ) async throws {
    let subject = Folded(parameters: fixture.parameters, startsWithBias: startsWithBias)
    let record = try await fixture.verify(subject, layer: "*")
    #expect(record.verdict.conforms, "\(record.verdict.line)")
    let forms = record.cases.flatMap(\.endPoints).filter { $0.name.rawValue.hasPrefix("Conv2d") }
      .compactMap(\.isolated?.form)
    // A chain of fused multiply-adds rounds no product, so where the bias is last it may pass for one
    // that is not folded.
    let first = forms.count { $0 == .biasFirst }
    #expect(startsWithBias ? 2 * first > forms.count : 4 * first < forms.count, "\(forms)")
  }

  @Test func `a mean by the rounded reciprocal errs by one sign, which is no bias`() throws {
    // 1/14 in float32 is too large by 2e-8 of itself, every element alike.
    let layer = Layer(endPoint: .globalPool, operation: .globalPool(channels: 192))
    var generator = SplitMix64(seed: 21)
    let input = Tensor<Float>(
      shape: [1, 2, 7, 192],
      scalars: (0..<2 * 7 * 192).map { _ in .random(in: 0...6, using: &generator) })
    let evaluation = ReferenceNetwork<Double>(parameters: fixture.parameters).evaluate(
      layer: try #require(fixture.parameters.architecture.layer(.globalPool)).index,
      input: Tensor(input))
    let sums = Operations.globalSum(input, accumulating: Sum<Float>.self)
    let model = RoundingModel(layer, evaluation, input: Tensor(input))
    #expect(model.forms == [.division, .reciprocal])
    func statistics(_ output: Tensor<Float>) -> (EvaluationForm, RoundingStatistics) {
      let form = model.likeliest(for: output)
      return (
        form,
        RoundingStatistics(
          output, evaluation, variance: { model.variance(form, at: $0) },
          systematic: { model.systematic(form, at: $0) }, isClamped: false)
      )
    }
    let (divided, byDivision) = statistics(sums.map { $0.value / 14 })
    let (multiplied, byReciprocal) = statistics(sums.map { $0.value * (1 / Float(14)) })
    let (_, coarse) = statistics(sums.map { $0.value * (1 / Float(14)).nextUp })
    #expect(divided == .division && byDivision.bias < 6 && byDivision.rms < 1.5)
    #expect(multiplied == .reciprocal && byReciprocal.bias < 6 && byReciprocal.rms < 1.5)
    // One unit in the last place more is a fault.
    #expect(coarse.bias > 6)
  }
}

/// The taps of a `SAME` window that lie inside.
private struct PaddedWindow {
  let convolution: Convolution
  let input: Tensor<Float>
  let shape: [Int]
  private let rows: SamePadding
  private let columns: SamePadding

  init(_ convolution: Convolution, _ input: Tensor<Float>) {
    self.convolution = convolution
    self.input = input
    rows = convolution.padding(inputSize: input.shape[1])
    columns = convolution.padding(inputSize: input.shape[2])
    shape = [
      input.shape[0], rows.outputSize, columns.outputSize, convolution.outputChannels,
    ]
  }

  func terms(of weights: Tensor<Float>, at place: [Int], _ take: (Float, Float) -> Void) {
    let isDepthwise = convolution.kind == .depthwise
    for i in 0..<convolution.kernelSize {
      for j in 0..<convolution.kernelSize {
        let v = place[1] * convolution.stride + i - rows.before
        let u = place[2] * convolution.stride + j - columns.before
        guard 0..<input.shape[1] ~= v, 0..<input.shape[2] ~= u else { continue }
        for c in isDepthwise ? place[3]..<place[3] + 1 : 0..<convolution.inputChannels {
          take(input[place[0], v, u, c], weights[i, j, c, isDepthwise ? 0 : place[3]])
        }
      }
    }
  }
}
