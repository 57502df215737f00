import Golden
import HubModule
import MobileNet
import Testing

@Suite struct HubModuleTests {
  let golden: GoldenCase
  let module: HubModule

  init() throws {
    golden = try Fixture.golden()
    module = try Fixture.module()
  }

  /// Rounded once from float64, so within half a unit in the last place of TensorFlow's float64.
  private func expectRounded(_ tensor: Tensor<Float>, _ exact: Tensor<Double>?) throws {
    let exact = try #require(exact)
    #expect(tensor.count == exact.count)
    for (value, exact) in zip(tensor.scalars, exact.scalars) {
      #expect(abs(Double(value) - exact) <= 0.501 * Double(Float(exact).ulp))
    }
  }

  @Test(arguments: Signature.allCases)
  func `logits and features are TensorFlow's`(signature: Signature) throws {
    let output = try module(golden.images, signature: signature)
    let isFeatures = signature.rawValue.hasPrefix("image_feature_vector")
    #expect(output.shape == (isFeatures ? [1, 768] : [1, 1001]))
    try expectRounded(output, golden.activations64[isFeatures ? .globalPool : .logits])
  }

  @Test func `it expects 128 x 128 and takes other sizes`() throws {
    #expect(module.expectedImageSize.height == 128)
    #expect(module.expectedImageSize.width == 128)
    #expect(try module(Tensor(repeating: 0.5, shape: [2, 1, 3, 3])).shape == [2, 1001])
  }

  @Test func `all end points have TF-Slim's names`() throws {
    let endPoints = try module.endPoints(images: golden.images)
    #expect(endPoints.count == 30)
    for (name, tensor) in endPoints {
      #expect(tensor.shape == golden.activations64[name]?.shape)
      try expectRounded(tensor, golden.activations64[name])
    }
  }

  @Test func `only the end points that are asked for are yielded`() throws {
    let wanted: Set<EndPoint> = [EndPoint("Conv2d_0"), .globalPool]
    #expect(Set(try module.endPoints(wanted, images: golden.images).keys) == wanted)
    #expect(throws: HubModuleError.unknownEndPoint(EndPoint("Conv2d_14"))) {
      try module.endPoints([EndPoint("Conv2d_14")], images: golden.images)
    }
  }

  @Test func `the likeliest classes come first, equal ones by their index`() throws {
    let classes = try #require(try module.topClasses(golden.images).first)
    let probabilities = try #require(golden.activations64[.predictions]?.scalars)
    let order = probabilities.indices.sorted { probabilities[$0] > probabilities[$1] }
    #expect(classes.map(\.index) == Array(order.prefix(5)))
    #expect(classes.first?.probability == Float(probabilities[order[0]]))
    let all = try module.topClasses(golden.images, count: 5000)
    #expect(all.map(\.count) == [1001])
    #expect(abs(all[0].map(\.probability).reduce(0, +) - 1) < 1e-5)
  }

  @Test func `equal probabilities are ordered by index`() throws {
    let file = try Fixture.file.get()
    let even = HubModule(file, backend: EvenBackend(architecture: file.parameters.architecture))
    let classes = try even.topClasses(Tensor(repeating: 0, shape: [2, 1, 1, 3]), count: 3)
    #expect(classes.map { $0.map(\.index) } == [[0, 1, 2], [0, 1, 2]])
  }

  // MARK: What is refused

  @Test(arguments: [
    [128, 128, 3], [1, 8, 8, 1], [1, 0, 8, 3], [0, 8, 8, 3], [1, 1, 8, 8, 3], [],
  ])
  func `a wrong shape is named, with what is expected`(shape: [Int]) {
    let images = Tensor<Float>(repeating: 0, shape: shape)
    let error = HubModuleError.wrongShape(input: "images", found: shape)
    #expect(throws: error) { try module(images) }
    #expect(throws: error) { try module(["images": .float32(images)]) }
    #expect("\(error)".hasSuffix("expected float32 [batch, height, width, 3] in [0, 1]"))
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func `values that are not finite are named`(value: Float) {
    var images = Tensor<Float>(repeating: 0, shape: [1, 2, 2, 3])
    images[0, 1, 0, 2] = value
    #expect(throws: HubModuleError.notFinite(input: "images", index: [0, 1, 0, 2])) {
      try module(images)
    }
  }

  @Test(arguments: [-0.1, 1.1, Float.nan, .infinity])
  func `a momentum is in [0, 1]`(momentum: Float) {
    let error = #expect(throws: HubModuleError.self) {
      try module(
        golden.images, signature: .imageClassificationWithBNHParams, batchNormMomentum: momentum)
    }
    #expect(error.map { "\($0)" }?.contains("expected a number in [0, 1]") == true)
  }

  @Test func `a momentum is for the signatures that take it`() {
    #expect(throws: HubModuleError.unknownInput("batch_norm_momentum", signature: .default)) {
      try module(golden.images, batchNormMomentum: 0.9)
    }
  }

  @Test func `a backend must yield what it is asked for`() throws {
    let file = try Fixture.file.get()
    let broken = HubModule(file, backend: EvenBackend(architecture: file.parameters.architecture))
    #expect(throws: HubModuleError.notYielded(.logits)) { try broken(golden.images) }
  }
}
