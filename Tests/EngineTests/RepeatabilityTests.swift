import Engine
import MobileNet
import Testing

/// The same bits for every thread count, place in the batch, and whether or not anyone looks.
@Suite struct RepeatabilityTests {
  static let sizes: [[Int]] = [
    [1, 1], [3, 2], [8, 9], [16, 16], [31, 33], [50, 21], [97, 131], [128, 128],
  ]

  @Test(arguments: InstructionSet.supported, sizes)
  func threads(isa: InstructionSet, size: [Int]) throws {
    let parameters = try makeParameters(Architecture(depthMultiplier: 0.5, numClasses: 101))
    let images = makeImages([2] + size + [3])
    let one = try Engine(parameters: parameters, isa: isa, threads: 1).endPoints(images: images)
    for threads in [2, 3, 5] {
      let engine = try Engine(parameters: parameters, isa: isa, threads: threads)
      for _ in 0..<2 {
        let several = try engine.endPoints(images: images)
        for (endPoint, tensor) in one {
          #expect(several[endPoint]?.bits == tensor.bits, "\(endPoint), \(threads) threads")
        }
      }
    }
  }

  @Test(arguments: InstructionSet.supported, sizes.dropLast())
  func batchPosition(isa: InstructionSet, size: [Int]) throws {
    let parameters = try makeParameters(Architecture(depthMultiplier: 0.25, numClasses: 101))
    let engine = try Engine(parameters: parameters, isa: isa)
    let images = makeImages([7] + size + [3])
    let together = try engine.endPoints(images: images)
    for image in [0, 1, 4, 6] {
      let alone = try engine.endPoints(images: images.batch(image..<image + 1))
      for (endPoint, tensor) in together {
        #expect(alone[endPoint]?.bits == tensor.batch(image..<image + 1).bits, "\(endPoint)")
      }
    }
  }

  @Test(arguments: InstructionSet.supported, sizes)
  func recording(isa: InstructionSet, size: [Int]) throws {
    let architecture = try Architecture(depthMultiplier: 0.25, numClasses: 101)
    let engine = try Engine(parameters: makeParameters(architecture), isa: isa, threads: 2)
    let images = makeImages([1] + size + [3])
    let alone = try engine.endPoints([.logits], images: images)
    #expect(alone.count == 1)
    let all = try engine.endPoints(images: images)
    #expect(all[.logits]?.bits == alone[.logits]?.bits)
    for endPoint in architecture.endPoints {
      let single = try engine.endPoints([endPoint], images: images)
      #expect(single[endPoint]?.bits == all[endPoint]?.bits, "\(endPoint)")
    }
    #expect(try engine.logits(images: images).bits == alone[.logits]?.bits)
  }

  /// Plans of several shapes do not disturb each other, also when old ones are dropped.
  @Test func manyShapes() throws {
    let parameters = try makeParameters(Architecture(depthMultiplier: 0.25, numClasses: 9))
    let engine = try Engine(parameters: parameters)
    var first: [[Float]] = []
    for round in 0..<2 {
      for size in 1...12 {
        let logits = try engine.logits(images: makeImages([1, size, size + 1, 3]))
        if round == 0 {
          first.append(logits.scalars)
        } else {
          #expect(first[size - 1] == logits.scalars)
        }
      }
    }
  }

  /// Calls of one engine from several threads take turns; two engines run side by side.
  @Test func concurrentCallers() async throws {
    let parameters = try makeParameters(Architecture(depthMultiplier: 0.25, numClasses: 9))
    let engines = [
      try Engine(parameters: parameters, threads: 2),
      try Engine(parameters: parameters, threads: 3),
    ]
    let images = makeImages([1, 40, 40, 3])
    let expected = try engines[0].logits(images: images).bits
    try await withThrowingTaskGroup(of: [UInt32].self) { group in
      for task in 0..<6 {
        group.addTask {
          var last: [UInt32] = []
          for _ in 0..<20 { last = try engines[task % 2].logits(images: images).bits }
          return last
        }
      }
      for try await bits in group { #expect(bits == expected) }
    }
  }
}
