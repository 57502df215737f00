import AllocationCounter
import Engine
import MobileNet
import Testing

/// The engine's doors: what they refuse, and that they do not allocate.
@Suite struct DoorTests {
  private func makeEngine(threads: Int = 1) throws -> Engine {
    try Engine(
      parameters: makeParameters(Architecture(depthMultiplier: 0.25, numClasses: 5)),
      threads: threads)
  }

  @Test(arguments: [[], [1, 8, 8], [0, 8, 8, 3], [1, 0, 8, 3], [1, 8, 8, 4], [1, 8, 8, 3, 1]])
  func refusesImages(shape: [Int]) throws {
    let engine = try makeEngine()
    let images = Tensor<Float>(repeating: 0, shape: shape)
    let error = #expect(throws: EngineError.self) { try engine.logits(images: images) }
    guard case .wrongShape(let found, _) = error else {
      Issue.record("wrong error: \(String(describing: error))")
      return
    }
    #expect(found == shape)
  }

  @Test func refusesLayerInputs() throws {
    let engine = try makeEngine()
    let input = Tensor<Float>(repeating: 0, shape: [1, 4, 4, 7])
    #expect(throws: EngineError.unknownLayer(30)) { try engine.run(layer: 30, input: input) }
    #expect(throws: EngineError.unknownLayer(-1)) { try engine.run(layer: -1, input: input) }
    for index in 0..<30 {
      #expect(throws: EngineError.self) { try engine.run(layer: index, input: input) }
    }
    let wide = Tensor<Float>(repeating: 0, shape: [1, 2, 2, 256])
    #expect(throws: EngineError.self) { try engine.run(layer: 28, input: wide) }
    #expect(throws: EngineError.unknownEndPoint(EndPoint("Conv2d_99"))) {
      try engine.endPoints([EndPoint("Conv2d_99")], images: makeImages([1, 2, 2, 3]))
    }
  }

  @Test func refusesThreads() throws {
    for threads in [0, -3] {
      #expect(throws: EngineError.threads(threads)) { try makeEngine(threads: threads) }
    }
  }

  @Test func choosesInstructionSet() throws {
    #expect(InstructionSet.supported.first == .portable)
    #expect(try InstructionSet.preferred(environment: [:]) == .best)
    #expect(try InstructionSet.preferred(environment: ["ASSAY_ISA": ""]) == .best)
    #expect(try InstructionSet.preferred(environment: ["ASSAY_ISA": "portable"]) == .portable)
    #expect(throws: EngineError.unknownInstructionSet("mmx")) {
      try InstructionSet.preferred(environment: ["ASSAY_ISA": "mmx"])
    }
    for isa in InstructionSet.allCases where !isa.isSupported {
      #expect(throws: EngineError.unsupportedInstructionSet(isa)) {
        try InstructionSet.preferred(environment: ["ASSAY_ISA": isa.rawValue])
      }
      let parameters = try makeParameters(Architecture(depthMultiplier: 0.25, numClasses: 5))
      #expect(throws: EngineError.unsupportedInstructionSet(isa)) {
        try Engine(parameters: parameters, isa: isa)
      }
    }
  }

  @Test(.enabled(if: allocations_are_counted(), "cannot count here"), arguments: [1, 2])
  func allocatesNothing(threads: Int) throws {
    let engine = try makeEngine(threads: threads)
    let images = makeImages([2, 40, 33, 3])
    let plan = try engine.makePlan(images: images.shape)
    let tap = UnsafeMutablePointer<Float>.allocate(capacity: 2 * 20 * 17 * 8)
    defer { tap.deallocate() }
    images.scalars.withUnsafeBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return }
      for target in [nil, tap] {
        plan.tap(layer: 0, target)
        plan.execute(images: start)
        let before = allocations_of_this_thread()
        for _ in 0..<10 { plan.execute(images: start) }
        #expect(allocations_of_this_thread() == before)
      }
      plan.tap(layer: 0, nil)
    }
    let before = allocations_of_this_thread()
    #expect(try engine.logits(images: images).count == 10)
    #expect(allocations_of_this_thread() > before, "the counter does not count")
  }
}
