import MobileNet

/// Measures an engine on images of one shape.
///
/// A sample is one call with the images already in memory and the logits left where the engine
/// writes them. The images are noise: nothing in the engine depends on their values.
package final class Benchmark {
  package let engine: Engine
  /// Shape of the images, `[batch, height, width, 3]`.
  package let images: [Int]
  private let plan: Plan
  private let pixels: Tensor<Float>

  /// - Throws: ``EngineError/wrongShape(found:expected:)`` as ``Engine/makePlan(images:)`` does.
  package init(_ engine: Engine, images: [Int]) throws(EngineError) {
    plan = try engine.makePlan(images: images)
    pixels = Self.noise(images)
    self.engine = engine
    self.images = images
  }

  /// Images of a small linear congruential generator: the upper 24 bits as a fraction.
  static func noise(_ images: [Int]) -> Tensor<Float> {
    Tensor(filling: images) { target in
      var state: UInt32 = 1
      for index in 0..<images.reduce(1, *) {
        state = state &* 1_664_525 &+ 1_013_904_223
        target[index] = Float(state >> 8) * 0x1p-24
      }
    }
  }

  /// Bytes that a plan of this shape takes, packed weights included.
  package var byteCount: Int { plan.byteCount + plan.weightsByteCount }

  /// Multiply-accumulates of one call, padding included.
  package var multiplyAccumulates: Int {
    engine.architecture.multiplyAccumulates(images: images)
  }

  /// Runs `warmup` calls, then times `runs` calls one by one.
  ///
  /// - Precondition: `runs` is at least 1.
  package func latency(warmup: Int, runs: Int) -> Latency {
    pixels.withUnsafePointer { pixels in
      Latency(warmup: warmup, runs: runs) { plan.execute(images: pixels) }
    }
  }

  /// Runs `warmup` calls, then `runs` calls that look at the clock around every layer's every part.
  ///
  /// - Precondition: `runs` is at least 1.
  package func layers(warmup: Int, runs: Int) -> [LayerCost] {
    let layers = engine.architecture.layers
    let times = UnsafeMutableBufferPointer<UInt64>.allocate(
      capacity: engine.threads * layers.count)
    defer { times.deallocate() }
    var samples = [[Double]](repeating: [], count: layers.count)
    pixels.withUnsafePointer { pixels in
      for _ in 0..<warmup { plan.execute(images: pixels) }
      for _ in 0..<runs {
        times.update(repeating: 0)
        plan.execute(images: pixels, times: times)
        for index in layers.indices {
          let spent = stride(from: index, to: times.count, by: layers.count).reduce(0) {
            $0 + times[$1]
          }
          samples[index].append(Double(spent) / 1000 / Double(engine.threads))
        }
      }
    }
    return layers.indices.dropLast().map { index in
      LayerCost(
        engine.architecture, layer: index, images: images, time: Latency(samples: samples[index]))
    }
  }
}
