import Golden
import MobileNet
import Reference
import Testing

/// The reference against the original network code, run by TensorFlow in float64.
@Suite struct TensorFlowTests {
  @Test(arguments: ["pair", "noise", "hot_center"])
  func `every end point is TensorFlow's float64 to 1e-12`(name: String) throws {
    let file = try GoldenFile(reading: DefaultGolden.directory() + "/inference.h5")
    let golden = try file.readCase(name)
    let network = ReferenceNetwork<Double>(parameters: try file.readParameters().parameters)
    let values = network.endPoints(images: Tensor(golden.images))
    for (endPoint, value) in zip(network.architecture.endPoints, values) {
      let exact = try #require(golden.activations64[endPoint])
      #expect(value.shape == exact.shape)
      #expect(relativeL2(value, exact) <= 1e-12, "\(endPoint)")
    }
  }

  @Test func `a different network is not within 1e-12`() throws {
    let file = try GoldenFile(reading: DefaultGolden.directory() + "/inference.h5")
    let golden = try file.readCase("hot_center")
    let parameters = try file.readParameters().parameters
    let name = "MobilenetV1/Conv2d_0/BatchNorm/beta"
    var beta = try #require(parameters.tensors[name])
    for channel in 0..<beta.count { beta[flat: channel] *= 1.0001 }
    let network = ReferenceNetwork<Double>(parameters: try parameters.replacing(name, with: beta))
    let value = network.output(layer: 0, input: Tensor(golden.images))
    let exact = try #require(golden.activations64[EndPoint("Conv2d_0")])
    #expect(relativeL2(value, exact) > 1e-12)
  }

}
