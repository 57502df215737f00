import Golden
import HubModule
import MobileNet
import Testing

@Suite struct HubModuleTests {
  let golden: GoldenCase
  let module: HubModule

  init() throws {
    let folder = try DefaultGolden.directory()
    golden = try GoldenFile(reading: folder + "/inference.h5").readCase("hot_center")
    module = try HubModule(parameters: folder + "/parameters.h5")
  }

  @Test func `logits and features are TensorFlow's`() throws {
    let logits = try module(golden.images)
    let features = try module(golden.images, .imageFeatureVector)
    #expect(logits.shape == [1, 1001])
    #expect(features.shape == [1, 768])
    let exactLogits = try #require(golden.activations64[.logits])
    let exactFeatures = try #require(golden.activations64[.globalPool])
    // Rounded once from float64, so within half a unit in the last place of TensorFlow's float64.
    for (value, exact) in zip(logits.scalars, exactLogits.scalars) {
      #expect(abs(Double(value) - exact) <= 0.501 * Double(Float(exact).ulp))
    }
    for (value, exact) in zip(features.scalars, exactFeatures.scalars) {
      #expect(abs(Double(value) - exact) <= 0.501 * Double(Float(exact).ulp))
    }
  }

  @Test func `it expects 128 x 128 and takes other sizes`() throws {
    #expect(module.expectedImageSize.height == 128)
    #expect(module.expectedImageSize.width == 128)
    #expect(try module(Tensor(repeating: 0.5, shape: [2, 1, 3, 3])).shape == [2, 1001])
  }

  @Test(arguments: [[128, 128, 3], [1, 8, 8, 1], [1, 0, 8, 3]])
  func `a wrong shape is named`(shape: [Int]) {
    #expect(throws: HubModuleError.wrongShape(shape)) {
      try module(Tensor(repeating: 0, shape: shape))
    }
  }

  @Test func `values that are not finite are named`() {
    var images = Tensor<Float>(repeating: 0, shape: [1, 2, 2, 3])
    images[0, 1, 0, 2] = .nan
    #expect(throws: HubModuleError.notFinite(index: [0, 1, 0, 2])) { try module(images) }
  }
}
