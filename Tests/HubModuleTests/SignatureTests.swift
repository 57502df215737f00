import HubModule
import MobileNet
import Testing

/// Signatures by name, as the module's documentation lists them.
@Suite struct SignatureTests {
  let module: HubModule
  let images = Tensor<Float>(repeating: 0.25, shape: [2, 5, 7, 3])

  init() throws {
    module = try Fixture.module()
  }

  @Test func `signatures have the names of TensorFlow Hub`() {
    #expect(
      module.signatures.map(\.rawValue) == [
        "default", "image_classification", "image_feature_vector",
        "image_classification_with_bn_hparams", "image_feature_vector_with_bn_hparams",
      ])
  }

  @Test(arguments: Signature.allCases)
  func `inputs and outputs are described`(signature: Signature) throws {
    let inputs = module.inputs(of: signature)
    let takesMomentum = signature.rawValue.hasSuffix("_with_bn_hparams")
    #expect(Set(inputs.keys) == (takesMomentum ? ["images", "batch_norm_momentum"] : ["images"]))
    #expect(inputs["images"]?.description == "float32 [?, ?, ?, 3]")
    #expect(inputs["images"]?.defaultValue == nil)
    if takesMomentum {
      #expect(inputs["batch_norm_momentum"]?.description == "float32 []")
      #expect(inputs["batch_norm_momentum"]?.defaultValue == 0.99)
    }
    let isFeatures = signature.rawValue.hasPrefix("image_feature_vector")
    let outputs = module.outputs(of: signature)
    #expect(outputs.count == (isFeatures ? 29 : 31))
    #expect(outputs["default"]?.shape == [nil, isFeatures ? 768 : 1001])
    #expect(outputs["MobilenetV1/Conv2d_0"]?.shape == [nil, nil, nil, 24])
    #expect(outputs["MobilenetV1/Conv2d_13_pointwise"]?.shape == [nil, nil, nil, 768])
    #expect(outputs["MobilenetV1/global_pool"]?.shape == [nil, 1, 1, 768])
    #expect((outputs["MobilenetV1/Predictions"] == nil) == isFeatures)
  }

  @Test(arguments: Signature.allCases)
  func `a call by name yields what is described`(signature: Signature) throws {
    let outputs = try module(["images": .float32(images)], signature: signature.rawValue)
    let described = module.outputs(of: signature)
    #expect(Set(outputs.keys) == Set(described.keys))
    for (name, tensor) in outputs {
      let shape = try #require(described[name]?.shape)
      #expect(tensor.shape.count == shape.count)
      for (found, expected) in zip(tensor.shape, shape) { #expect(found == expected ?? found) }
    }
    #expect(outputs["default"] == (try module(images, signature: signature)))
    if signature == .default { #expect(outputs["MobilenetV1/Logits"] == outputs["default"]) }
  }

  @Test func `a momentum may be given by name`() throws {
    let name = "image_classification_with_bn_hparams"
    let outputs = try module(
      ["images": .float32(images), "batch_norm_momentum": 0.997], signature: name)
    #expect(outputs["default"]?.shape == [2, 1001])
    #expect(throws: HubModuleError.momentumOutOfRange(1.5)) {
      try module(["images": .float32(images), "batch_norm_momentum": 1.5], signature: name)
    }
    #expect(throws: HubModuleError.wrongType(input: "batch_norm_momentum", found: .int32)) {
      try module(["images": .float32(images), "batch_norm_momentum": 1], signature: name)
    }
    #expect(throws: HubModuleError.wrongShape(input: "batch_norm_momentum", found: [1])) {
      try module(
        [
          "images": .float32(images),
          "batch_norm_momentum": .float32(Tensor(shape: [1], scalars: [0.9])),
        ], signature: name)
    }
  }

  @Test func `what a signature does not have is refused, with what it has`() throws {
    let unknown = #expect(throws: HubModuleError.self) {
      try module(["images": .float32(images)], signature: "image_segmentation")
    }
    #expect(unknown == .unknownSignature("image_segmentation"))
    #expect("\(try #require(unknown))".hasSuffix("image_feature_vector_with_bn_hparams"))
    #expect(throws: HubModuleError.missingInput("images", signature: .default)) {
      try module([:])
    }
    #expect(throws: HubModuleError.unknownInput("image", signature: .default)) {
      try module(["image": .float32(images), "images": .float32(images)])
    }
    #expect(throws: HubModuleError.unknownInput("batch_norm_momentum", signature: .default)) {
      try module(["images": .float32(images), "batch_norm_momentum": 0.9])
    }
  }

  @Test func `images of another type are refused`() {
    let shape = [1, 2, 2, 3]
    let wrong: [InputValue] = [
      .uint8(Tensor(repeating: 255, shape: shape)), .float64(Tensor(repeating: 1, shape: shape)),
      .int32(Tensor(repeating: 255, shape: shape)),
    ]
    for value in wrong {
      let error = HubModuleError.wrongType(input: "images", found: value.type)
      #expect(throws: error) { try module(["images": value]) }
      #expect("\(error)".contains("expected float32 [batch, height, width, 3] in [0, 1]"))
    }
  }
}
